package dev.baton.qnn.compose;

import dev.baton.delegate.Decline;
import dev.baton.graph.Argument;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Quantization;
import dev.baton.graph.QuantizedOperator;
import dev.baton.graph.QuantizedOperator.Operand;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import dev.baton.qnn.ffi.QnnNode.Parameter;
import dev.baton.qnn.ffi.QnnTensor;
import dev.baton.qnn.ffi.QnnTensor.Encoding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** How each operator of the vocabulary is written in the vendor's. */
public final class Lowerings {
  private static final Map<String, String> UNARY =
      Map.ofEntries(
          Map.entry("aten::abs", "ElementWiseAbs"),
          Map.entry("aten::neg", "ElementWiseNeg"),
          Map.entry("aten::exp", "ElementWiseExp"),
          Map.entry("aten::log", "ElementWiseLog"),
          Map.entry("aten::sqrt", "ElementWiseSquareRoot"),
          Map.entry("aten::floor", "ElementWiseFloor"),
          Map.entry("aten::ceil", "ElementWiseCeil"),
          Map.entry("aten::relu", "Relu"),
          Map.entry("aten::sigmoid", "Sigmoid"),
          Map.entry("aten::tanh", "Tanh"),
          Map.entry("aten::hardswish", "HardSwish"));

  private static final String DIVIDE = "ElementWiseDivide";

  private static final Map<String, String> BINARY =
      Map.of(
          "aten::add.Tensor", "ElementWiseAdd",
          "aten::sub.Tensor", "ElementWiseSubtract",
          "aten::mul.Tensor", "ElementWiseMultiply",
          "aten::div.Tensor", DIVIDE,
          "aten::maximum", "ElementWiseMaximum",
          "aten::minimum", "ElementWiseMinimum",
          "aten::add.Scalar", "ElementWiseAdd",
          "aten::sub.Scalar", "ElementWiseSubtract",
          "aten::mul.Scalar", "ElementWiseMultiply",
          "aten::div.Scalar", DIVIDE);

  /** Those that leave the elements as they lie. */
  private static final Set<String> RESHAPES =
      Set.of(
          "aten::view_copy",
          "aten::view",
          "aten::reshape",
          "aten::unsqueeze_copy",
          "aten::unsqueeze",
          "aten::squeeze_copy.dim",
          "aten::squeeze_copy.dims",
          "aten::squeeze.dim",
          "aten::flatten.using_ints",
          "aten::clone",
          "aten::alias_copy",
          "aten::detach_copy",
          "dim_order_ops::_clone_dim_order",
          "dim_order_ops::_to_dim_order_copy",
          "aten::_to_copy");

  private static final Set<String> PERMUTATIONS =
      Set.of(
          "aten::permute_copy",
          "aten::permute",
          "aten::transpose_copy.int",
          "aten::transpose.int",
          "aten::t_copy");

  /** Those of one tensor that only move its elements, whatever they are. */
  static final Set<String> MOVES =
      Stream.concat(RESHAPES.stream(), PERMUTATIONS.stream())
          .collect(Collectors.toUnmodifiableSet());

  private static final String NO_INFINITY =
      "the processor gives a number, no infinity, where something is divided by 0";

  private Lowerings() {}

  private static UnsupportedNodeException argument(String detail) {
    return new UnsupportedNodeException(Decline.Kind.ARGUMENT, detail);
  }

  /**
   * Writes a group of nodes into a plan.
   *
   * @throws UnsupportedNodeException if the vendor's operators cannot say it
   */
  public static void lower(Group group, GraphView view, GraphPlan plan)
      throws UnsupportedNodeException {
    Node node = group.node();
    for (int i = 1; i < node.results().size(); i++) {
      Value result = node.results().get(i);
      if (!view.users(result).isEmpty() || view.isOutput(result)) {
        throw new UnsupportedNodeException(Decline.Kind.ARGUMENT, "its second result is used");
      }
    }
    try {
      if (group.quantized() != null) {
        quantized(group.quantized(), plan);
      } else if (QuantizedOperator.isQuantizing(node)) {
        conversion(node, plan);
      } else {
        lower(node, plan);
      }
    } catch (IllegalStateException e) {
      throw argument("an argument is computed by the program");
    } finally {
      plan.endGroup();
    }
  }

  /** An operator whose operands and result lie in the graph as integers. */
  private static void quantized(QuantizedOperator match, GraphPlan plan)
      throws UnsupportedNodeException {
    Node node = match.operator();
    for (Operand operand : match.operands()) {
      Quantization how = operand.quantization();
      if (how != null) {
        plan.stand(operand.value(), Form.quantized(operand.source(), how));
      } else if (!isBias(node, operand.value())) {
        throw new UnsupportedNodeException(Decline.Kind.DTYPE, "an operand is not quantized");
      }
    }
    Quantization how = Objects.requireNonNull(match.output());
    Form result = Form.quantized(match.result(), how);
    Node clamp = match.clamp();
    if (clamp == null
        || (result.encoding() instanceof Encoding.PerTensor t
            && Clamp.of(clamp).holdsAll(result.dtype(), t))) {
      plan.stand(node.result(), result);
      lower(node, plan);
    } else {
      plan.stand(node.result(), result.at(node.result()));
      plan.stand(clamp.result(), result);
      lower(node, plan);
      lower(clamp, plan);
    }
  }

  private static boolean isBias(Node node, Value value) {
    String bias = node.name().equals("aten::addmm") ? "self" : "bias";
    return node.operator().has(bias) && node.tensorOrNull(bias) == value;
  }

  /** Between real numbers and integers. */
  private static void conversion(Node node, GraphPlan plan) throws UnsupportedNodeException {
    Quantization how = Quantization.of(node);
    if (how == null) {
      throw argument("scales are computed by the program");
    }
    if (Quantization.isQuantize(node)) {
      plan.stand(node.result(), Form.quantized(node.result(), how));
      unary(node, "Quantize", List.of(), plan);
    } else {
      Value integers = node.tensor("input");
      if (integers.isConstant()) {
        throw argument("it makes real numbers of a constant");
      }
      plan.stand(integers, Form.quantized(integers, how));
      unary(node, "Dequantize", List.of(), plan);
    }
  }

  private static void lower(Node node, GraphPlan plan) throws UnsupportedNodeException {
    String name = node.name();
    if (UNARY.containsKey(name)) {
      unary(node, UNARY.get(name), List.of(), plan);
      return;
    }
    if (BINARY.containsKey(name)) {
      binary(node, BINARY.get(name), plan);
      return;
    }
    if (RESHAPES.contains(name)) {
      simple(node, "Reshape", List.of(), plan);
      return;
    }
    switch (name) {
      case "aten::rsqrt" -> throw argument(NO_INFINITY);
      case "aten::gelu" -> {
        if (!node.text("approximate", "none").equals("none")) {
          throw argument("gelu is approximated by tanh");
        }
        unary(node, "Gelu", List.of(), plan);
      }
      case "aten::hardtanh", "aten::clamp", "aten::relu6" -> clamp(node, plan);
      case "aten::_softmax" ->
          simple(
              node,
              "Softmax",
              List.of(new Parameter.U32("axis", axis(node.integer("dim"), rank(node)))),
              plan);
      case "aten::linear" ->
          linear(node, "input", "weight", node.tensorOrNull("bias"), false, plan);
      case "aten::mm" -> {
        if (plan.isConstant(node.tensor("mat2"))) {
          linear(node, "self", "mat2", null, true, plan);
        } else {
          matmul(node, "self", "mat2", plan);
        }
      }
      case "aten::addmm" -> addmm(node, plan);
      case "aten::bmm" -> matmul(node, "self", "mat2", plan);
      case "aten::matmul" -> {
        if (rank(node) < 2 || node.tensor("other").shape().rank() < 2) {
          throw new UnsupportedNodeException(Decline.Kind.SHAPE, "a factor is a vector");
        }
        matmul(node, "self", "other", plan);
      }
      case "aten::convolution" -> convolution(node, plan);
      case "aten::max_pool2d_with_indices" -> {
        if (Arrays.stream(node.integers("dilation")).anyMatch(d -> d != 1)) {
          throw argument("the pool is dilated");
        }
        pool(node, "PoolMax2d", List.of(), plan);
      }
      case "aten::avg_pool2d" -> {
        if (!node.isNone("divisor_override")) {
          throw argument("the divisor is given");
        }
        pool(
            node,
            "PoolAvg2d",
            List.of(new Parameter.Bool("count_pad_for_edges", node.bool("count_include_pad"))),
            plan);
      }
      case "aten::_adaptive_avg_pool2d", "aten::adaptive_avg_pool2d" -> adaptivePool(node, plan);
      case "aten::_native_batch_norm_legit_no_training" -> batchNorm(node, plan);
      case "aten::mean.dim" -> mean(node, plan);
      case "aten::cat" -> concatenate(node, plan);
      case "aten::permute_copy", "aten::permute" -> permute(node, node.integers("dims"), plan);
      case "aten::transpose_copy.int", "aten::transpose.int" -> {
        long[] dims = IntStream.range(0, rank(node)).asLongStream().toArray();
        int a = axis(node.integer("dim0"), dims.length);
        int b = axis(node.integer("dim1"), dims.length);
        dims[a] = b;
        dims[b] = a;
        permute(node, dims, plan);
      }
      case "aten::t_copy" ->
          permute(node, rank(node) == 2 ? new long[] {1, 0} : new long[] {0}, plan);
      default ->
          throw new UnsupportedNodeException(
              Decline.Kind.OPERATOR, "the delegate has no way to write " + name + " for QNN");
    }
  }

  private static int rank(Node node) {
    return node.inputs().get(0).shape().rank();
  }

  private static int axis(long dim, int rank) {
    return (int) (dim < 0 ? dim + Math.max(rank, 1) : dim);
  }

  /** One input, in the program's order of dimensions. */
  private static void simple(Node node, String type, List<Parameter> parameters, GraphPlan plan)
      throws UnsupportedNodeException {
    QnnTensor x = plan.in(node.inputs().get(0));
    plan.out(node.result(), out -> plan.add(type, parameters, List.of(x), out));
  }

  /** Element by element: in whatever order the input is. */
  private static void unary(Node node, String type, List<Parameter> parameters, GraphPlan plan)
      throws UnsupportedNodeException {
    Value value = node.inputs().get(0);
    Layout layout = plan.layout(value);
    QnnTensor x = plan.in(value, layout);
    plan.out(node.result(), layout, out -> plan.add(type, parameters, List.of(x), out));
  }

  private static void clamp(Node node, GraphPlan plan) throws UnsupportedNodeException {
    Value x = node.inputs().get(0);
    Clamp clamp = Clamp.of(node).within(plan.in(x, plan.layout(x)));
    if (clamp.isRelu()) {
      unary(node, "Relu", List.of(), plan);
    } else {
      unary(
          node,
          "ReluMinMax",
          List.of(
              new Parameter.F32("min_value", clamp.least()),
              new Parameter.F32("max_value", clamp.most())),
          plan);
    }
  }

  private static void binary(Node node, String type, GraphPlan plan)
      throws UnsupportedNodeException {
    if (node.operator().has("alpha") && node.number("alpha") != 1) {
      throw argument("alpha is " + node.number("alpha"));
    }
    Value a = node.tensor("self");
    if (!(node.argument("other") instanceof Value b)) {
      Layout layout = plan.layout(a);
      if (type.equals(DIVIDE) && node.number("other") == 0) {
        throw argument(NO_INFINITY);
      }
      QnnTensor x = plan.in(a, layout);
      QnnTensor y = plan.scalar(node.number("other"), x);
      plan.out(node.result(), layout, out -> plan.add(type, List.of(), List.of(x, y), out));
      return;
    }
    if (type.equals(DIVIDE)) {
      requireNoZero(b, plan);
    }
    boolean last =
        plan.layout(a) == Layout.LAST
            && plan.layout(b) == Layout.LAST
            && a.shape().equals(b.shape());
    Layout layout = last ? Layout.LAST : Layout.FIRST;
    QnnTensor x = plan.in(a, layout);
    QnnTensor y = plan.in(b, layout);
    plan.out(node.result(), layout, out -> plan.add(type, List.of(), List.of(x, y), out));
  }

  private static void requireNoZero(Value divisor, GraphPlan plan) throws UnsupportedNodeException {
    if (!plan.isConstant(divisor)) {
      throw argument(NO_INFINITY);
    }
    for (float number : plan.numbers(divisor)) {
      if (number == 0) {
        throw argument(NO_INFINITY);
      }
    }
  }

  private static void addmm(Node node, GraphPlan plan) throws UnsupportedNodeException {
    Value bias = node.tensor("self");
    boolean plain =
        node.number("alpha") == 1
            && node.number("beta") == 1
            && plan.isConstant(bias)
            && bias.shape().rank() == 1
            && bias.shape().numel() == node.result().shape().size(-1)
            && plan.isConstant(node.tensor("mat2"));
    if (!plain) {
      throw argument("it is no linear layer with constant weights");
    }
    linear(node, "mat1", "mat2", bias, true, plan);
  }

  /**
   * x [rows, n] times constant weights.
   *
   * @param transposed weights are [n, m]; else [m, n], as the vendor wants them
   */
  private static void linear(
      Node node,
      String input,
      String weight,
      @org.jspecify.annotations.Nullable Value bias,
      boolean transposed,
      GraphPlan plan)
      throws UnsupportedNodeException {
    Value x = node.tensor(input);
    Value w = node.tensor(weight);
    if (!plan.isConstant(w) || w.shape().rank() != 2 || (bias != null && !plan.isConstant(bias))) {
      throw new UnsupportedNodeException(Decline.Kind.NOT_CONSTANT, "weights are not constant");
    }
    int m = w.shape().size(transposed ? 1 : 0);
    int n = w.shape().size(transposed ? 0 : 1);
    int rows = (int) (x.shape().numel() / n);
    List<QnnTensor> inputs = new ArrayList<>();
    QnnTensor from = plan.in(x);
    if (x.shape().rank() == 2) {
      inputs.add(from);
    } else {
      QnnTensor flat = plan.internal(from, rows, n);
      plan.add("Reshape", List.of(), List.of(from), flat);
      inputs.add(flat);
    }
    QnnTensor weights =
        plan.constant(w, transposed ? new int[] {1, 0} : new int[] {0, 1}, new int[] {m, n});
    inputs.add(weights);
    if (bias != null) {
      inputs.add(plan.bias(bias, from, weights));
    }
    plan.out(
        node.result(),
        out -> {
          if (out.sizes().length == 2) {
            plan.add("FullyConnected", List.of(), inputs, out);
          } else {
            QnnTensor flat = plan.internal(out, rows, m);
            plan.add("FullyConnected", List.of(), inputs, flat);
            plan.add("Reshape", List.of(), List.of(flat), out);
          }
        });
  }

  private static void matmul(Node node, String a, String b, GraphPlan plan)
      throws UnsupportedNodeException {
    QnnTensor x = plan.in(node.tensor(a));
    QnnTensor y = plan.in(node.tensor(b));
    plan.out(node.result(), out -> plan.add("MatMul", List.of(), List.of(x, y), out));
  }

  private static int[] pair(Node node, String parameter, int[] orElse) {
    long[] given = node.integers(parameter);
    return given.length == 0 ? orElse : new int[] {(int) given[0], (int) given[given.length - 1]};
  }

  private static Parameter two(String name, int... values) {
    return new Parameter.Integers(name, false, new int[] {2}, values);
  }

  private static Parameter padding(int top, int bottom, int left, int right) {
    return new Parameter.Integers("pad_amount", false, new int[] {2, 2}, top, bottom, left, right);
  }

  private static void requireImage(Value value) throws UnsupportedNodeException {
    if (value.shape().rank() != 4) {
      throw new UnsupportedNodeException(
          Decline.Kind.SHAPE, "the input has rank " + value.shape().rank() + ", not 4");
    }
  }

  private static void convolution(Node node, GraphPlan plan) throws UnsupportedNodeException {
    Value x = node.tensor("input");
    Value w = node.tensor("weight");
    Value bias = node.tensorOrNull("bias");
    requireImage(x);
    if (node.bool("transposed")) {
      throw argument("it is transposed");
    }
    if (!plan.isConstant(w) || (bias != null && !plan.isConstant(bias))) {
      throw new UnsupportedNodeException(Decline.Kind.NOT_CONSTANT, "weights are not constant");
    }
    int[] one = {1, 1};
    int[] pad = pair(node, "padding", new int[] {0, 0});
    int groups = (int) node.integer("groups");
    boolean depthwise = groups > 1 && groups == x.shape().size(1) && w.shape().size(1) == 1;
    List<Parameter> parameters = new ArrayList<>();
    parameters.add(two("stride", pair(node, "stride", one)));
    parameters.add(padding(pad[0], pad[0], pad[1], pad[1]));
    parameters.add(two("dilation", pair(node, "dilation", one)));
    if (!depthwise) {
      parameters.add(new Parameter.U32("group", groups));
    }
    Shape s = w.shape();
    List<QnnTensor> inputs = new ArrayList<>();
    QnnTensor image = plan.in(x, Layout.LAST);
    QnnTensor weights =
        plan.constant(
            w, new int[] {2, 3, 1, 0}, new int[] {s.size(2), s.size(3), s.size(1), s.size(0)});
    inputs.add(image);
    inputs.add(weights);
    if (bias != null) {
      inputs.add(plan.bias(bias, image, weights));
    }
    plan.out(
        node.result(),
        Layout.LAST,
        out -> plan.add(depthwise ? "DepthWiseConv2d" : "Conv2d", parameters, inputs, out));
  }

  private static void pool(Node node, String type, List<Parameter> more, GraphPlan plan)
      throws UnsupportedNodeException {
    Value x = node.tensor("self");
    requireImage(x);
    int[] kernel = pair(node, "kernel_size", new int[] {1, 1});
    int[] pad = pair(node, "padding", new int[] {0, 0});
    if (node.bool("ceil_mode")) {
      throw argument("sizes are rounded up");
    }
    window(node, x, type, kernel, pair(node, "stride", kernel), pad, more, plan);
  }

  private static void window(
      Node node,
      Value x,
      String type,
      int[] kernel,
      int[] stride,
      int[] pad,
      List<Parameter> more,
      GraphPlan plan)
      throws UnsupportedNodeException {
    List<Parameter> parameters = new ArrayList<>(more);
    parameters.add(two("filter_size", kernel));
    parameters.add(two("stride", stride));
    parameters.add(padding(pad[0], pad[0], pad[1], pad[1]));
    QnnTensor in = plan.in(x, Layout.LAST);
    plan.out(node.result(), Layout.LAST, out -> plan.add(type, parameters, List.of(in), out));
  }

  private static void adaptivePool(Node node, GraphPlan plan) throws UnsupportedNodeException {
    Value x = node.tensor("self");
    requireImage(x);
    Shape in = x.shape();
    Shape out = node.result().shape();
    if (in.size(2) % out.size(2) != 0 || in.size(3) % out.size(3) != 0) {
      throw new UnsupportedNodeException(Decline.Kind.SHAPE, "its windows differ in size");
    }
    int[] kernel = {in.size(2) / out.size(2), in.size(3) / out.size(3)};
    window(node, x, "PoolAvg2d", kernel, kernel, new int[] {0, 0}, List.of(), plan);
  }

  /** A factor and a summand for each channel, of an image. */
  private static void batchNorm(Node node, GraphPlan plan) throws UnsupportedNodeException {
    Value x = node.tensor("input");
    requireImage(x);
    float[] mean = plan.numbers(node.tensor("running_mean"));
    float[] variance = plan.numbers(node.tensor("running_var"));
    Value weight = node.tensorOrNull("weight");
    Value bias = node.tensorOrNull("bias");
    float[] factor = new float[mean.length];
    float[] summand = new float[mean.length];
    float[] gamma = weight == null ? null : plan.numbers(weight);
    float[] beta = bias == null ? null : plan.numbers(bias);
    for (int c = 0; c < mean.length; c++) {
      double f = (gamma == null ? 1 : gamma[c]) / Math.sqrt(variance[c] + node.number("eps"));
      factor[c] = (float) f;
      summand[c] = (float) ((beta == null ? 0 : beta[c]) - mean[c] * f);
    }
    QnnTensor image = plan.in(x, Layout.LAST);
    List<QnnTensor> inputs =
        List.of(image, plan.channels(image, factor), plan.channels(image, summand));
    plan.out(node.result(), Layout.LAST, out -> plan.add("Batchnorm", List.of(), inputs, out));
  }

  private static void mean(Node node, GraphPlan plan) throws UnsupportedNodeException {
    int rank = rank(node);
    long[] dims = node.integers("dim");
    int[] axes = Arrays.stream(dims).mapToInt(d -> axis(d, rank)).toArray();
    if (axes.length == 0 || !(node.argument("dtype") instanceof Argument.None)) {
      throw argument("it reduces everything, or to another dtype");
    }
    Arrays.sort(axes);
    if (rank == 4 && Arrays.equals(axes, new int[] {2, 3})) {
      wholeImage(node, plan);
      return;
    }
    simple(
        node,
        "ReduceMean",
        List.of(
            new Parameter.Integers("axes", false, new int[] {axes.length}, axes),
            new Parameter.Bool("keep_dims", node.bool("keepdim"))),
        plan);
  }

  /** The mean of each channel: a pool as large as the image. */
  private static void wholeImage(Node node, GraphPlan plan) throws UnsupportedNodeException {
    Value x = node.tensor("self");
    int[] all = {x.shape().size(2), x.shape().size(3)};
    if (node.bool("keepdim")) {
      window(node, x, "PoolAvg2d", all, all, new int[] {0, 0}, List.of(), plan);
      return;
    }
    QnnTensor in = plan.in(x, Layout.LAST);
    plan.out(
        node.result(),
        out -> {
          QnnTensor pooled = plan.internal(out, x.shape().size(0), 1, 1, x.shape().size(1));
          plan.add(
              "PoolAvg2d",
              List.of(two("filter_size", all), two("stride", all), padding(0, 0, 0, 0)),
              List.of(in),
              pooled);
          plan.add("Reshape", List.of(), List.of(pooled), out);
        });
  }

  private static void concatenate(Node node, GraphPlan plan) throws UnsupportedNodeException {
    List<QnnTensor> parts = new ArrayList<>();
    for (Value part : node.tensors("tensors")) {
      parts.add(plan.in(part));
    }
    int axis = axis(node.integer("dim"), node.result().shape().rank());
    plan.out(
        node.result(),
        out -> plan.add("Concat", List.of(new Parameter.U32("axis", axis)), parts, out));
  }

  private static void permute(Node node, long[] dims, GraphPlan plan)
      throws UnsupportedNodeException {
    int rank = rank(node);
    int[] perm = Arrays.stream(dims).mapToInt(d -> axis(d, rank)).toArray();
    simple(
        node,
        "Transpose",
        List.of(new Parameter.Integers("perm", false, new int[] {perm.length}, perm)),
        plan);
  }
}
