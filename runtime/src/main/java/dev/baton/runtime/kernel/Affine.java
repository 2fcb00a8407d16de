package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Quantization;
import org.jspecify.annotations.Nullable;

/**
 * One scale and zero point for a whole int8 tensor: real = (integer − zero point) · scale.
 *
 * @param min least integer that is written
 * @param max greatest integer that is written
 */
public record Affine(float scale, int zeroPoint, int min, int max) {
  /** Adding it to a number of less than 2²² leaves the number, rounded to even, in the low bits. */
  public static final float ROUNDING = 0x1.8p23f;

  /** The parameters of a quantization; null if it is another kind, or of another dtype. */
  public static @Nullable Affine of(@Nullable Quantization quantization) {
    if (!(quantization instanceof Quantization.PerTensor q)
        || q.dtype() != DType.INT8
        || q.min() < Byte.MIN_VALUE
        || q.max() > Byte.MAX_VALUE
        || q.zeroPoint() < Byte.MIN_VALUE
        || q.zeroPoint() > Byte.MAX_VALUE
        || !((float) q.scale() > 0)) {
      return null;
    }
    return new Affine((float) q.scale(), (int) q.zeroPoint(), (int) q.min(), (int) q.max());
  }

  /** What a real number is multiplied with before it is rounded. */
  public float inverse() {
    return (float) (1.0 / scale);
  }

  /** The nearest integer, ties to even, in the range. */
  public int quantize(float real) {
    return (int) Math.clamp(Math.rint(real / scale) + zeroPoint, min, max);
  }

  /**
   * True if a node was lowered when the program was exported. Its library computed with integers
   * throughout, and so do we, to give the same bits; an operator of the program itself computes
   * with real numbers between dequantize and quantize.
   */
  public static boolean isLowered(Node node) {
    return !node.origin().payload().isEmpty();
  }
}
