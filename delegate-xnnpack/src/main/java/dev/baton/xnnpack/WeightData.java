package dev.baton.xnnpack;

import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Packing;
import dev.baton.graph.Quantization;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Weights of a product: real numbers, or integers and what makes real numbers of them.
 *
 * @param constant the stored elements
 * @param quantization how they are quantized; null if they are real
 */
record WeightData(Constant constant, @Nullable Quantization quantization) {

  /** The weights that a value is; null if it is no constant, or of other elements. */
  static @Nullable WeightData of(@Nullable Value value) {
    if (value == null) {
      return null;
    }
    if (value.isConstant()) {
      return Weights.isReal(value.constant()) ? new WeightData(value.constant(), null) : null;
    }
    Node dequantize = dequantize(value);
    if (dequantize == null || value.dtype() != DType.FLOAT) {
      return null;
    }
    Constant stored = dequantize.tensor("input").constant();
    Quantization quantization = Quantization.of(dequantize);
    boolean readable = stored.type().dtype() == DType.INT8 || stored.type().dtype() == DType.INT32;
    return quantization != null && readable ? new WeightData(stored, quantization) : null;
  }

  /** The node that makes a value of a quantized constant; null if there is none. */
  static @Nullable Node dequantize(@Nullable Value value) {
    Node node = value == null ? null : value.producer();
    return node != null && Quantization.isDequantize(node) && node.tensor("input").isConstant()
        ? node
        : null;
  }

  /** The real numbers, of the same shape, contiguous and in 32 bits unless they are stored. */
  Constant real() {
    Quantization q = quantization;
    if (q == null) {
      return constant;
    }
    int[] integers = integers(constant);
    float[] real = new float[integers.length];
    int[] sizes = constant.type().shape().sizes();
    switch (q) {
      case Quantization.PerTensor t -> {
        for (int i = 0; i < real.length; i++) {
          real[i] = (integers[i] - t.zeroPoint()) * (float) t.scale();
        }
      }
      case Quantization.PerChannel c -> {
        int run = 1;
        for (int d = c.axis() + 1; d < sizes.length; d++) {
          run *= sizes[d];
        }
        scale(integers, floats(c.scales()), zeroPoints(c.zeroPoints()), run, real);
      }
      case Quantization.PerGroup g ->
          scale(integers, floats(g.scales()), zeroPoints(g.zeroPoints()), g.groupSize(), real);
      default -> throw new IllegalStateException("weights are constant");
    }
    return Constant.of(MemorySegment.ofArray(real), TensorType.of(DType.FLOAT, sizes));
  }

  private static void scale(
      int[] integers, float[] scales, int @Nullable [] zeroPoints, int run, float[] real) {
    for (int i = 0; i < real.length; i++) {
      int s = i / run % scales.length;
      real[i] = (integers[i] - (zeroPoints == null ? 0 : zeroPoints[s])) * scales[s];
    }
  }

  /** Integers in the order of the logical dimensions. */
  static int[] integers(Constant constant) {
    int[] result = new int[Math.toIntExact(constant.type().shape().numel())];
    MemorySegment data = constant.data();
    if (constant.packing() == Packing.INT4_NIBBLES) {
      int row = constant.type().shape().size(-1);
      long rowBytes = (row + 1L) / 2;
      for (int i = 0; i < result.length; i++) {
        int column = i % row;
        int both = data.get(ValueLayout.JAVA_BYTE, i / row * rowBytes + column / 2);
        result[i] = column % 2 == 0 ? both & 15 : (both >> 4) & 15;
      }
      return result;
    }
    int[] sizes = constant.type().shape().sizes();
    long[] strides = constant.strides();
    int[] index = new int[sizes.length];
    long at = 0;
    DType dtype = constant.type().dtype();
    for (int i = 0; i < result.length; i++) {
      result[i] =
          switch (dtype) {
            case INT8 -> data.get(ValueLayout.JAVA_BYTE, at);
            case INT32 -> data.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, at);
            case INT64 -> (int) data.getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, at);
            default -> throw new IllegalStateException("no integers: " + constant);
          };
      for (int d = sizes.length - 1; d >= 0; d--) {
        at += strides[d];
        if (++index[d] < sizes[d]) {
          break;
        }
        at -= strides[d] * sizes[d];
        index[d] = 0;
      }
    }
    return result;
  }

  /** Scales, whatever real dtype they have. */
  static float[] floats(Constant constant) {
    if (constant.type().dtype() != DType.DOUBLE) {
      return Weights.toArray(constant);
    }
    float[] values = new float[Math.toIntExact(constant.type().shape().numel())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) constant.data().getAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, i);
    }
    return values;
  }

  private static int @Nullable [] zeroPoints(@Nullable Constant constant) {
    return constant == null ? null : integers(constant);
  }

  /**
   * The zero point that all elements have.
   *
   * @return {@link Integer#MIN_VALUE} if they have different ones
   */
  int zeroPoint() {
    return switch (quantization) {
      case null -> 0;
      case Quantization.PerTensor t -> Math.toIntExact(t.zeroPoint());
      case Quantization.PerChannel c -> common(c.zeroPoints());
      case Quantization.PerGroup g -> common(g.zeroPoints());
      default -> Integer.MIN_VALUE;
    };
  }

  private static int common(@Nullable Constant zeroPoints) {
    if (zeroPoints == null) {
      return 0;
    }
    int[] all = integers(zeroPoints);
    for (int z : all) {
      if (z != all[0]) {
        return Integer.MIN_VALUE;
      }
    }
    return all.length == 0 ? 0 : all[0];
  }

  /** A scale for each of so many channels. */
  float[] scales(int channels) {
    float[] scales =
        switch (quantization) {
          case Quantization.PerChannel c -> floats(c.scales());
          case Quantization.PerTensor t -> {
            float[] same = new float[channels];
            java.util.Arrays.fill(same, (float) t.scale());
            yield same;
          }
          case null, default -> throw new IllegalStateException("no scale for each channel");
        };
    if (scales.length != channels) {
      throw new IllegalStateException(scales.length + " scales for " + channels + " channels");
    }
    return scales;
  }

  /** True if the elements fit into 4 bits. */
  boolean isInt4() {
    return quantization != null && quantization.max() - quantization.min() <= 15;
  }
}
