package dev.baton.qnn.compose;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.baton.delegate.Decline;
import dev.baton.graph.Constant;
import dev.baton.graph.GraphView;
import dev.baton.graph.Value;
import dev.baton.qnn.ffi.DataType;
import dev.baton.qnn.ffi.QnnException;
import dev.baton.qnn.ffi.QnnGraphBuilder;
import dev.baton.qnn.ffi.QnnNode;
import dev.baton.qnn.ffi.QnnNode.Parameter;
import dev.baton.qnn.ffi.QnnTensor;
import dev.baton.qnn.ffi.QnnTensor.Encoding;
import dev.baton.qnn.ffi.QnnTensor.Kind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A graph of the vendor's operators before the library knows of it: tensors by name, nodes in
 * order. Written by {@link Lowerings}; then asked about node by node, digested, or given to the
 * library.
 */
public final class GraphPlan {
  private static final int MAX_BYTES = Integer.MAX_VALUE;

  private final GraphView view;
  private final Arena arena;
  private final Map<String, QnnTensor> tensors = new LinkedHashMap<>();
  private final Map<String, Content> constants = new LinkedHashMap<>();
  private final List<QnnNode> nodes = new ArrayList<>();
  private final Map<Value, EnumMap<Layout, QnnTensor>> written = new HashMap<>();
  private final Map<Value, Form> forms = new HashMap<>();

  /**
   * @param view whose inputs and outputs are the graph's
   * @param arena of constants that are written anew
   */
  public GraphPlan(GraphView view, Arena arena) {
    this.view = view;
    this.arena = arena;
  }

  public List<QnnNode> nodes() {
    return List.copyOf(nodes);
  }

  /** Name of a value's tensor at the border of the graph. */
  public static String name(Value value) {
    return "v" + value.id();
  }

  /** What a constant holds. */
  private sealed interface Content {
    /** The elements as the library wants them, written when they are asked for. */
    MemorySegment write(Arena arena) throws UnsupportedNodeException;

    /** Adds the elements to a digest, in whatever order. */
    void digest(MessageDigest into);

    /** A constant of the program, permuted. */
    record Stored(Constant constant) implements Content {
      @Override
      public MemorySegment write(Arena arena) throws UnsupportedNodeException {
        return Numbers.contiguous(constant, arena);
      }

      @Override
      public void digest(MessageDigest into) {
        into.update(Arrays.toString(constant.strides()).getBytes(UTF_8));
        into.update(constant.data().asSlice(0, constant.byteSize()).asByteBuffer());
      }
    }

    /** Numbers that were computed. */
    record Computed(MemorySegment numbers) implements Content {
      @Override
      public MemorySegment write(Arena arena) {
        return numbers;
      }

      @Override
      public void digest(MessageDigest into) {
        into.update(numbers.asByteBuffer());
      }
    }
  }

  /** Says as what a value lies in the graph, until the group of nodes is written. */
  void stand(Value value, Form form) {
    forms.put(value, form);
  }

  /** The end of a group of nodes. */
  void endGroup() {
    forms.clear();
  }

  private Form form(Value value) throws UnsupportedNodeException {
    Form form = forms.get(value);
    form = form == null ? Form.of(value) : form;
    if (value.tensorType().dynamic()) {
      throw new UnsupportedNodeException(Decline.Kind.DYNAMIC_SHAPE, "sizes vary");
    }
    if (value.shape().numel() == 0) {
      throw new UnsupportedNodeException(Decline.Kind.SHAPE, "a tensor is empty");
    }
    return form;
  }

  private QnnTensor define(String name, Kind kind, DataType dtype, Encoding encoding, int[] sizes)
      throws UnsupportedNodeException {
    QnnTensor tensor = new QnnTensor(0, name, kind, 0, dtype, encoding, sizes);
    if (tensor.byteSize() > MAX_BYTES) {
      throw new UnsupportedNodeException(Decline.Kind.SHAPE, "a tensor has more than 2 GB");
    }
    tensors.put(name, tensor);
    return tensor;
  }

  private QnnTensor define(String name, Kind kind, Form form, int[] sizes)
      throws UnsupportedNodeException {
    return define(name, kind, form.dtype(), form.encoding(), sizes);
  }

  /** A value that a node takes, in the program's order of dimensions. */
  QnnTensor in(Value value) throws UnsupportedNodeException {
    return in(value, Layout.FIRST);
  }

  /** A value that a node takes, transposed if it is not written in that order yet. */
  QnnTensor in(Value value, Layout layout) throws UnsupportedNodeException {
    Form form = form(value);
    Value stored = form.stored();
    EnumMap<Layout, QnnTensor> known =
        written.computeIfAbsent(stored, _ -> new EnumMap<>(Layout.class));
    QnnTensor tensor = known.get(layout);
    if (tensor != null) {
      requireSame(tensor, form);
      return tensor;
    }
    if (stored.isConstant() && layout == Layout.FIRST) {
      return constant(value);
    }
    int[] sizes = layout.sizes(value.shape());
    if (layout == Layout.FIRST && known.isEmpty()) {
      tensor = define(name(stored), Kind.INPUT, form, sizes);
    } else if (layout == Layout.FIRST) {
      tensor = define(name(stored) + ".first", Kind.INTERNAL, form, sizes);
      transpose(Objects.requireNonNull(known.get(Layout.LAST)), tensor, Layout.TO_FIRST);
    } else {
      QnnTensor first = known.get(Layout.FIRST);
      first = first == null ? in(value, Layout.FIRST) : first;
      tensor = define(name(stored) + ".last", Kind.INTERNAL, form, sizes);
      transpose(first, tensor, Layout.TO_LAST);
    }
    known.put(layout, tensor);
    return tensor;
  }

  private static void requireSame(QnnTensor tensor, Form form) throws UnsupportedNodeException {
    if (!tensor.encoding().equals(form.encoding())) {
      throw new UnsupportedNodeException(
          Decline.Kind.ARGUMENT, "the same integers stand for different numbers");
    }
  }

  /** The order in which a value is there already, without a transposition. */
  Layout layout(Value value) {
    Form form = forms.get(value);
    EnumMap<Layout, QnnTensor> known = written.get(form == null ? value : form.stored());
    return known != null && known.containsKey(Layout.LAST) ? Layout.LAST : Layout.FIRST;
  }

  private QnnTensor constant(Value value) throws UnsupportedNodeException {
    int[] identity = new int[value.shape().rank()];
    Arrays.setAll(identity, d -> d);
    return constant(value, identity, Layout.FIRST.sizes(value.shape()));
  }

  /** True if nothing computes the value, but perhaps what makes real numbers of its integers. */
  boolean isConstant(Value value) {
    Form form = forms.get(value);
    return form == null ? value.isConstant() : form.stored().isConstant();
  }

  /**
   * A constant with its dimensions permuted.
   *
   * @param permutation which dimension of the constant each of the tensor's is
   * @param sizes of the tensor, with as many elements
   */
  QnnTensor constant(Value value, int[] permutation, int[] sizes) throws UnsupportedNodeException {
    Form form = form(value);
    Constant constant = form.stored().constant();
    Numbers.requirePlain(constant);
    String name = "c" + value.id() + Arrays.toString(permutation);
    QnnTensor known = tensors.get(name);
    if (known != null) {
      return known;
    }
    Constant permuted = permutation.length == 0 ? constant : constant.permute(permutation);
    Encoding encoding = form.encoding();
    if (encoding instanceof Encoding.PerAxis(int axis, float[] scales, int[] offsets)) {
      int to = 0;
      while (permutation[to] != axis) {
        to++;
      }
      encoding = new Encoding.PerAxis(to, scales, offsets);
    }
    constants.put(name, new Content.Stored(permuted));
    return define(name, Kind.CONSTANT, form.dtype(), encoding, sizes);
  }

  /** One number beside a tensor of real ones. */
  QnnTensor scalar(double number, QnnTensor beside) throws UnsupportedNodeException {
    return channels(beside, (float) number);
  }

  /** The real numbers of a constant. */
  float[] numbers(Value value) throws UnsupportedNodeException {
    Form form = form(value);
    if (!form.stored().isConstant()) {
      throw new UnsupportedNodeException(Decline.Kind.NOT_CONSTANT, "statistics are not constant");
    }
    float[] numbers = Numbers.of(form.stored().constant());
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] =
          switch (form.encoding()) {
            case Encoding.None _ -> numbers[i];
            case Encoding.PerTensor(float scale, int offset) -> (numbers[i] + offset) * scale;
            case Encoding.PerAxis(_, float[] scales, int[] offsets) ->
                (numbers[i] + offsets[i % scales.length]) * scales[i % scales.length];
          };
    }
    return numbers;
  }

  /** A real number for each channel, beside a tensor of real ones. */
  QnnTensor channels(QnnTensor beside, float... numbers) throws UnsupportedNodeException {
    requireReal(beside);
    String name = "n" + tensors.size();
    constants.put(name, new Content.Computed(real(numbers, beside.dtype())));
    return define(name, Kind.CONSTANT, beside.dtype(), Encoding.NONE, new int[] {numbers.length});
  }

  private static void requireReal(QnnTensor tensor) throws UnsupportedNodeException {
    if (!(tensor.encoding() instanceof Encoding.None)) {
      throw new UnsupportedNodeException(
          Decline.Kind.DTYPE, "a real number meets a quantized tensor");
    }
  }

  private MemorySegment real(float[] numbers, DataType dtype) {
    if (dtype == DataType.FLOAT_32) {
      return arena.allocateFrom(JAVA_FLOAT, numbers);
    }
    MemorySegment halves = arena.allocate(JAVA_SHORT, numbers.length);
    for (int i = 0; i < numbers.length; i++) {
      halves.setAtIndex(JAVA_SHORT, i, Float.floatToFloat16(numbers[i]));
    }
    return halves;
  }

  /**
   * What is added to a product of quantized tensors: integers of the product's scale, or the bias
   * as it is if the product is of real numbers.
   */
  QnnTensor bias(Value bias, QnnTensor input, QnnTensor weight) throws UnsupportedNodeException {
    if (!(input.encoding() instanceof Encoding.PerTensor(float scale, _))) {
      return in(bias);
    }
    float[] numbers = numbers(bias);
    Encoding encoding =
        switch (weight.encoding()) {
          case Encoding.PerTensor(float each, _) -> new Encoding.PerTensor(scale * each, 0);
          case Encoding.PerAxis(_, float[] scales, _) when scales.length == numbers.length -> {
            float[] units = new float[scales.length];
            for (int c = 0; c < units.length; c++) {
              units[c] = scale * scales[c];
            }
            yield new Encoding.PerAxis(0, units, new int[units.length]);
          }
          default ->
              throw new UnsupportedNodeException(Decline.Kind.DTYPE, "weights are not quantized");
        };
    String name = "b" + bias.id() + "." + tensors.size();
    constants.put(
        name, new Content.Computed(arena.allocateFrom(JAVA_INT, rounded(numbers, encoding))));
    return define(
        name, Kind.CONSTANT, DataType.SFIXED_POINT_32, encoding, new int[] {numbers.length});
  }

  private static int[] rounded(float[] numbers, Encoding encoding) {
    int[] integers = new int[numbers.length];
    for (int c = 0; c < numbers.length; c++) {
      float unit =
          encoding instanceof Encoding.PerTensor(float scale, _)
              ? scale
              : ((Encoding.PerAxis) encoding).scales()[c];
      integers[c] =
          Math.clamp(Math.round((double) numbers[c] / unit), Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
    return integers;
  }

  /** A tensor within the graph that no value of the program is, of the type of another. */
  QnnTensor internal(QnnTensor like, int... sizes) throws UnsupportedNodeException {
    return define("t" + tensors.size(), Kind.INTERNAL, like.dtype(), like.encoding(), sizes);
  }

  /** Writes nodes that give a tensor. */
  interface Giving {
    void to(QnnTensor out) throws UnsupportedNodeException;
  }

  /** A value that a node gives, in the program's order of dimensions. */
  void out(Value value, Giving nodes) throws UnsupportedNodeException {
    out(value, Layout.FIRST, nodes);
  }

  /** A value that a node gives; what leaves the graph is transposed back. */
  void out(Value value, Layout layout, Giving giving) throws UnsupportedNodeException {
    Form form = form(value);
    Value stored = form.stored();
    EnumMap<Layout, QnnTensor> known = new EnumMap<>(Layout.class);
    written.put(stored, known);
    boolean leaves = view.isOutput(stored);
    boolean direct = leaves && layout == Layout.FIRST && view.users(stored).isEmpty();
    QnnTensor tensor =
        define(
            direct ? name(stored) : name(stored) + "." + layout,
            direct ? Kind.OUTPUT : Kind.INTERNAL,
            form,
            layout.sizes(value.shape()));
    giving.to(tensor);
    known.put(layout, tensor);
    if (leaves && !direct) {
      QnnTensor out = define(name(stored), Kind.OUTPUT, form, Layout.FIRST.sizes(value.shape()));
      if (layout == Layout.LAST) {
        transpose(tensor, out, Layout.TO_FIRST);
      } else {
        add("Reshape", List.of(), List.of(tensor), out);
      }
    }
  }

  private void transpose(QnnTensor from, QnnTensor to, int[] permutation) {
    add(
        "Transpose",
        List.of(new Parameter.Integers("perm", false, new int[] {4}, permutation)),
        List.of(from),
        to);
  }

  void add(String type, List<Parameter> parameters, List<QnnTensor> inputs, QnnTensor output) {
    nodes.add(new QnnNode(type + "_" + nodes.size(), type, parameters, inputs, List.of(output)));
  }

  /** Adds all that decides what is computed to a digest. */
  public void digest(MessageDigest into) {
    for (QnnTensor tensor : tensors.values()) {
      into.update((tensor.kind() + " " + tensor + text(tensor.encoding())).getBytes(UTF_8));
      Content content = constants.get(tensor.name());
      if (content != null) {
        content.digest(into);
      }
    }
    for (QnnNode node : nodes) {
      into.update((node.type() + node.inputs() + node.outputs()).getBytes(UTF_8));
      node.parameters().forEach(p -> into.update(text(p).getBytes(UTF_8)));
    }
  }

  private static String text(Encoding encoding) {
    return encoding instanceof Encoding.PerAxis(int axis, float[] scales, int[] offsets)
        ? axis + Arrays.toString(scales) + Arrays.toString(offsets)
        : encoding.toString();
  }

  private static String text(Parameter parameter) {
    return parameter instanceof Parameter.Integers integers
        ? integers.name() + Arrays.toString(integers.values())
        : parameter.toString();
  }

  /**
   * Gives the graph to the library.
   *
   * @return the tensors at the border with their ids, by name
   */
  public Map<String, QnnTensor> write(QnnGraphBuilder graph)
      throws QnnException, UnsupportedNodeException {
    Map<String, QnnTensor> defined = new HashMap<>();
    for (QnnTensor tensor : tensors.values()) {
      Content content = constants.get(tensor.name());
      defined.put(
          tensor.name(), graph.define(tensor, content == null ? null : content.write(arena)));
    }
    for (QnnNode node : nodes) {
      graph.add(
          new QnnNode(
              node.name(),
              node.type(),
              node.parameters(),
              node.inputs().stream().map(t -> defined.get(t.name())).toList(),
              node.outputs().stream().map(t -> defined.get(t.name())).toList()));
    }
    return defined;
  }

  /** Bytes of the constants. */
  public long constantBytes() {
    return tensors.values().stream()
        .filter(tensor -> constants.containsKey(tensor.name()))
        .mapToLong(QnnTensor::byteSize)
        .sum();
  }
}
