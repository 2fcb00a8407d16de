package dev.baton.runtime.placement;

import dev.baton.graph.Node;
import dev.baton.graph.Value;
import java.util.List;
import java.util.Set;

/**
 * About how long a node takes on Java kernels, in nanoseconds, at the upper bounds of its shapes.
 * Of the right order of magnitude on a machine of today: enough to tell what pays from what does
 * not.
 */
final class JavaCost {
  /** To enter a step. */
  private static final double STEP = 100;

  /** A multiply and add. */
  private static final double PRODUCT = 0.15;

  /** An element that is moved. */
  private static final double MOVED = 0.5;

  /** An element of an operator that is a few additions or comparisons. */
  private static final double SIMPLE = 0.5;

  /** An element of an operator that goes several times over its input. */
  private static final double PASSES = 2;

  /** An element of an operator that computes an exponential or the like. */
  private static final double TRANSCENDENTAL = 6;

  /** These are other sizes over the same bytes. */
  private static final Set<String> RESHAPES =
      Set.of(
          "aten::alias_copy",
          "aten::detach_copy",
          "aten::view",
          "aten::view_copy",
          "aten::reshape",
          "aten::flatten.using_ints",
          "aten::unflatten.int",
          "aten::unsqueeze",
          "aten::unsqueeze_copy",
          "aten::squeeze.dim",
          "aten::squeeze_copy.dim",
          "aten::squeeze_copy.dims",
          "executorch_prim::et_view");

  private static final Set<String> MOVES =
      Set.of(
          "aten::cat",
          "aten::clone",
          "aten::constant_pad_nd",
          "aten::contiguous",
          "aten::embedding",
          "aten::expand",
          "aten::expand_copy",
          "aten::flip",
          "aten::index_select",
          "aten::permute",
          "aten::permute_copy",
          "aten::repeat",
          "aten::roll",
          "aten::select.int",
          "aten::select_copy.int",
          "aten::slice.Tensor",
          "aten::slice_copy.Tensor",
          "aten::split_copy.Tensor",
          "aten::split_with_sizes_copy",
          "aten::stack",
          "aten::t_copy",
          "aten::transpose.int",
          "aten::transpose_copy.int",
          "aten::unbind_copy.int",
          "aten::upsample_nearest2d.vec",
          "dim_order_ops::_clone_dim_order",
          "dim_order_ops::_to_dim_order_copy");

  private static final Set<String> SEVERAL_PASSES =
      Set.of(
          "aten::avg_pool2d",
          "aten::max_pool2d_with_indices",
          "aten::native_group_norm",
          "aten::native_layer_norm",
          "aten::upsample_bilinear2d",
          "aten::upsample_bilinear2d.vec");

  private static final Set<String> TRANSCENDENTALS =
      Set.of(
          "aten::_log_softmax",
          "aten::_softmax",
          "aten::cos",
          "aten::elu",
          "aten::erf",
          "aten::exp",
          "aten::gelu",
          "aten::log",
          "aten::mish",
          "aten::pow.Tensor_Tensor",
          "aten::sigmoid",
          "aten::silu",
          "aten::sin",
          "aten::softplus",
          "aten::tanh");

  private JavaCost() {}

  static double nanos(Node node) {
    if (RESHAPES.contains(node.name())) {
      return 0;
    }
    double products = products(node);
    if (products > 0) {
      return STEP + PRODUCT * products;
    }
    double each =
        MOVES.contains(node.name())
            ? MOVED
            : SEVERAL_PASSES.contains(node.name())
                ? PASSES
                : TRANSCENDENTALS.contains(node.name()) ? TRANSCENDENTAL : SIMPLE;
    return STEP + each * elements(node);
  }

  /** Of the results, or of the largest tensor that comes in and is computed. */
  private static double elements(Node node) {
    double results =
        node.results().stream()
            .filter(Value::isTensor)
            .mapToDouble(v -> (double) v.shape().numel())
            .sum();
    double inputs =
        node.inputs().stream()
            .filter(v -> v.isTensor() && !v.isConstant())
            .mapToDouble(v -> (double) v.shape().numel())
            .max()
            .orElse(0);
    boolean slices = MOVES.contains(node.name());
    return slices ? results : Math.max(results, inputs);
  }

  /** Multiplications of a product of matrices or a convolution; 0 for other operators. */
  private static double products(Node node) {
    return switch (node.name()) {
      case "aten::convolution" -> {
        Value weight = node.tensor("weight");
        double each = (double) weight.shape().numel() / Math.max(weight.shape().size(0), 1);
        Value over = node.bool("transposed") ? node.tensor("input") : node.result();
        yield over.shape().numel() * each;
      }
      case "aten::linear", "aten::mm", "aten::bmm", "aten::matmul" -> summed(node, 0);
      case "aten::addmm", "aten::baddbmm" -> summed(node, 1);
      default -> 0;
    };
  }

  private static double summed(Node node, int left) {
    List<Value> inputs = node.inputs();
    Value operand = inputs.get(left);
    return operand.shape().rank() == 0
        ? 0
        : (double) node.result().shape().numel() * operand.shape().size(-1);
  }
}
