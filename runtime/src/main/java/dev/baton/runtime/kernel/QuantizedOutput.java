package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * Where the sums of a quantized product go: scaled, clamped, and rounded where they are integers.
 */
abstract class QuantizedOutput {
  final MemorySegment out;
  final float[] real;
  private final byte[] bytes;

  /**
   * Where the results of a product go.
   *
   * @param longest run of elements that is written at once
   */
  static QuantizedOutput of(
      QuantizedProduct product,
      QuantizedInput in,
      int channels,
      int longest,
      BoundNodeCall.Buffers buffers) {
    MemorySegment out = buffers.operand(product.operator().result()).data();
    float[] real = buffers.floats(longest);
    byte[] bytes = buffers.bytes(longest);
    return switch (product.requantization(in, channels, buffers)) {
      case Requantization.Integers integers -> new Integers(out, real, bytes, integers);
      case Requantization.Reals reals -> new Reals(out, real, bytes, reals);
    };
  }

  /**
   * @param real as long as what is written at once, as are {@code bytes}
   */
  private QuantizedOutput(MemorySegment out, float[] real, byte[] bytes) {
    this.out = out;
    this.real = real;
    this.bytes = bytes;
  }

  /**
   * Writes {@code count} results.
   *
   * @param sums of one output channel, products of integers without zero points
   * @param position of the first: what has a scale of its own in the input
   * @param at index of the first result
   * @param stride between results
   */
  abstract void write(int[] sums, int count, int channel, int position, long at, long stride);

  /** Results with their zero point: what is in {@link #real}, clamped and rounded. */
  final void round(int count, float low, float high, int zeroPoint, long at, long stride) {
    round(real, bytes, count, low, high, zeroPoint);
    if (stride == 1) {
      MemorySegment.copy(bytes, 0, out, JAVA_BYTE, at, count);
    } else {
      for (int j = 0; j < count; j++) {
        out.set(JAVA_BYTE, at + j * stride, bytes[j]);
      }
    }
  }

  /** Rounds to integers between two bounds, ties to even, and adds the zero point. */
  static void round(float[] from, byte[] to, int count, float low, float high, int zeroPoint) {
    for (int j = 0; j < count; j++) {
      float y = Math.min(Math.max(from[j], low), high);
      to[j] = (byte) ((int) (y + Affine.ROUNDING - Affine.ROUNDING) + zeroPoint);
    }
  }

  /** As lowered programs compute: the bias is an integer, and one factor leads to the result. */
  static final class Integers extends QuantizedOutput {
    private final Requantization.Integers by;

    Integers(MemorySegment out, float[] real, byte[] bytes, Requantization.Integers by) {
      super(out, real, bytes);
      this.by = by;
    }

    @Override
    void write(int[] sums, int count, int channel, int position, long at, long stride) {
      int[] bias = by.bias();
      int start = bias == null ? 0 : bias[channel];
      float[] factors = by.factors();
      scale(sums, start, factors[factors.length == 1 ? 0 : channel], real, count);
      round(count, by.low(), by.high(), by.zeroPoint(), at, stride);
    }

    private static void scale(int[] sums, int start, float factor, float[] to, int count) {
      for (int j = 0; j < count; j++) {
        to[j] = (float) (sums[j] + start) * factor;
      }
    }
  }

  /** Real results, or real ones that are quantized afterwards as {@code quantize} does it. */
  static final class Reals extends QuantizedOutput {
    private final Requantization.Reals by;
    private final float[] inputs;

    Reals(MemorySegment out, float[] real, byte[] bytes, Requantization.Reals by) {
      super(out, real, bytes);
      this.by = by;
      this.inputs = by.inputs();
    }

    @Override
    void write(int[] sums, int count, int channel, int position, long at, long stride) {
      float[] weights = by.weights();
      float weight = weights[weights.length == 1 ? 0 : channel];
      for (int j = 0; j < count; j++) {
        real[j] = sums[j] * inputs[inputs.length == 1 ? 0 : position + j] * weight;
      }
      finish(count, channel, at, stride);
    }

    /** One result, of a sum that the scales of its weights are in. */
    void write(float sum, int channel, int position, long at) {
      real[0] = sum * inputs[inputs.length == 1 ? 0 : position];
      finish(1, channel, at, 1);
    }

    private void finish(int count, int channel, long at, long stride) {
      float[] bias = by.bias();
      float start = bias == null ? 0 : bias[channel];
      Clamp clamp = by.clamp();
      for (int j = 0; j < count; j++) {
        real[j] = Math.min(Math.max(real[j] + start, clamp.low()), clamp.high());
      }
      Affine affine = by.output();
      if (affine == null) {
        for (int j = 0; j < count; j++) {
          out.setAtIndex(JAVA_FLOAT, at + j * stride, real[j]);
        }
      } else {
        float inverse = affine.inverse();
        for (int j = 0; j < count; j++) {
          real[j] *= inverse;
        }
        int zero = affine.zeroPoint();
        round(count, affine.min() - zero, affine.max() - zero, zero, at, stride);
      }
    }
  }
}
