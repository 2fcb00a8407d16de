package dev.baton.xnnpack;

import static dev.baton.delegate.Decline.Kind.ARGUMENT;
import static dev.baton.delegate.Decline.Kind.DYNAMIC_SHAPE;
import static dev.baton.delegate.Decline.Kind.NOT_CONSTANT;
import static dev.baton.delegate.Decline.Kind.SHAPE;
import static dev.baton.delegate.Decline.Kind.VERSION;
import static dev.baton.xnnpack.Support.Work.ELEMENTWISE;
import static dev.baton.xnnpack.Support.Work.MOVE;
import static dev.baton.xnnpack.Support.Work.PRODUCTS;

import dev.baton.delegate.Decline;
import dev.baton.graph.Argument;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import dev.baton.xnnpack.Support.Check;
import dev.baton.xnnpack.Support.Definition;
import dev.baton.xnnpack.Support.Work;
import dev.baton.xnnpack.ffi.XnnFunction;
import dev.baton.xnnpack.ffi.XnnNode.BinaryOperator;
import dev.baton.xnnpack.ffi.XnnNode.Range;
import dev.baton.xnnpack.ffi.XnnNode.ReduceOperator;
import dev.baton.xnnpack.ffi.XnnNode.UnaryOperator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The operators that XNNPACK computes: when, and as what. One line for each, or for its family. */
final class XnnpackOperators {
  private static final Map<String, Support> TABLE = new HashMap<>();

  /** Operators whose results XNNPACK can cut to a range at no cost. */
  private static final Set<String> CLAMP_THEMSELVES =
      Set.of(
          "aten::convolution",
          "aten::linear",
          "aten::addmm",
          "aten::mm",
          "aten::add.Tensor",
          "aten::add.Scalar",
          "aten::sub.Tensor",
          "aten::sub.Scalar",
          "aten::mul.Tensor",
          "aten::mul.Scalar",
          "aten::div.Tensor",
          "aten::div.Scalar",
          "aten::max_pool2d_with_indices",
          "aten::avg_pool2d",
          "aten::_native_batch_norm_legit_no_training");

  static {
    put("aten::convolution", Products::convolutionCheck, Products::convolution, PRODUCTS);
    put("aten::linear", Products::linearCheck, Products::linear, PRODUCTS);
    put("aten::mm", XnnpackOperators::any, Products::mm, PRODUCTS);
    put("aten::addmm", unit("alpha").and(unit("beta")), Products::addmm, PRODUCTS);
    put("aten::bmm", XnnpackOperators::any, Products::bmm, PRODUCTS);
    put("aten::matmul", Products::matmulCheck, Products::matmul, PRODUCTS);
    put("aten::baddbmm", unit("alpha").and(unit("beta")), Products::baddbmm, PRODUCTS);

    put(
        "aten::_native_batch_norm_legit_no_training",
        Norms::batchNormCheck,
        Norms::batchNorm,
        ELEMENTWISE);
    put("aten::native_layer_norm", Norms::layerNormCheck, Norms::layerNorm, ELEMENTWISE);
    put(
        "aten::_native_batch_norm_legit.no_stats",
        Norms::ownStatisticsCheck,
        Norms::ownStatistics,
        ELEMENTWISE);
    put("aten::native_group_norm", Norms::groupNormCheck, Norms::groupNorm, ELEMENTWISE);

    put("aten::rms_norm", Norms::layerNormCheck, Norms::rmsNorm, ELEMENTWISE);

    unary("aten::abs", UnaryOperator.ABS);
    unary("aten::neg", UnaryOperator.NEGATE);
    unary("aten::exp", UnaryOperator.EXP);
    unary("aten::log", UnaryOperator.LOG);
    unary("aten::sqrt", UnaryOperator.SQUARE_ROOT);
    unary("aten::rsqrt", UnaryOperator.RECIPROCAL_SQUARE_ROOT);
    unary("aten::floor", UnaryOperator.FLOOR);
    unary("aten::ceil", UnaryOperator.CEILING);
    unary("aten::square", UnaryOperator.SQUARE);
    unary("aten::sin", UnaryOperator.SINE);
    unary("aten::cos", UnaryOperator.COSINE);
    unary("aten::sigmoid", UnaryOperator.SIGMOID);
    unary("aten::tanh", UnaryOperator.TANH);
    unary("aten::hardswish", UnaryOperator.HARDSWISH);
    put(
        "aten::gelu",
        (n, s) -> need(s, gelu(n)),
        (n, c) -> Elementwise.unary(n, c, gelu(n), List.of()),
        ELEMENTWISE);
    put(
        "aten::elu",
        unit("scale").and(unit("input_scale")).and(need(UnaryOperator.ELU)),
        (n, c) -> Elementwise.unary(n, c, UnaryOperator.ELU, List.of((float) n.number("alpha"))),
        ELEMENTWISE);
    put(
        "aten::leaky_relu",
        need(UnaryOperator.LEAKY_RELU),
        (n, c) ->
            Elementwise.unary(
                n, c, UnaryOperator.LEAKY_RELU, List.of((float) n.number("negative_slope"))),
        ELEMENTWISE);
    put("aten::pow.Tensor_Scalar", Elementwise::powerCheck, Elementwise::power, ELEMENTWISE);
    for (String name : List.of("relu", "relu6", "hardtanh", "clamp")) {
      put("aten::" + name, XnnpackOperators::clampCheck, Elementwise::clamp, ELEMENTWISE);
    }
    put("aten::silu", need(UnaryOperator.SIGMOID), Elementwise::silu, ELEMENTWISE);
    put("aten::hardsigmoid", need(UnaryOperator.CLAMP), Elementwise::hardsigmoid, ELEMENTWISE);
    put("aten::reciprocal", XnnpackOperators::any, Elementwise::reciprocal, ELEMENTWISE);
    put("aten::prelu", Elementwise::preluCheck, Elementwise::prelu, ELEMENTWISE);
    put("aten::_prelu_kernel", Elementwise::preluCheck, Elementwise::prelu, ELEMENTWISE);

    binary("aten::add.Tensor", BinaryOperator.ADD, unit("alpha"));
    binary("aten::sub.Tensor", BinaryOperator.SUBTRACT, unit("alpha"));
    binary("aten::mul.Tensor", BinaryOperator.MULTIPLY, XnnpackOperators::any);
    binary("aten::div.Tensor", BinaryOperator.DIVIDE, XnnpackOperators::any);
    binary("aten::maximum", BinaryOperator.MAXIMUM, XnnpackOperators::any);
    binary("aten::minimum", BinaryOperator.MINIMUM, XnnpackOperators::any);
    put("aten::rsub.Tensor", unit("alpha"), Elementwise::reversed, ELEMENTWISE);
    put("aten::rsub.Scalar", unit("alpha"), Elementwise::reversed, ELEMENTWISE);
    scalar("aten::add.Scalar", BinaryOperator.ADD);
    scalar("aten::sub.Scalar", BinaryOperator.SUBTRACT);
    scalar("aten::mul.Scalar", BinaryOperator.MULTIPLY);
    scalar("aten::div.Scalar", BinaryOperator.DIVIDE);

    put("aten::_softmax", Reductions::softmaxCheck, Reductions::softmax, ELEMENTWISE);
    put("aten::_log_softmax", Reductions::logSoftmaxCheck, Reductions::logSoftmax, ELEMENTWISE);
    reduce("aten::mean.dim", ReduceOperator.MEAN);
    reduce("aten::mean", ReduceOperator.MEAN);
    reduce("aten::sum.dim_IntList", ReduceOperator.SUM);
    reduce("aten::amax", ReduceOperator.MAX);
    reduce("aten::amin", ReduceOperator.MIN);

    for (String name :
        List.of("aten::var.correction", "aten::var.dim", "aten::var_mean.correction")) {
      put(name, Reductions::varianceCheck, Reductions::variance, ELEMENTWISE);
    }

    put("aten::max_pool2d_with_indices", Images::maxPoolCheck, Images::maxPool, ELEMENTWISE);
    put("aten::avg_pool2d", Images::averagePoolCheck, Images::averagePool, ELEMENTWISE);
    for (String name : List.of("aten::_adaptive_avg_pool2d", "aten::adaptive_avg_pool2d")) {
      put(name, Images::adaptivePoolCheck, Images::adaptivePool, ELEMENTWISE);
    }
    for (String name : List.of("aten::upsample_bilinear2d.vec", "aten::upsample_bilinear2d")) {
      put(name, Images::resizeCheck, Images::resize, ELEMENTWISE);
    }

    for (String name :
        List.of(
            "aten::clone",
            "aten::alias_copy",
            "aten::detach_copy",
            "aten::contiguous",
            "aten::_to_copy",
            "dim_order_ops::_clone_dim_order",
            "dim_order_ops::_to_dim_order_copy")) {
      put(name, XnnpackOperators::any, Moves::same, MOVE);
    }
    for (String name : List.of("aten::view_copy", "aten::view", "executorch_prim::et_view")) {
      put(name, viewCheck("size"), (n, c) -> Moves.view(n, c, "size"), MOVE);
    }
    put("aten::reshape", viewCheck("shape"), (n, c) -> Moves.view(n, c, "shape"), MOVE);
    for (String name : List.of("aten::unsqueeze_copy", "aten::unsqueeze")) {
      put(name, whereDynamic(XnnFunction.DEFINE_STATIC_EXPAND_DIMS), Moves::unsqueeze, MOVE);
    }
    for (String name :
        List.of("aten::squeeze_copy.dim", "aten::squeeze_copy.dims", "aten::squeeze.dim")) {
      put(name, whereDynamic(XnnFunction.DEFINE_FUSE_DIMS), Moves::squeeze, MOVE);
    }
    put(
        "aten::flatten.using_ints",
        whereDynamic(XnnFunction.DEFINE_FUSE_DIMS),
        Moves::flatten,
        MOVE);
    put("aten::unflatten.int", whereDynamic(XnnFunction.DEFINE_SPLIT_DIM), Moves::unflatten, MOVE);
    for (String name :
        List.of(
            "aten::permute_copy",
            "aten::permute",
            "aten::transpose_copy.int",
            "aten::transpose.int",
            "aten::t_copy")) {
      put(name, XnnpackOperators::any, Moves::permute, MOVE);
    }
    for (String name : List.of("aten::expand_copy", "aten::expand")) {
      put(name, Moves::expandCheck, Moves::expand, MOVE);
    }
    put("aten::cat", XnnpackOperators::any, Moves::concatenate, MOVE);
    put(
        "aten::stack",
        whereDynamic(XnnFunction.DEFINE_STATIC_EXPAND_DIMS).and(Moves::stackCheck),
        Moves::stack,
        MOVE);
    for (String name : List.of("aten::slice_copy.Tensor", "aten::slice.Tensor")) {
      put(
          name,
          whereDynamic(XnnFunction.DEFINE_STATIC_SLICE_V3)
              .and((n, s) ->
                  n.integer("step") == 1
                      ? null
                      : Decline.of(ARGUMENT, "the step is " + n.integer("step"))),
          Moves::slice,
          MOVE);
    }
    for (String name : List.of("aten::select_copy.int", "aten::select.int")) {
      put(name, Moves.selectCheck(), Moves::select, MOVE);
    }
    put("aten::unbind_copy.int", Moves.selectCheck(), Moves::unbind, MOVE);
    for (String name : List.of("aten::split_with_sizes_copy", "aten::split_copy.Tensor")) {
      put(name, whereDynamic(XnnFunction.DEFINE_STATIC_SLICE_V3), Moves::split, MOVE);
    }
    put("aten::flip", Moves::flipCheck, Moves::flip, MOVE);
    for (String name : List.of("aten::upsample_nearest2d.vec", "aten::upsample_nearest2d")) {
      put(name, Images::nearestCheck, Images::nearest, MOVE);
    }
    put("aten::constant_pad_nd", Moves::padCheck, Moves::pad, MOVE);

    for (String name : List.of("quantize_per_tensor", "quantize_per_tensor.tensor")) {
      put(
          "quantized_decomposed::" + name,
          Elementwise::convertCheck,
          Elementwise::convert,
          ELEMENTWISE);
      put(
          "quantized_decomposed::de" + name,
          Elementwise::convertCheck,
          Elementwise::convert,
          ELEMENTWISE);
    }
  }

  private XnnpackOperators() {}

  private static void put(String name, Check check, Definition definition, Work work) {
    TABLE.put(name, new Support(check, definition, work));
  }

  private static void unary(String name, UnaryOperator operator) {
    put(name, need(operator), (n, c) -> Elementwise.unary(n, c, operator, List.of()), ELEMENTWISE);
  }

  private static void binary(String name, BinaryOperator operator, Check check) {
    put(name, check, (n, c) -> Elementwise.binary(n, c, operator), ELEMENTWISE);
  }

  private static void scalar(String name, BinaryOperator operator) {
    put(
        name,
        XnnpackOperators::any,
        (n, c) -> Elementwise.binaryScalar(n, c, operator),
        ELEMENTWISE);
  }

  private static void reduce(String name, ReduceOperator operator) {
    put(
        name,
        (n, s) -> Reductions.check(n, s, operator),
        (n, c) -> Reductions.reduce(n, c, operator),
        ELEMENTWISE);
  }

  /** The support of an operator; null if there is none. */
  static @Nullable Support find(String name) {
    return TABLE.get(name);
  }

  static Set<String> names() {
    return TABLE.keySet();
  }

  /**
   * @throws IllegalStateException if the node was never taken
   */
  static Support of(Node node) {
    Support support = TABLE.get(node.name());
    if (support == null) {
      throw new IllegalStateException(node + " was never taken");
    }
    return support;
  }

  // Questions about nodes

  static boolean isConvolution(Node node) {
    return node.name().equals("aten::convolution");
  }

  static boolean isBatchNorm(Node node) {
    return node.name().equals("aten::_native_batch_norm_legit_no_training");
  }

  /** True if the node's result can be cut to a range by the node itself. */
  static boolean clampsItself(Node node) {
    if (!CLAMP_THEMSELVES.contains(node.name())) {
      return false;
    }
    return switch (node.name()) {
      case "aten::mm", "aten::addmm" -> Products.isFullyConnected(node.tensor("mat2"));
      case "aten::_native_batch_norm_legit_no_training" -> Norms.isConvolution(node);
      default -> true;
    };
  }

  /** The range that a node cuts its input to; null if it is not such a node. */
  static @Nullable Range clamp(Node node) {
    Range range =
        switch (node.name()) {
          case "aten::relu" -> new Range(0, Float.POSITIVE_INFINITY);
          case "aten::relu6" -> new Range(0, 6);
          case "aten::hardtanh" ->
              node.isLiteral("min_val") && node.isLiteral("max_val")
                  ? new Range((float) node.number("min_val"), (float) node.number("max_val"))
                  : null;
          case "aten::clamp" ->
              node.isLiteral("min") && node.isLiteral("max")
                  ? new Range(
                      bound(node, "min", Float.NEGATIVE_INFINITY),
                      bound(node, "max", Float.POSITIVE_INFINITY))
                  : null;
          default -> null;
        };
    return range != null && range.min() < range.max() && !range.isAll() ? range : null;
  }

  private static float bound(Node node, String parameter, float orElse) {
    return node.isNone(parameter) ? orElse : (float) node.number(parameter);
  }

  static boolean onlyFirstResultUsed(Node node, GraphView view) {
    return node.results().stream()
        .skip(1)
        .allMatch(result -> view.users(result).isEmpty() && !view.isOutput(result));
  }

  private static UnaryOperator gelu(Node node) {
    return node.text("approximate", "none").equals("tanh")
        ? UnaryOperator.APPROXGELU
        : UnaryOperator.GELU;
  }

  // Checks

  static @Nullable Decline any(Node node, Support.Setting setting) {
    return null;
  }

  private static @Nullable Decline clampCheck(Node node, Support.Setting setting) {
    return clamp(node) == null
        ? Decline.of(ARGUMENT, "its bounds are none, or the lower is not below the upper")
        : need(setting, UnaryOperator.CLAMP);
  }

  /** The argument is 1, or the operator has no such parameter. */
  private static Check unit(String parameter) {
    return (n, s) ->
        n.operator().has(parameter) && n.number(parameter) != 1
            ? Decline.of(ARGUMENT, parameter + " is " + n.number(parameter) + ", not 1")
            : null;
  }

  private static Check need(UnaryOperator operator) {
    return (n, s) -> need(s, operator);
  }

  static @Nullable Decline need(Support.Setting setting, UnaryOperator operator) {
    return setting.library().has(operator)
        ? null
        : Decline.of(VERSION, "this version of XNNPACK has no unary operator " + operator);
  }

  static @Nullable Decline need(Support.Setting setting, ReduceOperator operator) {
    return setting.library().has(operator)
        ? null
        : Decline.of(VERSION, "this version of XNNPACK cannot reduce by " + operator);
  }

  static @Nullable Decline need(Support.Setting setting, XnnFunction function) {
    return setting.library().has(function)
        ? null
        : Decline.of(VERSION, "this version of XNNPACK has no " + function.symbol());
  }

  /** The function is needed where sizes vary. */
  static Check whereDynamic(XnnFunction function) {
    return (n, s) -> Shapes.isDynamic(n) ? need(s, function) : null;
  }

  private static Check viewCheck(String parameter) {
    return (n, s) ->
        Shapes.inferred(Shapes.viewSizes(n, parameter)) > 1
            ? Decline.of(DYNAMIC_SHAPE, "more than one size of the view varies")
            : null;
  }

  static @Nullable Decline staticOnly(Node node) {
    return Shapes.isDynamic(node) ? Decline.of(DYNAMIC_SHAPE, "its sizes vary") : null;
  }

  static Decline shape(String detail) {
    return Decline.of(SHAPE, detail);
  }

  /** Weights may be quantized, with parameters that are constant too. */
  static @Nullable Decline weights(Node node, String parameter) {
    Value value = node.tensorOrNull(parameter);
    return value == null || WeightData.of(value) != null
        ? null
        : Decline.of(NOT_CONSTANT, parameter + " is no constant of real or quantized numbers");
  }

  static @Nullable Decline constant(Node node, String parameter) {
    Value value = node.tensorOrNull(parameter);
    return value == null || isWeight(value)
        ? null
        : Decline.of(NOT_CONSTANT, parameter + " is no constant of real numbers");
  }

  static boolean isWeight(@Nullable Value value) {
    return value != null && value.isConstant() && Weights.isReal(value.constant());
  }

  /** True if the argument, or an item of it, is a scalar that the program computes. */
  static boolean isSymbolic(Argument argument) {
    return switch (argument) {
      case Value v -> !v.isTensor();
      case Argument.Items list -> list.items().stream().anyMatch(XnnpackOperators::isSymbolic);
      default -> false;
    };
  }

  /** True if the operator's table entry can do with symbolic arguments. */
  static boolean takesSymbols(String name) {
    return switch (name) {
      case "aten::view_copy",
          "aten::view",
          "aten::reshape",
          "aten::expand_copy",
          "aten::expand",
          "executorch_prim::et_view",
          "aten::native_group_norm" ->
          true;
      default -> false;
    };
  }
}
