package dev.baton.runtime.kernel;

import org.jspecify.annotations.Nullable;

/**
 * How the sums of a quantized product become its results. Immutable, but for the scales of inputs
 * that are quantized at each run.
 */
@SuppressWarnings("ArrayRecordComponent")
public sealed interface Requantization {

  /**
   * As lowered programs compute: {@code clamp((float) (sum + bias) · factor)} rounded to even, plus
   * the zero point.
   *
   * @param factors by output channel, or one
   * @param bias by output channel; null for none
   * @param low least result without the zero point
   * @param high greatest result without the zero point
   */
  record Integers(float[] factors, int @Nullable [] bias, int zeroPoint, float low, float high)
      implements Requantization {

    static Integers of(
        float input,
        float[] weights,
        int @Nullable [] bias,
        Affine output,
        Clamp clamp,
        HeapArrays arrays) {
      float[] factors = arrays.floats(weights.length);
      for (int c = 0; c < weights.length; c++) {
        factors[c] = input * weights[c] / output.scale();
      }
      int zeroPoint = output.zeroPoint();
      return new Integers(
          factors,
          bias,
          zeroPoint,
          output.quantize(clamp.low()) - zeroPoint,
          output.quantize(clamp.high()) - zeroPoint);
    }
  }

  /**
   * Real results, {@code clamp(sum · input · weight + bias)}, or real ones that are quantized
   * afterwards as {@code quantize} does it.
   *
   * @param inputs scale of each position of the input, or one; the owner may change it between runs
   * @param weights scales by output channel, or one
   * @param bias by output channel; null for none
   * @param output null if the results stay real
   */
  record Reals(
      float[] inputs,
      float[] weights,
      float @Nullable [] bias,
      Clamp clamp,
      @Nullable Affine output)
      implements Requantization {

    /** The same for sums that the scales of their weights are in. */
    public Reals ofScaledSums() {
      return new Reals(inputs, new float[] {1}, bias, clamp, output);
    }
  }
}
