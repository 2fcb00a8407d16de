package dev.baton.xnnpack;

import dev.baton.delegate.Subgraph;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Packing;
import dev.baton.graph.Quantization;
import dev.baton.graph.QuantizedOperator;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.xnnpack.ffi.XnnFeature;
import dev.baton.xnnpack.ffi.XnnFunction;
import dev.baton.xnnpack.ffi.XnnGraph;
import dev.baton.xnnpack.ffi.XnnLibrary;
import dev.baton.xnnpack.ffi.XnnNode;
import dev.baton.xnnpack.ffi.XnnNode.Range;
import dev.baton.xnnpack.ffi.XnnNode.UnaryOperator;
import dev.baton.xnnpack.ffi.XnnType;
import dev.baton.xnnpack.ffi.XnnType.Code;
import dev.baton.xnnpack.ffi.XnnValue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes a subgraph of logical dims as XNNPACK nodes. A value of rank 3 or 4 may exist plain and
 * channels last, each made when first asked for: convolutions, pools and resizes ask for channels
 * last, elementwise operators take what there is, what mixes dims asks for plain. So a chain of
 * image operators has one transpose where the image comes in.
 *
 * <p>Used by one thread, for one subgraph.
 */
final class SubgraphCompiler {
  private final XnnLibrary library;
  private final Subgraph subgraph;
  private final Arena arena;
  private final Fusions fusions;
  private final Encodings encodings;

  /** What is computed with in the place of real numbers: integers, mostly. */
  private final Map<Value, Value> standIns = new HashMap<>();

  private final Set<Value> used;

  private final List<XnnValue> values = new ArrayList<>();
  private final List<XnnNode> nodes = new ArrayList<>();

  /** What each of the nodes is defined for. */
  private final List<List<Node>> purposes = new ArrayList<>();

  private List<Node> purpose = List.of();

  /** By node, those that are computed with it. */
  private final Map<Node, List<Node>> together = new HashMap<>();

  private final Map<Value, int[]> placed = new HashMap<>();
  private final Map<Value, Layout> madeIn = new HashMap<>();
  private final Map<Value, Integer> external = new HashMap<>();
  private final List<Value> written = new ArrayList<>();
  private final Map<Float, Integer> scalars = new HashMap<>();

  /** What was quantized while it runs, by id of the real numbers and dims of a row. */
  private final Map<List<Integer>, Integer> dynamic = new HashMap<>();

  private long residentBytes;
  private long packedBytes;

  /**
   * What became of a subgraph.
   *
   * @param purposes for each node of the graph, positions of the nodes of the subgraph that it is
   *     defined for
   * @param residentBytes of the arena, for as long as the graph is in use
   * @param packedBytes of weights that XNNPACK packs, about
   */
  record Result(
      XnnGraph graph, List<List<Integer>> purposes, long residentBytes, long packedBytes) {}

  private SubgraphCompiler(XnnLibrary library, Subgraph subgraph, Arena arena) {
    this.library = library;
    this.subgraph = subgraph;
    this.arena = arena;
    Support.Setting setting = Support.Setting.of(subgraph, library);
    this.encodings = setting.encodings();
    this.fusions = Fusions.of(setting);
    this.used = used(subgraph);
    for (Node node : subgraph.nodes()) {
      QuantizedOperator quantized = fusions.quantized(node);
      if (quantized != null) {
        standIn(quantized);
      }
    }
  }

  private void standIn(QuantizedOperator quantized) {
    quantized.operands().stream()
        .filter(QuantizedOperator.Operand::isQuantized)
        .forEach(o -> standIns.put(o.value(), o.source()));
    standIns.put(quantized.operator().result(), quantized.result());
    if (quantized.clamp() != null) {
      standIns.put(quantized.clamp().result(), quantized.result());
    }
  }

  private Value actual(Value value) {
    return standIns.getOrDefault(value, value);
  }

  /** The type of a value's elements where it is computed with. */
  private XnnType type(Value value) {
    return encodings.type(actual(value));
  }

  /** True if the integers of the value are computed with. */
  boolean isInteger(Value value) {
    return type(value) instanceof XnnType.PerTensor;
  }

  /**
   * Values that an output depends on. What computes others is left out: versions of 2024 end the
   * process where they meet a chain of nodes without a use.
   */
  private static Set<Value> used(Subgraph subgraph) {
    Set<Value> used = new HashSet<>(subgraph.outputs());
    for (Node node : subgraph.nodes().reversed()) {
      if (node.results().stream().anyMatch(used::contains)) {
        used.addAll(node.inputs());
      }
    }
    return used;
  }

  /**
   * @param arena for data that XNNPACK keeps pointers to; closed after every runtime
   */
  static Result compile(XnnLibrary library, Subgraph subgraph, Arena arena) {
    return new SubgraphCompiler(library, subgraph, arena).compile();
  }

  private Result compile() {
    List<Value> bound = new ArrayList<>();
    for (Value input : subgraph.inputs()) {
      if (input.isTensor()) {
        bound.add(input);
        value(XnnValue.input(boundType(input), Shapes.longs(input.shape())));
      }
    }
    for (Value output : subgraph.outputs()) {
      external.put(output, value(XnnValue.output(boundType(output), Shapes.longs(output.shape()))));
    }
    int externalCount = values.size();
    for (int id = 0; id < bound.size(); id++) {
      place(bound.get(id), Layout.PLAIN, read(bound.get(id), id));
    }
    for (Node node : subgraph.nodes()) {
      if (!fusions.isAbsorbed(node) && node.results().stream().anyMatch(this::isUsed)) {
        purpose = fusions.computed(node);
        purpose.forEach(n -> together.put(n, purpose));
        XnnpackOperators.of(node).define(node, this);
      }
    }
    for (Value output : subgraph.outputs()) {
      if (!written.contains(output)) {
        purpose = together.getOrDefault(output.producer(), List.of());
        write(output, id(external.get(output)));
      }
    }
    return new Result(
        new XnnGraph(externalCount, values, nodes), positions(), residentBytes, packedBytes);
  }

  /** {@link #purposes} as positions in the subgraph. */
  private List<List<Integer>> positions() {
    Map<Node, Integer> positions = new HashMap<>();
    subgraph.nodes().forEach(node -> positions.put(node, positions.size()));
    return purposes.stream()
        .map(all -> all.stream().map(positions::get).filter(Objects::nonNull).sorted().toList())
        .toList();
  }

  private static int id(@Nullable Integer id) {
    if (id == null) {
      throw new IllegalStateException("a value has no id");
    }
    return id;
  }

  /** The type of a value where it is bound. */
  private XnnType boundType(Value value) {
    return value.dtype() == DType.HALF ? XnnType.Plain.HALF : type(value);
  }

  /** An input as it is computed with. */
  private int read(Value input, int from) {
    if (boundType(input).equals(type(input))) {
      return from;
    }
    int to = value(XnnValue.internal(type(input), Shapes.longs(input.shape())));
    add(new XnnNode.Unary(UnaryOperator.CONVERT, List.of(), from, to));
    return to;
  }

  /** Brings an output to where it is bound. */
  private void write(Value output, int to) {
    int plain = find(output, Layout.PLAIN);
    if (!boundType(output).equals(type(output))) {
      int from = in(output, Layout.PLAIN);
      add(new XnnNode.Unary(UnaryOperator.CONVERT, List.of(), from, to));
    } else if (plain >= 0) {
      add(new XnnNode.Copy(plain, to));
    } else {
      relayout(output, Layout.CHANNELS_LAST, Layout.PLAIN, to);
    }
    written.add(output);
  }

  XnnLibrary library() {
    return library;
  }

  void add(XnnNode node) {
    nodes.add(node);
    purposes.add(purpose);
  }

  private int value(XnnValue value) {
    values.add(value);
    return values.size() - 1;
  }

  // Values of the graph

  private int find(Value of, Layout layout) {
    Value value = actual(of);
    int[] ids = placed.get(value);
    int id = ids == null ? -1 : ids[layout.ordinal()];
    return id < 0 && ids != null && !Layout.hasChannelsLast(value.shape().rank())
        ? ids[Layout.PLAIN.ordinal()]
        : id;
  }

  private void place(Value of, Layout layout, int id) {
    Value value = actual(of);
    Layout effective = Layout.hasChannelsLast(value.shape().rank()) ? layout : Layout.PLAIN;
    placed.computeIfAbsent(value, _ -> new int[] {-1, -1})[effective.ordinal()] = id;
    madeIn.putIfAbsent(value, effective);
  }

  private boolean isConstant(Value value) {
    return actual(value).isConstant();
  }

  /** True if the value is there in the layout without a transpose. */
  boolean has(Value value, Layout layout) {
    return isConstant(value) || find(value, layout) >= 0;
  }

  /** The layout in which the value was made. */
  Layout layoutOf(Value value) {
    Layout layout = madeIn.get(actual(value));
    return layout == null ? Layout.PLAIN : layout;
  }

  /** The value in a layout, brought there if need be. */
  int in(Value value, Layout layout) {
    int id = find(value, layout);
    if (id >= 0) {
      return id;
    }
    if (isConstant(value)) {
      id = constant(actual(value), layout);
    } else {
      Layout from = layout == Layout.PLAIN ? Layout.CHANNELS_LAST : Layout.PLAIN;
      if (find(value, from) < 0) {
        throw new IllegalStateException(value + " is used before it is made");
      }
      id = value(XnnValue.internal(type(value), layout.dims(value.shape())));
      relayout(value, from, layout, id);
    }
    place(value, layout, id);
    return id;
  }

  private void relayout(Value value, Layout from, Layout layout, int to) {
    Shape shape = value.shape();
    int source = find(value, from);
    if (!value.tensorType().dynamic() && Layout.CHANNELS_LAST.isPlainFor(shape)) {
      add(new XnnNode.Reshape(layout.dims(shape), source, to));
      return;
    }
    int rank = shape.rank();
    int[] order = layout.order(rank);
    long[] permutation = new long[rank];
    for (int p = 0; p < rank; p++) {
      permutation[p] = from.place(order[p], rank);
    }
    add(new XnnNode.Transpose(permutation, source, to));
  }

  /** A value whose bytes are those of the plain layout, whatever its dims: for reshapes. */
  int inAnyPlain(Value value) {
    int id = find(value, Layout.PLAIN);
    if (id < 0 && !isConstant(value) && Layout.CHANNELS_LAST.isPlainFor(value.shape())) {
      id = find(value, Layout.CHANNELS_LAST);
    }
    return id >= 0 ? id : in(value, Layout.PLAIN);
  }

  /** A new XNNPACK value for a result: where it is bound, if it is an output and plain. */
  int out(Value of, Layout layout) {
    Value value = actual(of);
    Integer bound = external.get(value);
    boolean plain = layout == Layout.PLAIN || !Layout.hasChannelsLast(value.shape().rank());
    int id;
    boolean direct = plain && boundType(value).equals(type(value));
    if (bound != null && direct && !written.contains(value)) {
      id = bound;
      written.add(value);
    } else {
      id = value(XnnValue.internal(type(value), layout.dims(value.shape())));
    }
    place(value, layout, id);
    return id;
  }

  /** Says that a result is another value's data. */
  void alias(Value value, Layout layout, int id) {
    place(value, layout, id);
  }

  /** A result that is the same as a value, in every layout that there is. */
  void alias(Value result, Value source) {
    if (isConstant(source)) {
      alias(result, Layout.PLAIN, in(source, Layout.PLAIN));
      return;
    }
    alias(result, layoutOf(source), in(source, layoutOf(source)));
    for (Layout layout : Layout.values()) {
      if (has(source, layout)) {
        alias(result, layout, in(source, layout));
      }
    }
  }

  /** A real value between the nodes of a composition. */
  int temporary(long... dims) {
    return value(XnnValue.internal(XnnType.Plain.FLOAT, dims));
  }

  /** A value between nodes, of elements as those of another value where it is computed with. */
  int temporaryLike(Value value, long... dims) {
    return value(XnnValue.internal(type(value), dims));
  }

  /** A reshape to static sizes, or the removal or insertion of one dim of size 1. */
  void dropDim(int source, int rank, int axis, boolean dynamic, long[] sizes, int to) {
    if (!dynamic || rank == 1) {
      add(new XnnNode.Reshape(sizes, source, to));
    } else {
      add(new XnnNode.FuseDims(axis + 1 < rank ? axis : axis - 1, 2, source, to));
    }
  }

  void insertDim(int source, int axis, boolean dynamic, long[] sizes, int to) {
    add(
        dynamic
            ? new XnnNode.ExpandDims(axis, source, to)
            : new XnnNode.Reshape(sizes, source, to));
  }

  boolean has(XnnFunction function) {
    return library.has(function);
  }

  /** True if an output depends on the value. */
  boolean isUsed(Value value) {
    return used.contains(value);
  }

  // Layout of elementwise operators

  /**
   * The layout in which operands meet: channels last if one exists only there and none stands in
   * the way.
   */
  Layout meet(int rank, List<Value> operands) {
    if (!Layout.hasChannelsLast(rank)) {
      return Layout.PLAIN;
    }
    boolean onlyThere = false;
    boolean allThere = true;
    boolean madeThere = false;
    for (Value operand : operands) {
      if (isConstant(operand)) {
        continue;
      }
      if (operand.shape().rank() == rank) {
        onlyThere |= !has(operand, Layout.PLAIN);
        allThere &= has(operand, Layout.CHANNELS_LAST);
        madeThere |= layoutOf(operand) == Layout.CHANNELS_LAST;
      } else if (operand.shape().numel() > 1) {
        return Layout.PLAIN;
      }
    }
    return onlyThere || (allThere && madeThere) ? Layout.CHANNELS_LAST : Layout.PLAIN;
  }

  /** An operand that is broadcast to a rank. */
  int operand(Value value, int rank, Layout layout) {
    Shape shape = value.shape();
    if (shape.rank() == rank || layout == Layout.PLAIN) {
      return in(value, layout);
    }
    if (shape.numel() == 1) {
      return in(value, Layout.PLAIN);
    }
    int[] sizes = new int[rank];
    Arrays.fill(sizes, 1);
    System.arraycopy(shape.sizes(), 0, sizes, rank - shape.rank(), shape.rank());
    Constant constant = contiguous(actual(value).constant()).reshape(sizes);
    return constant(constant, type(value), layout);
  }

  // Constants

  private Constant contiguous(Constant constant) {
    return constant.isContiguous()
        ? constant
        : Constant.of(
            resident(Weights.copy(constant, null, 0, arena)),
            Weights.isReal(constant)
                ? TensorType.of(DType.FLOAT, constant.type().shape().sizes())
                : constant.type());
  }

  private MemorySegment resident(MemorySegment copy) {
    residentBytes += copy.byteSize();
    return copy;
  }

  private int constant(Value value, Layout layout) {
    return constant(value.constant(), type(value), layout);
  }

  /** A constant that XNNPACK reads while it runs. */
  private int constant(Constant constant, XnnType type, Layout layout) {
    int rank = constant.type().shape().rank();
    Constant ordered = rank == 0 ? constant : constant.permute(layout.order(rank));
    MemorySegment data =
        Weights.isDirect(ordered)
            ? ordered.data()
            : resident(Weights.copy(ordered, null, 0, arena));
    return value(
        XnnValue.of(new XnnValue.Resident(data), type, Shapes.longs(ordered.type().shape())));
  }

  /** Numbers that XNNPACK reads while it runs. */
  int constant(float[] numbers, long... dims) {
    MemorySegment data = resident(Weights.copy(numbers, arena));
    return value(XnnValue.of(new XnnValue.Resident(data), XnnType.Plain.FLOAT, dims));
  }

  int scalar(double number) {
    return scalars.computeIfAbsent((float) number, n -> constant(new float[] {n}, 1));
  }

  // Weights

  private WeightData weightData(Value value) {
    WeightData data = WeightData.of(value);
    if (data == null) {
      throw new IllegalStateException(value + " is no weight");
    }
    return data;
  }

  /** The quantization of a product's weights where its integers are computed with; else null. */
  private @Nullable WeightData integerWeights(Node product) {
    QuantizedOperator quantized = fusions.quantized(product);
    Quantized.Product roles = Quantized.product(product);
    return quantized == null || roles == null ? null : weightData(product.tensor(roles.weight()));
  }

  /**
   * The weights of a product as it computes with them: real numbers, or integers of the same shape.
   */
  Constant weights(Node product, Value value) {
    WeightData integers = integerWeights(product);
    if (integers != null) {
      return integers.constant();
    }
    WeightData data = weightData(value);
    return keepsIntegers(product, data) ? data.constant() : data.real();
  }

  /**
   * True if XNNPACK would multiply a bias of the product with the scales of the weights too: its
   * kernels for real activations and int8 weights do.
   */
  boolean scalesBias(Node product) {
    Quantized.Product roles = Quantized.product(product);
    return roles != null
        && integerWeights(product) == null
        && keepsIntegers(product, weightData(product.tensor(roles.weight())));
  }

  /** True if real numbers are multiplied with int8 weights: a quarter of the memory. */
  private boolean keepsIntegers(Node product, WeightData data) {
    return Quantized.hasInt8Matrix(product, data) && library.has(XnnFeature.WEIGHT_INT8);
  }

  /**
   * A filter that XNNPACK packs.
   *
   * @param ordered {@link #weights} of the product, in XNNPACK's order
   * @param scale what each index of dim {@code axis} is multiplied with; null for 1
   * @param axis the dim of outputs, of the order: the first or the last
   */
  int filter(Node product, Constant ordered, float @Nullable [] scale, int axis, long... dims) {
    if (Weights.isReal(ordered)) {
      packedBytes += Weights.byteSize(ordered);
      return value(XnnValue.of(Weights.packed(ordered, scale, axis), XnnType.Plain.FLOAT, dims));
    }
    Quantized.Product roles = Quantized.product(product);
    if (roles == null || scale != null) {
      throw new IllegalStateException(product + " has integer weights");
    }
    WeightData data = weightData(product.tensor(roles.weight()));
    int channel = axis == 0 ? 0 : dims.length - 1;
    if (data.quantization() instanceof Quantization.PerGroup g) {
      float[] scales = WeightData.floats(g.scales());
      short[] upper = new short[scales.length];
      for (int i = 0; i < upper.length; i++) {
        upper[i] = (short) (Float.floatToRawIntBits(scales[i]) >>> Short.SIZE);
      }
      return nibbles(data, ordered, new XnnType.PerGroup(upper, g.groupSize()), dims);
    }
    float[] scales = data.scales((int) dims[channel]);
    if (data.isInt4()) {
      return nibbles(data, ordered, new XnnType.PerChannel(Code.QCINT4, scales, 8, channel), dims);
    }
    packedBytes += ordered.type().byteSize();
    return value(
        XnnValue.of(
            Weights.packed(ordered, null, 0),
            new XnnType.PerChannel(Code.QCINT8, scales, 0, channel),
            dims));
  }

  private int nibbles(WeightData data, Constant ordered, XnnType type, long... dims) {
    packedBytes += ordered.type().shape().numel() / 2;
    if (ordered.packing() == Packing.INT4_NIBBLES) {
      if (ordered.data().isNative()) {
        return value(XnnValue.of(new XnnValue.Resident(ordered.data()), type, dims));
      }
    }
    byte[] packed = Quantized.nibbles(ordered, data.zeroPoint());
    return value(XnnValue.of(new Statics.Numbers(packed), type, dims));
  }

  /** A depthwise filter of ones that count for a number. */
  int ones(float scale, long... dims) {
    int count = Math.toIntExact(Arrays.stream(dims).reduce(1, Math::multiplyExact));
    byte[] ones = new byte[count];
    Arrays.fill(ones, (byte) 1);
    packedBytes += count;
    int channel = dims.length - 1;
    float[] scales = new float[(int) dims[channel]];
    Arrays.fill(scales, scale);
    return value(
        XnnValue.of(
            new Statics.Numbers(ones),
            new XnnType.PerChannel(Code.QCINT8, scales, 0, channel),
            dims));
  }

  /** The bias of a product that XNNPACK packs. */
  int bias(Node product, @Nullable Value bias) {
    if (bias == null) {
      return XnnNode.NONE;
    }
    WeightData data = weightData(bias);
    QuantizedOperator quantized = fusions.quantized(product);
    Quantized.Product roles = Quantized.product(product);
    if (quantized == null || roles == null || Quantized.isDynamic(quantized)) {
      return bias(Weights.toArray(data.real()));
    }
    if (!(type(product.tensor(roles.input())) instanceof XnnType.PerTensor input)) {
      throw new IllegalStateException(product + " computes with integers of several scales");
    }
    float[] scales = weightData(product.tensor(roles.weight())).scales(bias.shape().size(0));
    int[] integers = Quantized.integers(data, input.scale(), scales);
    float[] products = new float[scales.length];
    for (int c = 0; c < scales.length; c++) {
      products[c] = input.scale() * scales[c];
    }
    packedBytes += (long) integers.length * Integer.BYTES;
    return value(
        XnnValue.of(
            new Statics.Numbers(integers),
            new XnnType.PerChannel(Code.QCINT32, products, 0, 0),
            integers.length));
  }

  /** A bias that is added by itself, flat. */
  int addend(Value bias) {
    float[] numbers = Weights.toArray(weightData(bias).real());
    return constant(numbers, numbers.length);
  }

  /** A bias that XNNPACK packs. */
  int bias(float[] numbers) {
    return packed(numbers, numbers.length);
  }

  /** Numbers that XNNPACK packs. */
  int packed(float[] numbers, long... dims) {
    packedBytes += (long) numbers.length * Float.BYTES;
    return value(XnnValue.of(new Statics.Numbers(numbers), XnnType.Plain.FLOAT, dims));
  }

  /**
   * The activations of a product: quantized first, where that is done while it runs.
   *
   * @param id of the real numbers
   * @param rowDims how many trailing dims share parameters
   */
  int activations(Node product, int id, int rowDims, long... dims) {
    QuantizedOperator quantized = fusions.quantized(product);
    if (quantized == null || !Quantized.isDynamic(quantized)) {
      return id;
    }
    return dynamic.computeIfAbsent(
        List.of(id, rowDims),
        _ -> {
          int to = value(XnnValue.internal(new XnnType.Dynamic(rowDims), dims));
          add(new XnnNode.Unary(UnaryOperator.CONVERT, List.of(), id, to));
          return to;
        });
  }

  /** True if all rows of a matrix product are quantized alike, while it runs. */
  boolean quantizesMatrix(Node product) {
    QuantizedOperator quantized = fusions.quantized(product);
    return quantized != null && Quantized.isMatrix(quantized);
  }

  // Fusions

  /** Where the result of a node goes, after what was fused into the node. */
  Value result(Node node) {
    return fusions.result(node);
  }

  Range range(Node node) {
    return fusions.range(node);
  }

  @Nullable Node batchNorm(Node convolution) {
    return fusions.batchNorm(convolution);
  }
}
