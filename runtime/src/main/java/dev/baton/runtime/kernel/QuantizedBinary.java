package dev.baton.runtime.kernel;

import dev.baton.graph.Node;
import dev.baton.graph.QuantizedOperator;
import dev.baton.graph.Value;
import org.jspecify.annotations.Nullable;

/**
 * A sum, difference or product of two int8 tensors, broadcast to an int8 result.
 *
 * @param by how an element is computed
 */
public record QuantizedBinary(Value left, Value right, Value result, Formula by) {

  /** How an element y is computed of a and b. */
  public sealed interface Formula {}

  /**
   * {@code y = clamp((start + a · left + b · right) >> shift) + zeroPoint}, in 32 bits.
   *
   * @param low least result without the zero point
   * @param high greatest result without the zero point
   */
  public record Sum(int start, int left, int right, int shift, int low, int high, int zeroPoint)
      implements Formula {}

  /**
   * {@code y = rint(clamp((float) ((a − left) · (b − right)) · factor)) + zeroPoint}.
   *
   * @param low least result without the zero point
   * @param high greatest result without the zero point
   */
  public record Product(int left, int right, float factor, int low, int high, int zeroPoint)
      implements Formula {}

  /**
   * {@code y = quantize(clamp(a' · b'))} or {@code quantize(clamp(a' + sign · b'))}, of real
   * numbers a' and b'.
   */
  public record Reals(
      Affine left, Affine right, Affine output, Clamp clamp, boolean product, float sign)
      implements Formula {}

  /** What an operator is; null if it is none of these. */
  public static @Nullable QuantizedBinary of(QuantizedOperator q) {
    Node node = q.operator();
    boolean known =
        switch (node.name()) {
          case "aten::add.Tensor", "aten::sub.Tensor" ->
              node.isLiteral("alpha") && node.number("alpha") == 1;
          case "aten::mul.Tensor" -> true;
          default -> false;
        };
    if (!known) {
      return null;
    }
    QuantizedOperator.Operand left = q.operand("self");
    QuantizedOperator.Operand right = q.operand("other");
    Affine a = Affine.of(left.quantization());
    Affine b = Affine.of(right.quantization());
    Affine y = Affine.of(q.output());
    Clamp clamp = Clamp.of(q.clamp());
    if (a == null || b == null || y == null || clamp == null) {
      return null;
    }
    Formula formula = formula(node, a, b, y, clamp);
    return formula == null
        ? null
        : new QuantizedBinary(left.source(), right.source(), q.result(), formula);
  }

  private static @Nullable Formula formula(Node node, Affine a, Affine b, Affine y, Clamp clamp) {
    boolean product = node.name().startsWith("aten::mul");
    boolean difference = node.name().startsWith("aten::sub");
    if (!Affine.isLowered(node)) {
      return new Reals(a, b, y, clamp, product, difference ? -1 : 1);
    }
    int zero = y.zeroPoint();
    int low = y.quantize(clamp.low()) - zero;
    int high = y.quantize(clamp.high()) - zero;
    return product
        ? new Product(
            a.zeroPoint(), b.zeroPoint(), a.scale() * b.scale() / y.scale(), low, high, zero)
        : sum(a, b, difference, y, low, high);
  }

  /** The factors are integers under one shift, the larger of them of 21 bits. */
  private static @Nullable Sum sum(
      Affine a, Affine b, boolean difference, Affine y, int low, int high) {
    float ratioA = a.scale() / y.scale();
    float ratioB = b.scale() / y.scale();
    int shift = 20 - Math.getExponent(Math.max(ratioA, ratioB));
    if (shift < 1 || shift > 30) {
      return null; // the scales are too far apart
    }
    int factorA = (int) Math.rint(Math.scalb((double) ratioA, shift));
    int factorB = (int) Math.rint(Math.scalb((double) ratioB, shift)) * (difference ? -1 : 1);
    int start = (1 << (shift - 1)) - a.zeroPoint() * factorA - b.zeroPoint() * factorB;
    return new Sum(start, factorA, factorB, shift, low, high, y.zeroPoint());
  }
}
