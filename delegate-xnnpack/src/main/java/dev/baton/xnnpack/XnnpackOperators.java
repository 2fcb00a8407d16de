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
import dev.baton.xnnpack.ffi.XnnFunction;
import dev.baton.xnnpack.ffi.XnnNode.BinaryOperator;
import dev.baton.xnnpack.ffi.XnnNode.Range;
import dev.baton.xnnpack.ffi.XnnNode.ReduceOperator;
import dev.baton.xnnpack.ffi.XnnNode.UnaryOperator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The operators that XNNPACK computes: when, and as what. One line for each, or for its family. */
final class XnnpackOperators {
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

  private XnnpackOperators() {}

  /**
   * The support of an operator; null if there is none. Only what is asked for is linked: a table
   * would make a class of every check and every definition in it.
   */
  static @Nullable Support find(String name) {
    return switch (name) {
      case "aten::convolution" ->
          new Support(Products::convolutionCheck, Products::convolution, PRODUCTS);
      case "aten::linear" -> new Support(Products::linearCheck, Products::linear, PRODUCTS);
      case "aten::mm" -> new Support(XnnpackOperators::any, Products::mm, PRODUCTS);
      case "aten::addmm" -> new Support(unit("alpha").and(unit("beta")), Products::addmm, PRODUCTS);
      case "aten::bmm" -> new Support(XnnpackOperators::any, Products::bmm, PRODUCTS);
      case "aten::matmul" -> new Support(Products::matmulCheck, Products::matmul, PRODUCTS);
      case "aten::baddbmm" ->
          new Support(unit("alpha").and(unit("beta")), Products::baddbmm, PRODUCTS);

      case "aten::_native_batch_norm_legit_no_training" ->
          new Support(Norms::batchNormCheck, Norms::batchNorm, ELEMENTWISE);
      case "aten::native_layer_norm" ->
          new Support(Norms::layerNormCheck, Norms::layerNorm, ELEMENTWISE);
      case "aten::_native_batch_norm_legit.no_stats" ->
          new Support(Norms::ownStatisticsCheck, Norms::ownStatistics, ELEMENTWISE);
      case "aten::native_group_norm" ->
          new Support(Norms::groupNormCheck, Norms::groupNorm, ELEMENTWISE);

      case "aten::rms_norm" -> new Support(Norms::layerNormCheck, Norms::rmsNorm, ELEMENTWISE);

      case "aten::abs" -> unary(UnaryOperator.ABS);
      case "aten::neg" -> unary(UnaryOperator.NEGATE);
      case "aten::exp" -> unary(UnaryOperator.EXP);
      case "aten::log" -> unary(UnaryOperator.LOG);
      case "aten::sqrt" -> unary(UnaryOperator.SQUARE_ROOT);
      case "aten::rsqrt" ->
          new Support(need(UnaryOperator.SQUARE_ROOT), Elementwise::inverseRoot, ELEMENTWISE);
      case "aten::floor" -> unary(UnaryOperator.FLOOR);
      case "aten::ceil" -> unary(UnaryOperator.CEILING);
      case "aten::square" -> unary(UnaryOperator.SQUARE);
      case "aten::sin" -> unary(UnaryOperator.SINE);
      case "aten::cos" -> unary(UnaryOperator.COSINE);
      case "aten::sigmoid" -> unary(UnaryOperator.SIGMOID);
      case "aten::tanh" -> unary(UnaryOperator.TANH);
      case "aten::hardswish" -> unary(UnaryOperator.HARDSWISH);
      case "aten::gelu" ->
          new Support(
              (n, s) -> need(s, gelu(n)),
              (n, c) -> Elementwise.unary(n, c, gelu(n), List.of()),
              ELEMENTWISE);
      case "aten::elu" ->
          new Support(
              unit("scale").and(unit("input_scale")).and(need(UnaryOperator.ELU)),
              (n, c) ->
                  Elementwise.unary(n, c, UnaryOperator.ELU, List.of((float) n.number("alpha"))),
              ELEMENTWISE);
      case "aten::leaky_relu" ->
          new Support(
              need(UnaryOperator.LEAKY_RELU),
              (n, c) ->
                  Elementwise.unary(
                      n, c, UnaryOperator.LEAKY_RELU, List.of((float) n.number("negative_slope"))),
              ELEMENTWISE);
      case "aten::pow.Tensor_Scalar" ->
          new Support(Elementwise::powerCheck, Elementwise::power, ELEMENTWISE);
      case "aten::relu", "aten::relu6", "aten::hardtanh", "aten::clamp" ->
          new Support(XnnpackOperators::clampCheck, Elementwise::clamp, ELEMENTWISE);
      case "aten::silu" -> new Support(need(UnaryOperator.SIGMOID), Elementwise::silu, ELEMENTWISE);
      case "aten::hardsigmoid" ->
          new Support(need(UnaryOperator.CLAMP), Elementwise::hardsigmoid, ELEMENTWISE);
      case "aten::reciprocal" ->
          new Support(XnnpackOperators::any, Elementwise::reciprocal, ELEMENTWISE);
      case "aten::prelu" -> new Support(Elementwise::preluCheck, Elementwise::prelu, ELEMENTWISE);
      case "aten::_prelu_kernel" ->
          new Support(Elementwise::preluCheck, Elementwise::prelu, ELEMENTWISE);

      case "aten::add.Tensor" -> binary(BinaryOperator.ADD, unit("alpha"));
      case "aten::sub.Tensor" -> binary(BinaryOperator.SUBTRACT, unit("alpha"));
      case "aten::mul.Tensor" -> binary(BinaryOperator.MULTIPLY, XnnpackOperators::any);
      case "aten::div.Tensor" -> binary(BinaryOperator.DIVIDE, XnnpackOperators::any);
      case "aten::maximum" -> binary(BinaryOperator.MAXIMUM, XnnpackOperators::any);
      case "aten::minimum" -> binary(BinaryOperator.MINIMUM, XnnpackOperators::any);
      case "aten::rsub.Tensor" -> new Support(unit("alpha"), Elementwise::reversed, ELEMENTWISE);
      case "aten::rsub.Scalar" -> new Support(unit("alpha"), Elementwise::reversed, ELEMENTWISE);
      case "aten::add.Scalar" -> scalar(BinaryOperator.ADD);
      case "aten::sub.Scalar" -> scalar(BinaryOperator.SUBTRACT);
      case "aten::mul.Scalar" -> scalar(BinaryOperator.MULTIPLY);
      case "aten::div.Scalar" -> scalar(BinaryOperator.DIVIDE);

      case "aten::_softmax" ->
          new Support(Reductions::softmaxCheck, Reductions::softmax, ELEMENTWISE);
      case "aten::_log_softmax" ->
          new Support(Reductions::logSoftmaxCheck, Reductions::logSoftmax, ELEMENTWISE);
      case "aten::mean.dim" -> reduce(ReduceOperator.MEAN);
      case "aten::mean" -> reduce(ReduceOperator.MEAN);
      case "aten::sum.dim_IntList" -> reduce(ReduceOperator.SUM);
      case "aten::amax" -> reduce(ReduceOperator.MAX);
      case "aten::amin" -> reduce(ReduceOperator.MIN);

      case "aten::var.correction", "aten::var.dim", "aten::var_mean.correction" ->
          new Support(Reductions::varianceCheck, Reductions::variance, ELEMENTWISE);

      case "aten::max_pool2d_with_indices" ->
          new Support(Images::maxPoolCheck, Images::maxPool, ELEMENTWISE);
      case "aten::avg_pool2d" ->
          new Support(Images::averagePoolCheck, Images::averagePool, ELEMENTWISE);
      case "aten::_adaptive_avg_pool2d", "aten::adaptive_avg_pool2d" ->
          new Support(Images::adaptivePoolCheck, Images::adaptivePool, ELEMENTWISE);
      case "aten::upsample_bilinear2d.vec", "aten::upsample_bilinear2d" ->
          new Support(Images::resizeCheck, Images::resize, ELEMENTWISE);

      case "aten::clone",
          "aten::alias_copy",
          "aten::detach_copy",
          "aten::contiguous",
          "aten::_to_copy",
          "dim_order_ops::_clone_dim_order",
          "dim_order_ops::_to_dim_order_copy" ->
          new Support(XnnpackOperators::any, Moves::same, MOVE);
      case "aten::view_copy", "aten::view", "executorch_prim::et_view" ->
          new Support(viewCheck("size"), (n, c) -> Moves.view(n, c, "size"), MOVE);
      case "aten::reshape" ->
          new Support(viewCheck("shape"), (n, c) -> Moves.view(n, c, "shape"), MOVE);
      case "aten::unsqueeze_copy", "aten::unsqueeze" ->
          new Support(whereDynamic(XnnFunction.DEFINE_STATIC_EXPAND_DIMS), Moves::unsqueeze, MOVE);
      case "aten::squeeze_copy.dim", "aten::squeeze_copy.dims", "aten::squeeze.dim" ->
          new Support(whereDynamic(XnnFunction.DEFINE_FUSE_DIMS), Moves::squeeze, MOVE);
      case "aten::flatten.using_ints" ->
          new Support(whereDynamic(XnnFunction.DEFINE_FUSE_DIMS), Moves::flatten, MOVE);
      case "aten::unflatten.int" ->
          new Support(whereDynamic(XnnFunction.DEFINE_SPLIT_DIM), Moves::unflatten, MOVE);
      case "aten::permute_copy",
          "aten::permute",
          "aten::transpose_copy.int",
          "aten::transpose.int",
          "aten::t_copy" ->
          new Support(XnnpackOperators::any, Moves::permute, MOVE);
      case "aten::expand_copy", "aten::expand" ->
          new Support(Moves::expandCheck, Moves::expand, MOVE);
      case "aten::cat" -> new Support(XnnpackOperators::any, Moves::concatenate, MOVE);
      case "aten::stack" ->
          new Support(
              whereDynamic(XnnFunction.DEFINE_STATIC_EXPAND_DIMS).and(Moves::stackCheck),
              Moves::stack,
              MOVE);
      case "aten::slice_copy.Tensor", "aten::slice.Tensor" ->
          new Support(
              whereDynamic(XnnFunction.DEFINE_STATIC_SLICE_V3)
                  .and((n, s) ->
                      n.integer("step") == 1
                          ? null
                          : Decline.of(ARGUMENT, "the step is " + n.integer("step"))),
              Moves::slice,
              MOVE);
      case "aten::select_copy.int", "aten::select.int" ->
          new Support(Moves.selectCheck(), Moves::select, MOVE);
      case "aten::unbind_copy.int" -> new Support(Moves.selectCheck(), Moves::unbind, MOVE);
      case "aten::split_with_sizes_copy", "aten::split_copy.Tensor" ->
          new Support(whereDynamic(XnnFunction.DEFINE_STATIC_SLICE_V3), Moves::split, MOVE);
      case "aten::flip" -> new Support(Moves::flipCheck, Moves::flip, MOVE);
      case "aten::upsample_nearest2d.vec", "aten::upsample_nearest2d" ->
          new Support(Images::nearestCheck, Images::nearest, MOVE);
      case "aten::constant_pad_nd" -> new Support(Moves::padCheck, Moves::pad, MOVE);

      case "quantized_decomposed::quantize_per_tensor",
          "quantized_decomposed::quantize_per_tensor.tensor" ->
          new Support(Elementwise::convertCheck, Elementwise::convert, ELEMENTWISE);
      case "quantized_decomposed::dequantize_per_tensor",
          "quantized_decomposed::dequantize_per_tensor.tensor" ->
          new Support(Elementwise::convertCheck, Elementwise::convert, ELEMENTWISE);
      default -> null;
    };
  }

  private static Support unary(UnaryOperator operator) {
    return new Support(
        need(operator), (n, c) -> Elementwise.unary(n, c, operator, List.of()), ELEMENTWISE);
  }

  private static Support binary(BinaryOperator operator, Check check) {
    return new Support(check, (n, c) -> Elementwise.binary(n, c, operator), ELEMENTWISE);
  }

  private static Support scalar(BinaryOperator operator) {
    return new Support(
        XnnpackOperators::any, (n, c) -> Elementwise.binaryScalar(n, c, operator), ELEMENTWISE);
  }

  private static Support reduce(ReduceOperator operator) {
    return new Support(
        (n, s) -> Reductions.check(n, s, operator),
        (n, c) -> Reductions.reduce(n, c, operator),
        ELEMENTWISE);
  }

  /**
   * @throws IllegalStateException if the node was never taken
   */
  static Support of(Node node) {
    Support support = find(node.name());
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
