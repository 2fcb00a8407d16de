package dev.baton.runtime.kernel;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Loops between float32 and int8, of one step: what may be faster than in the reference kernels.
 */
public interface QuantizationLoops {
  /**
   * Quantizes {@code count} elements from {@code at}: {@code clamp(rint(x · inverse) + zero)}, of
   * which x · inverse is rounded to float32.
   */
  void quantize(
      Operand in, Operand out, long at, long count, float inverse, int zero, long min, long max);

  /** All elements: {@code (x − zero) · scale}. */
  void dequantize(Operand in, Operand out, float scale, int zero);

  /** Writes the least and the greatest of {@code count} elements from {@code at}, and 0. */
  void range(Operand in, long at, long count, float[] into);

  /**
   * The kernel of an operator with these loops; null if it has none of them.
   *
   * @param loops asked for once for each step
   */
  static @Nullable FastKernel kernel(String operator, Supplier<QuantizationLoops> loops) {
    return QuantizationKernels.with(operator, loops);
  }
}
