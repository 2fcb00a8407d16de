package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.graph.QuantizedOperator;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Convolutions and matrix products of int8 by constant int8 or int4 weights, summed as integers:
 * exact in any order. The weights are read as they are stored.
 */
public final class QuantizedProducts {
  /** With fewer tokens than this, a matrix product is made of dot products. */
  private static final int FEW = 32;

  private QuantizedProducts() {}

  static Fusion.@Nullable FusedKernel find(QuantizedOperator q) {
    QuantizedProduct product = QuantizedProduct.of(q);
    if (product == null) {
      return null;
    }
    return (facts, buffers) -> bind(product, facts, buffers);
  }

  /** The product on the reference kernels, for those of other modules that do not take it. */
  public static Step bind(
      QuantizedProduct product, NodeCall.Facts facts, BoundNodeCall.Buffers buffers) {
    return product.isConvolution()
        ? QuantizedConvolution.bind(product, facts, buffers)
        : bindLinear(product, facts, buffers);
  }

  // ---- y (tokens, channels) = x (tokens, k) · w (channels, k) or w (k, channels)

  private static Step bindLinear(
      QuantizedProduct parts, NodeCall.Facts facts, BoundNodeCall.Buffers buffers) {
    boolean rows = !parts.transposed();
    int channels = parts.channels();
    int k = parts.weight().source().shape().size(rows ? 1 : 0);
    int tokens = parts.tokens(facts);
    MemorySegment data = buffers.operand(parts.weight().source()).data();
    int[] zeroPoints = parts.isPerGroup() ? null : parts.channelZeroPoints(channels, buffers);
    IntegerGemm.Weights weights =
        new IntegerGemm.Weights(data, 0, rows ? k : 1, rows ? 1 : channels, zeroPoints);
    long quantized = QuantizedInput.scratchBytes(parts.input(), facts);
    boolean few = tokens < FEW || parts.isPerGroup();
    IntegerGemm gemm = few ? null : new IntegerGemm(buffers, channels, tokens, k);
    MemorySegment scratch = buffers.scratch(quantized + (gemm == null ? 0 : gemm.scratchBytes()));
    QuantizedInput x =
        QuantizedInput.bind(parts.input(), facts, buffers, scratch.asSlice(0, quantized));
    QuantizedOutput y = QuantizedOutput.of(parts, x, channels, tokens, buffers);
    if (parts.isPerGroup()) {
      return groups(parts, weights, x, (QuantizedOutput.Reals) y, tokens, channels, k, buffers);
    }
    if (gemm == null) {
      return dots(weights, x, y, tokens, channels, k, buffers);
    }
    MemorySegment partial = scratch.asSlice(quantized);
    IntegerGemm.Panel panel = (into, k0, kn, n0, nn) -> transpose(x, k, into, k0, kn, n0, nn);
    IntegerGemm.Rows results =
        (sums, row, n0, nn) -> y.write(sums, nn, row, n0, (long) n0 * channels + row, channels);
    return () -> {
      x.prepare();
      gemm.run(weights, panel, results, partial);
    };
  }

  private static void transpose(
      QuantizedInput x, int k, int[][] panel, int k0, int kn, int n0, int nn) {
    for (int j = 0; j < nn; j++) {
      long at = (long) (n0 + j) * k + k0;
      int zero = x.zeroPoint(n0 + j);
      for (int i = 0; i < kn; i++) {
        panel[i][j] = x.data().get(JAVA_BYTE, at + i) - zero;
      }
    }
  }

  private static void load(QuantizedInput x, int tokens, int k, int[] into) {
    for (int t = 0; t < tokens; t++) {
      int zero = x.zeroPoint(t);
      for (int i = 0; i < k; i++) {
        into[t * k + i] = x.data().get(JAVA_BYTE, (long) t * k + i) - zero;
      }
    }
  }

  private static Step dots(
      IntegerGemm.Weights weights,
      QuantizedInput x,
      QuantizedOutput y,
      int tokens,
      int channels,
      int k,
      HeapArrays arrays) {
    int[] in = arrays.ints((long) tokens * k);
    int[] row = arrays.ints(k);
    int[] sums = arrays.ints(tokens);
    return () -> {
      x.prepare();
      load(x, tokens, k, in);
      for (int c = 0; c < channels; c++) {
        weights.load(c, row, k);
        for (int t = 0; t < tokens; t++) {
          sums[t] = IntegerGemm.dot(in, t * k, row, 0, k);
        }
        y.write(sums, tokens, c, 0, c, channels);
      }
    };
  }

  /** Each group of a weight's row has its own scale. */
  private static Step groups(
      QuantizedProduct parts,
      IntegerGemm.Weights weights,
      QuantizedInput x,
      QuantizedOutput.Reals y,
      int tokens,
      int channels,
      int k,
      BoundNodeCall.Buffers buffers) {
    float[] scales = parts.scales(buffers);
    int[] zeroPoints = parts.zeroPoints(buffers);
    int count = scales.length / channels;
    int group = k / count;
    int[] in = buffers.ints((long) tokens * k);
    int[] row = buffers.ints(k);
    return () -> {
      x.prepare();
      load(x, tokens, k, in);
      for (int c = 0; c < channels; c++) {
        weights.load(c, row, k);
        for (int g = 0; zeroPoints != null && g < count; g++) {
          for (int i = 0; i < group; i++) {
            row[g * group + i] -= zeroPoints[c * count + g];
          }
        }
        for (int t = 0; t < tokens; t++) {
          float sum = 0;
          for (int g = 0; g < count; g++) {
            int at = g * group;
            sum += IntegerGemm.dot(in, t * k + at, row, at, group) * scales[c * count + g];
          }
          y.write(sum, c, t, (long) t * channels + c);
        }
      }
    };
  }
}
