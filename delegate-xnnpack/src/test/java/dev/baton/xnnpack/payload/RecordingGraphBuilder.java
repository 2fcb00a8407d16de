package dev.baton.xnnpack.payload;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.DimOrder;
import dev.baton.graph.Graph;
import dev.baton.graph.GraphBuilder;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.graph.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Records what a lifter writes, with result types as the host would infer them. */
final class RecordingGraphBuilder implements GraphBuilder {
  private final Graph.Builder graph = new Graph.Builder();
  private final int argumentCount;
  private final Map<Integer, Value> inputs = new TreeMap<>();
  private final Map<Integer, Value> outputs = new TreeMap<>();
  private final List<Node> nodes = new ArrayList<>();
  private final Map<Integer, DimOrder> orders = new TreeMap<>();
  private int payloadNode = -1;

  /**
   * @param types of the inputs, by argument
   */
  RecordingGraphBuilder(int argumentCount, Map<Integer, ? extends ValueType> types) {
    this.argumentCount = argumentCount;
    types.forEach((argument, type) -> inputs.put(argument, graph.input(type)));
  }

  void constantInput(int argument, Constant constant) {
    inputs.put(argument, graph.constant(constant));
  }

  /** The graph, without nodes that nobody needs. */
  Graph graph() {
    return graph.build(List.copyOf(outputs.values()));
  }

  Map<Integer, Value> outputs() {
    return outputs;
  }

  /** Every node written. */
  List<Node> written() {
    return nodes;
  }

  @Override
  public int argumentCount() {
    return argumentCount;
  }

  @Override
  public Value input(int argument) {
    Value value = inputs.get(argument);
    if (value == null) {
      throw new IllegalArgumentException("argument " + argument + " is no input");
    }
    return value;
  }

  /** Says in which order the program lays out an argument; contiguous if never said. */
  void order(int argument, DimOrder order) {
    orders.put(argument, order);
  }

  @Override
  public DimOrder dimOrder(int argument) {
    Value value = inputs.get(argument);
    DimOrder order = orders.get(argument);
    return order != null
        ? order
        : DimOrder.contiguous(value == null || !value.isTensor() ? 0 : value.shape().rank());
  }

  @Override
  public TensorType declaredType(int argument) {
    Value value = inputs.get(argument);
    return value == null ? TensorType.of(DType.INT32) : value.tensorType();
  }

  @Override
  public void output(int argument, Value value) {
    if (inputs.containsKey(argument) || outputs.put(argument, value) != null) {
      throw new AssertionError("argument " + argument + " is no output, or given twice");
    }
  }

  @Override
  public Value state(String name, TensorType type) {
    throw new AssertionError("XNNPACK payloads have no states");
  }

  @Override
  public void updateState(String name, Value value) {
    throw new AssertionError("XNNPACK payloads have no states");
  }

  @Override
  public Value constant(Constant constant) {
    return graph.constant(constant);
  }

  @Override
  public void at(int index) {
    payloadNode = index;
  }

  @Override
  public List<Value> call(String operator, Argument... arguments) {
    Node untyped =
        new Graph.Builder()
            .node(Operators.get(operator), List.of(arguments), List.of(), Origin.HOST);
    Node node =
        graph.node(
            untyped.operator(),
            List.of(arguments),
            types(untyped),
            new Origin(0, "XnnpackBackend", payloadNode));
    nodes.add(node);
    return node.results();
  }

  private static List<TensorType> types(Node node) {
    TensorType first = node.inputs().isEmpty() ? null : node.inputs().get(0).tensorType();
    if (first == null) {
      throw new IllegalArgumentException(node + " has no tensor");
    }
    int[] in = first.shape().sizes();
    return switch (node.name()) {
      case "aten::permute_copy" -> {
        long[] dims = node.integers("dims");
        int[] out = new int[in.length];
        check(dims.length == in.length, node);
        for (int d = 0; d < dims.length; d++) {
          out[d] = in[(int) dims[d]];
        }
        yield like(first, out);
      }
      case "aten::add.Tensor",
          "aten::sub.Tensor",
          "aten::mul.Tensor",
          "aten::div.Tensor",
          "aten::minimum",
          "aten::maximum" ->
          like(first, broadcast(node.inputs()));
      case "aten::convolution" -> like(first, convolution(node, in));
      case "aten::avg_pool2d", "aten::max_pool2d_with_indices" -> {
        List<TensorType> out = like(first, pool(node, in));
        yield node.operator().resultCount() == 1
            ? out
            : List.of(out.get(0), new TensorType(DType.INT64, out.get(0).shape(), first.dynamic()));
      }
      case "aten::upsample_bilinear2d.vec" -> {
        long[] size = node.integers("output_size");
        yield like(first, in[0], in[1], (int) size[0], (int) size[1]);
      }
      case "aten::linear" -> {
        int[] out = in.clone();
        Shape weight = node.tensor("weight").shape();
        check(weight.rank() == 2 && weight.size(1) == in[in.length - 1], node);
        out[in.length - 1] = weight.size(0);
        yield like(first, out);
      }
      case "aten::bmm", "aten::mm", "aten::matmul" -> {
        int[] b = node.inputs().get(1).shape().sizes();
        int[] out = (in.length >= b.length ? in : b).clone();
        check(in[in.length - 1] == b[b.length - 2], node);
        out[out.length - 2] = in[in.length - 2];
        out[out.length - 1] = b[b.length - 1];
        yield like(first, out);
      }
      case "aten::view_copy" -> {
        int[] out = Arrays.stream(node.integers("size")).mapToInt(Math::toIntExact).toArray();
        long known =
            Arrays.stream(out).filter(s -> s >= 0).asLongStream().reduce(1, (a, b) -> a * b);
        for (int d = 0; d < out.length; d++) {
          out[d] =
              out[d] >= 0
                  ? out[d]
                  : Math.toIntExact(known == 0 ? 0 : first.shape().numel() / known);
        }
        check(Shape.of(out).numel() == first.shape().numel(), node);
        yield like(first, out);
      }
      case "aten::slice_copy.Tensor" -> {
        int dim = (int) node.integer("dim");
        int[] out = in.clone();
        long start = position(node.integer("start"), in[dim]);
        long end = position(node.integer("end"), in[dim]);
        out[dim] = (int) Math.max(0, end - start);
        yield like(first, out);
      }
      case "aten::cat" -> {
        int dim = (int) node.integer("dim");
        int[] out = in.clone();
        out[dim] = 0;
        for (Value value : node.tensors("tensors")) {
          check(value.shape().rank() == in.length, node);
          out[dim] = Math.addExact(out[dim], value.shape().size(dim));
        }
        yield like(first, out);
      }
      case "aten::constant_pad_nd" -> {
        long[] pad = node.integers("pad");
        int[] out = in.clone();
        for (int i = 0; i < pad.length; i += 2) {
          int d = in.length - 1 - i / 2;
          out[d] = Math.toIntExact(out[d] + pad[i] + pad[i + 1]);
        }
        yield like(first, out);
      }
      case "aten::mean.dim" -> {
        List<Integer> out = new ArrayList<>();
        List<Long> dims = Arrays.stream(node.integers("dim")).boxed().toList();
        for (int d = 0; d < in.length; d++) {
          if (!dims.contains((long) d)) {
            out.add(in[d]);
          } else if (node.bool("keepdim")) {
            out.add(1);
          }
        }
        yield like(first, out.stream().mapToInt(s -> s).toArray());
      }
      case "aten::index_select" -> {
        int[] out = in.clone();
        out[(int) node.integer("dim")] = node.tensor("index").shape().size(0);
        yield like(first, out);
      }
      case "aten::replication_pad2d" -> {
        long[] pad = node.integers("padding");
        int[] out = in.clone();
        out[3] = Math.toIntExact(out[3] + pad[0] + pad[1]);
        out[2] = Math.toIntExact(out[2] + pad[2] + pad[3]);
        yield like(first, out);
      }
      case "aten::unsqueeze_copy" -> like(first, 1, in[0]);
      case "aten::squeeze_copy.dim" -> like(first, in[1]);
      case "aten::scaled_dot_product_attention" -> {
        int[] out = in.clone();
        out[in.length - 1] = node.tensor("value").shape().size(-1);
        yield like(first, out);
      }
      case "aten::_to_copy",
          "quantized_decomposed::quantize_per_tensor",
          "quantized_decomposed::quantize_per_tensor.tensor",
          "quantized_decomposed::quantize_per_token" ->
          typed(first, DType.of((int) node.integer("dtype")));
      case "quantized_decomposed::dequantize_per_tensor",
          "quantized_decomposed::dequantize_per_tensor.tensor",
          "quantized_decomposed::dequantize_per_channel",
          "quantized_decomposed::dequantize_per_channel_group",
          "quantized_decomposed::dequantize_per_token" ->
          typed(first, DType.FLOAT);
      case "quantized_decomposed::choose_qparams_per_token_asymmetric" -> {
        int[] out = in.clone();
        out[in.length - 1] = 1;
        yield List.of(
            new TensorType(DType.DOUBLE, Shape.of(out), first.dynamic()),
            new TensorType(DType.INT64, Shape.of(out), first.dynamic()));
      }
      case "quantized_decomposed::choose_qparams.tensor" ->
          List.of(TensorType.of(DType.DOUBLE, 1), TensorType.of(DType.INT64, 1));
      default -> {
        check(node.operator().resultCount() == 1, node);
        yield List.of(first);
      }
    };
  }

  private static void check(boolean fits, Node node) {
    if (!fits) {
      throw new IllegalArgumentException(node.name() + " does not fit " + node.inputs());
    }
  }

  private static List<TensorType> like(TensorType type, int... sizes) {
    return List.of(new TensorType(type.dtype(), Shape.of(sizes), type.dynamic()));
  }

  private static List<TensorType> typed(TensorType type, DType dtype) {
    return List.of(new TensorType(dtype, type.shape(), type.dynamic()));
  }

  private static long position(long index, int size) {
    return Math.clamp(index < 0 ? index + size : index, 0, size);
  }

  private static int[] broadcast(List<Value> values) {
    int rank = values.stream().mapToInt(v -> v.shape().rank()).max().orElseThrow();
    int[] out = new int[rank];
    Arrays.fill(out, 1);
    for (Value value : values) {
      for (int d = 0; d < value.shape().rank(); d++) {
        int at = rank - value.shape().rank() + d;
        int size = value.shape().size(d);
        if (out[at] != size && out[at] != 1 && size != 1) {
          throw new IllegalArgumentException("cannot broadcast " + values);
        }
        out[at] = out[at] == 1 ? size : out[at];
      }
    }
    return out;
  }

  private static int[] convolution(Node node, int[] in) {
    Shape weight = node.tensor("weight").shape();
    boolean transposed = node.bool("transposed");
    int groups = (int) node.integer("groups");
    check(in.length == 4 && weight.rank() == 4, node);
    check(in[1] == (transposed ? weight.size(0) : weight.size(1) * groups), node);
    int[] out = {in[0], transposed ? weight.size(1) * groups : weight.size(0), 0, 0};
    for (int i = 0; i < 2; i++) {
      long stride = node.integers("stride")[i];
      long padding = node.integers("padding")[i];
      long reach = node.integers("dilation")[i] * (weight.size(2 + i) - 1) + 1;
      long size =
          transposed
              ? (in[2 + i] - 1) * stride - 2 * padding + reach + node.integers("output_padding")[i]
              : (in[2 + i] + 2 * padding - reach) / stride + 1;
      out[2 + i] = Math.toIntExact(size);
    }
    return out;
  }

  private static int[] pool(Node node, int[] in) {
    check(in.length == 4, node);
    int[] out = in.clone();
    boolean ceil = node.bool("ceil_mode");
    for (int i = 0; i < 2; i++) {
      long stride = node.integers("stride")[i];
      long padding = node.integers("padding")[i];
      long dilation = node.operator().has("dilation") ? node.integers("dilation")[i] : 1;
      long free = in[2 + i] + 2 * padding - dilation * (node.integers("kernel_size")[i] - 1) - 1;
      long size = (ceil ? Math.ceilDiv(free, stride) : free / stride) + 1;
      if (ceil && (size - 1) * stride >= in[2 + i] + padding) {
        size--;
      }
      out[2 + i] = Math.toIntExact(size);
    }
    return out;
  }
}
