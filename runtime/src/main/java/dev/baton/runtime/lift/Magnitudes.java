package dev.baton.runtime.lift;

import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Packing;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Bounds on how large the elements of float tensors can be, whatever a program is given.
 *
 * <p>Each element of a value is NaN, or at most the bound from zero. An input has no bound. What
 * normalizes has one that does not depend on its input: a layer norm, a softmax, a sigmoid; so does
 * what is computed from it with constants. Bounds are of exact arithmetic: whoever uses one leaves
 * room for rounding.
 */
final class Magnitudes {
  private static final double NONE = Double.POSITIVE_INFINITY;

  /** Below this, sums and products of a few bounded numbers are far from overflowing. */
  static final double SAFE = 1e30;

  /** A longer way back is not followed. */
  private static final int MAX_DEPTH = 256;

  private final Map<Value, Double> known = new HashMap<>();
  private int depth;

  /** The bound of a value; infinite if there is none. */
  double of(Value value) {
    Double before = known.get(value);
    if (before != null) {
      return before;
    }
    if (depth == MAX_DEPTH) {
      return NONE;
    }
    depth++;
    double bound = compute(value);
    depth--;
    double result = bound < SAFE ? bound : NONE; // what may overflow on the way has no bound
    known.put(value, result);
    return result;
  }

  private double compute(Value value) {
    if (!value.isTensor() || value.dtype() != DType.FLOAT) {
      return NONE;
    }
    if (value.isConstant()) {
      return largest(value.constant());
    }
    Node node = value.producer();
    return node == null ? NONE : bound(node, value.resultIndex());
  }

  private double bound(Node node, int result) {
    return switch (node.name()) {
      case "aten::alias_copy",
          "aten::clone",
          "aten::contiguous",
          "aten::detach_copy",
          "aten::_to_copy",
          "dim_order_ops::_clone_dim_order",
          "dim_order_ops::_to_dim_order_copy",
          "aten::view_copy",
          "aten::reshape",
          "executorch_prim::et_view",
          "aten::expand_copy",
          "aten::unsqueeze_copy",
          "aten::squeeze_copy.dim",
          "aten::squeeze_copy.dims",
          "aten::permute_copy",
          "aten::transpose_copy.int",
          "aten::t_copy",
          "aten::slice_copy.Tensor",
          "aten::select_copy.int",
          "aten::split_with_sizes_copy",
          "aten::split_copy.Tensor",
          "aten::unbind_copy.int",
          "aten::flatten.using_ints",
          "aten::unflatten.int",
          "aten::index_select",
          "aten::flip",
          "aten::roll",
          "aten::repeat",
          "aten::relu",
          "aten::relu6",
          "aten::gelu",
          "aten::silu",
          "aten::hardswish",
          "aten::abs",
          "aten::neg",
          "aten::amax",
          "aten::amin" ->
          of(node.tensor("self"));
      case "aten::cat", "aten::stack" ->
          node.tensors("tensors").stream().mapToDouble(this::of).max().orElse(NONE);
      case "aten::where.self" -> Math.max(of(node.tensor("self")), of(node.tensor("other")));
      case "aten::add.Tensor", "aten::sub.Tensor" ->
          of(node.tensor("self")) + number(node, "alpha") * of(node.tensor("other"));
      case "aten::add.Scalar", "aten::sub.Scalar" ->
          of(node.tensor("self")) + number(node, "alpha") * number(node, "other");
      case "aten::mul.Tensor" -> of(node.tensor("self")) * of(node.tensor("other"));
      case "aten::mul.Scalar" -> of(node.tensor("self")) * number(node, "other");
      case "aten::div.Scalar" -> {
        double by = number(node, "other");
        yield by > 0 && by < NONE ? of(node.tensor("self")) / by : NONE;
      }
      case "aten::sum.dim_IntList" -> sum(node);
      case "aten::mean.dim" -> sum(node) < SAFE ? of(node.tensor("self")) : NONE;
      case "aten::pow.Tensor_Scalar" ->
          number(node, "exponent") == 2 ? Math.pow(of(node.tensor("self")), 2) : NONE;
      case "aten::_softmax", "aten::sigmoid", "aten::tanh", "aten::sin", "aten::cos" -> 1;
      case "aten::embedding" -> of(node.tensor("weight"));
      case "aten::linear" ->
          product(node.tensor("input"), node.tensor("weight"), node.tensorOrNull("bias"));
      case "aten::mm", "aten::bmm" -> product(node.tensor("self"), node.tensor("mat2"), null);
      case "aten::matmul" -> product(node.tensor("self"), node.tensor("other"), null);
      case "aten::addmm" ->
          number(node, "alpha") == 1 && number(node, "beta") == 1
              ? product(node.tensor("mat1"), node.tensor("mat2"), node.tensor("self"))
              : NONE;
      case "aten::convolution" -> convolution(node);
      case "aten::native_layer_norm" -> result == 0 ? layerNorm(node) : NONE;
      case "quantized_decomposed::dequantize_per_tensor" ->
          dequantized(node, number(node, "scale"), number(node, "zero_point"));
      case "quantized_decomposed::dequantize_per_channel" ->
          dequantized(
              node,
              largest(node.tensor("scales")),
              node.isNone("zero_points") ? 0 : largest(node.tensor("zero_points")));
      case "quantized_decomposed::dequantize_per_tensor.tensor" ->
          dynamicallyQuantized(node, "scale", "zero_point");
      case "quantized_decomposed::dequantize_per_token" ->
          dynamicallyQuantized(node, "scales", "zero_points");
      default -> NONE;
    };
  }

  /** The absolute value of a literal; without a bound if the program computes it. */
  private static double number(Node node, String parameter) {
    if (!node.operator().has(parameter)) {
      return 1;
    }
    return node.isLiteral(parameter) && !node.isNone(parameter)
        ? Math.abs(node.number(parameter))
        : NONE;
  }

  private double sum(Node node) {
    Value self = node.tensor("self");
    return of(self) * ((double) self.shape().numel() / node.result().shape().numel());
  }

  private double product(Value left, Value right, @Nullable Value bias) {
    if (left.shape().rank() == 0) {
      return NONE;
    }
    double summed = left.shape().size(-1);
    return summed * of(left) * of(right) + (bias == null ? 0 : of(bias));
  }

  private double convolution(Node node) {
    Value weight = node.tensor("weight");
    Value bias = node.tensorOrNull("bias");
    double summed = weight.shape().numel(); // more than enough, also when transposed
    return summed * of(node.tensor("input")) * of(weight) + (bias == null ? 0 : of(bias));
  }

  /**
   * No element is further from the mean of n than √n deviations. Doubled, for the mean's rounding.
   * Without an epsilon, a deviation that vanishes gives anything.
   */
  private double layerNorm(Node node) {
    if (number(node, "eps") <= 1e-30 || !node.isLiteral("normalized_shape")) {
      return NONE;
    }
    Shape shape = node.tensor("input").shape();
    double count = 1;
    for (int d = shape.rank() - node.integers("normalized_shape").length; d < shape.rank(); d++) {
      count *= shape.size(d);
    }
    Value weight = node.tensorOrNull("weight");
    Value bias = node.tensorOrNull("bias");
    return 2 * Math.sqrt(count) * (weight == null ? 1 : of(weight)) + (bias == null ? 0 : of(bias));
  }

  /** (q − zero point) · scale. */
  private static double dequantized(Node node, double scale, double zeroPoint) {
    double stored =
        switch (node.tensor("input").dtype()) {
          case INT8 -> 128;
          case UINT8 -> 255;
          case INT16 -> 1 << 15;
          case INT32 -> 1L << 31;
          default -> NONE;
        };
    return (stored + zeroPoint) * scale;
  }

  /**
   * With a scale chosen for the data: their range by the quantized range, so that 256 steps are at
   * most 256 times the range.
   */
  private double dynamicallyQuantized(Node node, String scale, String zeroPoint) {
    Node chosen = node.tensor(scale).producer();
    if (chosen == null
        || node.tensor(zeroPoint).producer() != chosen
        || !chosen.name().startsWith("quantized_decomposed::choose_qparams")
        || node.tensor("input").dtype() != DType.INT8) {
      return NONE;
    }
    return 512 * (of(chosen.tensor("input")) + 1);
  }

  private static double largest(Value value) {
    return value.isConstant() ? largest(value.constant()) : NONE;
  }

  /** The largest absolute value of a constant; NaN is passed over. */
  private static double largest(Constant constant) {
    if (constant.packing() != Packing.PLAIN) {
      return NONE;
    }
    MemorySegment data = constant.data(); // without gaps, in whatever order
    long count = constant.type().shape().numel();
    return switch (constant.type().dtype()) {
      case FLOAT -> {
        float most = 0;
        for (long i = 0; i < count; i++) {
          float element = Math.abs(data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i));
          most = element > most ? element : most;
        }
        yield most;
      }
      case DOUBLE -> {
        double most = 0;
        for (long i = 0; i < count; i++) {
          double element = Math.abs(data.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8 * i));
          most = element > most ? element : most;
        }
        yield most;
      }
      case INT8 -> 128;
      case UINT8 -> 255;
      case INT32 -> 1L << 31;
      case INT64 -> {
        double most = 0;
        for (long i = 0; i < count; i++) {
          most =
              Math.max(most, Math.abs((double) data.get(ValueLayout.JAVA_LONG_UNALIGNED, 8 * i)));
        }
        yield most;
      }
      default -> NONE;
    };
  }
}
