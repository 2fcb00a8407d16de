package dev.baton.runtime.placement;

import dev.baton.graph.Node;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.NodeCall;
import java.util.List;
import java.util.Set;

/**
 * What a node computes, whoever runs it.
 *
 * @param multiplyAdds of a product of matrices, a convolution or an attention, each counted as one;
 *     0 for other operators. Attention to a cache counts all of the cache.
 * @param elements of the results, or of the largest tensor that comes in and is computed
 */
public record NodeWork(Kind kind, double multiplyAdds, double elements) {
  /** What an operator does with a number. */
  public enum Kind {
    /** Other sizes over the same bytes. */
    NOTHING,
    /** Multiplies and adds. */
    PRODUCT,
    /** Moves an element. */
    MOVED,
    /** A few additions or comparisons for an element. */
    SIMPLE,
    /** Goes several times over its input. */
    PASSES,
    /** An exponential or the like for an element. */
    TRANSCENDENTAL
  }

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
          "aten::_native_batch_norm_legit.no_stats",
          "aten::amax",
          "aten::amin",
          "aten::avg_pool2d",
          "aten::max_pool2d_with_indices",
          "aten::mean",
          "aten::mean.dim",
          "aten::native_group_norm",
          "aten::native_layer_norm",
          "aten::rms_norm",
          "aten::sum.dim_IntList",
          "aten::upsample_bilinear2d",
          "aten::upsample_bilinear2d.vec",
          "aten::var.correction",
          "aten::var.dim",
          "quantized_decomposed::choose_qparams.tensor",
          "quantized_decomposed::choose_qparams_per_token",
          "quantized_decomposed::choose_qparams_per_token_asymmetric",
          "quantized_decomposed::choose_qparams_symmetric.tensor");

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
          "aten::pow.Tensor_Scalar",
          "aten::pow.Tensor_Tensor",
          "aten::sigmoid",
          "aten::silu",
          "aten::sin",
          "aten::softplus",
          "aten::tanh");

  /**
   * @param facts the types of the node's tensors
   */
  public static NodeWork of(Node node, NodeCall.Facts facts) {
    String name = node.name();
    double products = products(node, facts);
    Kind kind;
    if (RESHAPES.contains(name)) {
      kind = Kind.NOTHING;
    } else if (products > 0) {
      kind = Kind.PRODUCT;
    } else if (MOVES.contains(name)) {
      kind = Kind.MOVED;
    } else if (SEVERAL_PASSES.contains(name)) {
      kind = Kind.PASSES;
    } else {
      kind = TRANSCENDENTALS.contains(name) ? Kind.TRANSCENDENTAL : Kind.SIMPLE;
    }
    return new NodeWork(kind, products, elements(node, facts));
  }

  /**
   * Operations on numbers: two for a multiply and add, one for each element that is computed, none
   * for what is moved.
   */
  public double operations() {
    return switch (kind) {
      case NOTHING, MOVED -> 0;
      case PRODUCT -> 2 * multiplyAdds;
      case SIMPLE, PASSES, TRANSCENDENTAL -> elements;
    };
  }

  private static double numel(Value value, NodeCall.Facts facts) {
    return (double) facts.type(value).shape().numel();
  }

  private static double elements(Node node, NodeCall.Facts facts) {
    double results =
        node.results().stream().filter(Value::isTensor).mapToDouble(v -> numel(v, facts)).sum();
    double inputs =
        node.inputs().stream()
            .filter(v -> v.isTensor() && !v.isConstant())
            .mapToDouble(v -> numel(v, facts))
            .max()
            .orElse(0);
    return MOVES.contains(node.name()) ? results : Math.max(results, inputs);
  }

  private static double products(Node node, NodeCall.Facts facts) {
    return switch (node.name()) {
      case "aten::convolution" -> {
        Value weight = node.tensor("weight");
        double each = numel(weight, facts) / Math.max(size(weight, 0, facts), 1);
        Value over = node.bool("transposed") ? node.tensor("input") : node.result();
        yield numel(over, facts) * each;
      }
      case "aten::linear", "aten::mm", "aten::bmm", "aten::matmul", "aten::mv", "aten::dot" ->
          summed(node, 0, facts);
      case "aten::addmm", "aten::baddbmm" -> summed(node, 1, facts);
      case "aten::scaled_dot_product_attention" ->
          attention(node, size(node.tensor("key"), -2, facts), facts);
      case "llama::custom_sdpa", "llama::custom_quantized_sdpa" ->
          attention(node, size(node.tensor("key"), 1, facts), facts);
      case "llama::sdpa_with_kv_cache" ->
          attention(node, size(node.tensor("key_cache"), 1, facts), facts);
      default -> 0;
    };
  }

  private static int size(Value value, int dim, NodeCall.Facts facts) {
    return facts.type(value).shape().size(dim);
  }

  private static double summed(Node node, int left, NodeCall.Facts facts) {
    List<Value> inputs = node.inputs();
    Value operand = inputs.get(left);
    return facts.type(operand).shape().rank() == 0
        ? 0
        : numel(node.result(), facts) * size(operand, -1, facts);
  }

  /** Scores, and the values that they weigh. */
  private static double attention(Node node, int keys, NodeCall.Facts facts) {
    return (numel(node.tensor("query"), facts) + numel(node.result(), facts)) * keys;
  }
}
