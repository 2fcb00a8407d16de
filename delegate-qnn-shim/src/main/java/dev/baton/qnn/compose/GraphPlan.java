package dev.baton.qnn.compose;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.baton.delegate.Decline;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.GraphView;
import dev.baton.graph.Packing;
import dev.baton.graph.Value;
import dev.baton.qnn.ffi.DataType;
import dev.baton.qnn.ffi.QnnException;
import dev.baton.qnn.ffi.QnnGraphBuilder;
import dev.baton.qnn.ffi.QnnNode;
import dev.baton.qnn.ffi.QnnNode.Parameter;
import dev.baton.qnn.ffi.QnnTensor;
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
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

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
  private final Map<String, Supplier<MemorySegment>> constants = new LinkedHashMap<>();
  private final Map<String, MemorySegment> data = new HashMap<>();
  private final List<QnnNode> nodes = new ArrayList<>();
  private final Map<Value, EnumMap<Layout, QnnTensor>> written = new HashMap<>();

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

  private QnnTensor define(
      String name, Kind kind, int[] sizes, @Nullable Supplier<MemorySegment> content)
      throws UnsupportedNodeException {
    QnnTensor tensor =
        new QnnTensor(0, name, kind, 0, DataType.FLOAT_32, QnnTensor.Encoding.NONE, sizes);
    if (tensor.byteSize() > MAX_BYTES) {
      throw new UnsupportedNodeException(Decline.Kind.SHAPE, "a tensor has more than 2 GB");
    }
    tensors.put(name, tensor);
    if (content != null) {
      constants.put(name, content);
    }
    return tensor;
  }

  /** A value that a node takes, in the program's order of dimensions. */
  QnnTensor in(Value value) throws UnsupportedNodeException {
    return in(value, Layout.FIRST);
  }

  /** A value that a node takes, transposed if it is not written in that order yet. */
  QnnTensor in(Value value, Layout layout) throws UnsupportedNodeException {
    requireFloat(value);
    EnumMap<Layout, QnnTensor> known =
        written.computeIfAbsent(value, _ -> new EnumMap<>(Layout.class));
    QnnTensor tensor = known.get(layout);
    if (tensor != null) {
      return tensor;
    }
    if (value.isConstant() && layout == Layout.FIRST) {
      return constant(value);
    }
    QnnTensor first = known.get(Layout.FIRST);
    if (layout == Layout.FIRST && known.isEmpty()) {
      tensor = define(name(value), Kind.INPUT, Layout.FIRST.sizes(value.shape()), null);
    } else if (layout == Layout.FIRST) {
      tensor = define(name(value) + ".first", Kind.INTERNAL, layout.sizes(value.shape()), null);
      transpose(Objects.requireNonNull(known.get(Layout.LAST)), tensor, Layout.TO_FIRST);
    } else {
      first = first == null ? in(value, Layout.FIRST) : first;
      tensor = define(name(value) + ".last", Kind.INTERNAL, layout.sizes(value.shape()), null);
      transpose(first, tensor, Layout.TO_LAST);
    }
    known.put(layout, tensor);
    return tensor;
  }

  /** The order in which a value is there already, without a transposition. */
  Layout layout(Value value) {
    EnumMap<Layout, QnnTensor> known = written.get(value);
    return known != null && known.containsKey(Layout.LAST) ? Layout.LAST : Layout.FIRST;
  }

  private QnnTensor constant(Value value) throws UnsupportedNodeException {
    int[] identity = new int[value.shape().rank()];
    Arrays.setAll(identity, d -> d);
    return constant(value, identity, Layout.FIRST.sizes(value.shape()));
  }

  /**
   * A constant with its dimensions permuted.
   *
   * @param permutation which dimension of the constant each of the tensor's is
   * @param sizes of the tensor, with as many elements
   */
  QnnTensor constant(Value value, int[] permutation, int[] sizes) throws UnsupportedNodeException {
    requireFloat(value);
    Constant constant = value.constant();
    if (constant.packing() != Packing.PLAIN) {
      throw new UnsupportedNodeException(Decline.Kind.DTYPE, "a constant is packed in 4 bits");
    }
    String name = "c" + value.id() + Arrays.toString(permutation);
    QnnTensor known = tensors.get(name);
    if (known != null) {
      return known;
    }
    Constant permuted = permutation.length == 0 ? constant : constant.permute(permutation);
    return define(name, Kind.CONSTANT, sizes, () -> contiguous(permuted));
  }

  /** One number. */
  QnnTensor scalar(double number) throws UnsupportedNodeException {
    return define(
        "s" + tensors.size(),
        Kind.CONSTANT,
        new int[] {1},
        () -> arena.allocateFrom(JAVA_FLOAT, (float) number));
  }

  /** The numbers of a constant. */
  float[] numbers(Value value) throws UnsupportedNodeException {
    requireFloat(value);
    if (!value.isConstant() || value.constant().packing() != Packing.PLAIN) {
      throw new UnsupportedNodeException(Decline.Kind.NOT_CONSTANT, "statistics are not constant");
    }
    return contiguous(value.constant()).asSlice(0, 4 * value.shape().numel()).toArray(JAVA_FLOAT);
  }

  /** A number for each channel. */
  QnnTensor channels(float... numbers) throws UnsupportedNodeException {
    return define(
        "n" + tensors.size(),
        Kind.CONSTANT,
        new int[] {numbers.length},
        () -> arena.allocateFrom(JAVA_FLOAT, numbers));
  }

  private MemorySegment contiguous(Constant constant) {
    int[] sizes = constant.type().shape().sizes();
    long[] strides = constant.strides();
    MemorySegment from = constant.data();
    MemorySegment to = arena.allocate(Math.max(4, 4 * constant.type().shape().numel()), 16);
    int[] index = new int[sizes.length];
    for (long i = 0; i < constant.type().shape().numel(); i++) {
      long at = 0;
      for (int d = 0; d < sizes.length; d++) {
        at += index[d] * strides[d];
      }
      to.set(JAVA_FLOAT_UNALIGNED, 4 * i, from.get(JAVA_FLOAT_UNALIGNED, 4 * at));
      for (int d = sizes.length - 1; d >= 0 && ++index[d] == sizes[d]; d--) {
        index[d] = 0;
      }
    }
    return to;
  }

  /** A tensor within the graph that no value of the program is. */
  QnnTensor internal(int... sizes) throws UnsupportedNodeException {
    return define("t" + tensors.size(), Kind.INTERNAL, sizes, null);
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
    requireFloat(value);
    EnumMap<Layout, QnnTensor> known = new EnumMap<>(Layout.class);
    written.put(value, known);
    boolean leaves = view.isOutput(value);
    boolean direct = leaves && layout == Layout.FIRST && view.users(value).isEmpty();
    QnnTensor tensor =
        define(
            direct ? name(value) : name(value) + "." + layout,
            direct ? Kind.OUTPUT : Kind.INTERNAL,
            layout.sizes(value.shape()),
            null);
    giving.to(tensor);
    known.put(layout, tensor);
    if (leaves && !direct) {
      QnnTensor out = define(name(value), Kind.OUTPUT, Layout.FIRST.sizes(value.shape()), null);
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

  private static void requireFloat(Value value) throws UnsupportedNodeException {
    if (!value.isTensor() || value.dtype() != DType.FLOAT) {
      throw new UnsupportedNodeException(
          Decline.Kind.DTYPE, "a value is " + value.type() + ", not float32");
    }
    if (value.tensorType().dynamic()) {
      throw new UnsupportedNodeException(Decline.Kind.DYNAMIC_SHAPE, "sizes vary");
    }
    if (value.shape().numel() == 0) {
      throw new UnsupportedNodeException(Decline.Kind.SHAPE, "a tensor is empty");
    }
  }

  /** What a constant holds; null for other tensors. */
  private @Nullable MemorySegment content(QnnTensor tensor) {
    Supplier<MemorySegment> constant = constants.get(tensor.name());
    return constant == null ? null : data.computeIfAbsent(tensor.name(), _ -> constant.get());
  }

  /** Adds all that decides what is computed to a digest. */
  public void digest(MessageDigest into) {
    for (QnnTensor tensor : tensors.values()) {
      into.update((tensor.kind() + " " + tensor).getBytes(UTF_8));
      MemorySegment content = content(tensor);
      if (content != null) {
        into.update(content.asByteBuffer());
      }
    }
    for (QnnNode node : nodes) {
      into.update((node.type() + node.inputs() + node.outputs()).getBytes(UTF_8));
      node.parameters().forEach(p -> into.update(text(p).getBytes(UTF_8)));
    }
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
  public Map<String, QnnTensor> write(QnnGraphBuilder graph) throws QnnException {
    Map<String, QnnTensor> defined = new HashMap<>();
    for (QnnTensor tensor : tensors.values()) {
      defined.put(tensor.name(), graph.define(tensor, content(tensor)));
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
