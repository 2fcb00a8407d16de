package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Quantization;
import dev.baton.graph.QuantizedOperator;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Convolutions and matrix products of int8 by constant int8 or int4 weights, summed as integers:
 * exact in any order. The weights are read as they are stored.
 */
final class QuantizedProducts {
  /** With fewer tokens than this, a matrix product is made of dot products. */
  private static final int FEW = 32;

  private QuantizedProducts() {}

  static Fusion.@Nullable FusedKernel find(QuantizedOperator q) {
    return switch (q.operator().name()) {
      case "aten::convolution" -> {
        Node node = q.operator();
        boolean transposed = node.isLiteral("transposed") && node.bool("transposed");
        Parts parts = Parts.of(q, "input", "weight", "bias", transposed ? 1 : 0);
        boolean perTensor =
            parts != null
                && !(parts.input.quantization() instanceof Quantization.Dynamic d && d.perToken());
        boolean shared = // the channels of a group, in every group
            transposed && node.isLiteral("groups") && node.integer("groups") != 1;
        yield parts == null
                || !perTensor
                || !node.isLiteral("transposed")
                || parts.isPerGroup()
                || (shared && parts.weight.quantization() instanceof Quantization.PerChannel)
            ? null
            : (facts, buffers) -> QuantizedConvolution.bind(parts, facts, buffers);
      }
      case "aten::linear" -> linear(Parts.of(q, "input", "weight", "bias", 0), true);
      case "aten::mm" -> linear(Parts.of(q, "self", "mat2", null, 1), false);
      case "aten::addmm" -> {
        Node node = q.operator();
        boolean plain =
            node.isLiteral("alpha")
                && node.number("alpha") == 1
                && node.isLiteral("beta")
                && node.number("beta") == 1;
        yield plain ? linear(Parts.of(q, "mat1", "mat2", "self", 1), false) : null;
      }
      default -> null;
    };
  }

  /**
   * A product that can be computed with integers.
   *
   * @param output null if the result stays real
   */
  record Parts(
      QuantizedOperator operator,
      QuantizedOperator.Operand input,
      QuantizedOperator.Operand weight,
      QuantizedOperator.@Nullable Operand bias,
      Clamp clamp,
      @Nullable Affine output) {

    /**
     * @param bias name of a parameter that may be absent; null if there is none
     * @param outputs dimension of the weight that is the output channels
     * @return null if the product is another
     */
    static @Nullable Parts of(
        QuantizedOperator q, String input, String weight, @Nullable String bias, int outputs) {
      QuantizedOperator.Operand w = q.operand(weight);
      QuantizedOperator.Operand x = q.operand(input);
      QuantizedOperator.Operand b =
          bias == null || q.operator().isNone(bias) ? null : q.operand(bias);
      Clamp clamp = Clamp.of(q.clamp());
      Affine output = Affine.of(q.output());
      boolean fits =
          QuantizedInput.isSupported(x)
              && w.source().isConstant()
              && isWeight(w, outputs)
              && (b == null || isBias(b))
              && clamp != null
              && (output != null || q.quantize() == null)
              && q.operator().result().dtype() == DType.FLOAT;
      return fits && clamp != null ? new Parts(q, x, w, b, clamp, output) : null;
    }

    private static boolean isWeight(QuantizedOperator.Operand weight, int outputs) {
      return switch (weight.quantization()) {
        case Quantization.PerTensor p -> p.dtype() == DType.INT8;
        case Quantization.PerChannel p -> p.dtype() == DType.INT8 && p.axis() == outputs;
        case Quantization.PerGroup p -> p.dtype() == DType.INT8 && outputs == 0;
        case null, default -> false;
      };
    }

    private static boolean isBias(QuantizedOperator.Operand bias) {
      return bias.source().isConstant()
          && switch (bias.quantization()) {
            case null -> bias.source().dtype() == DType.FLOAT;
            case Quantization.PerTensor p -> p.dtype() == DType.INT32;
            case Quantization.PerChannel p -> p.dtype() == DType.INT32;
            default -> false;
          };
    }

    boolean isPerGroup() {
      return weight.quantization() instanceof Quantization.PerGroup;
    }

    /** Scales of the weight: one, by output channel, or by channel and group. */
    float[] scales(BoundNodeCall.Buffers buffers) {
      return scales(weight, buffers);
    }

    private static float[] scales(
        QuantizedOperator.Operand operand, BoundNodeCall.Buffers buffers) {
      if (operand.quantization() instanceof Quantization.PerTensor p) {
        return new float[] {(float) p.scale()};
      }
      Operand scales = buffers.operand(dequantize(operand).tensor("scales"));
      Elements elements = Elements.of(scales);
      float[] result = new float[Math.toIntExact(scales.shape().numel())];
      for (int i = 0; i < result.length; i++) {
        result[i] = (float) elements.getDouble(i);
      }
      return result;
    }

    /** As {@link #scales}, as many as these; null if all are 0. */
    int @Nullable [] zeroPoints(BoundNodeCall.Buffers buffers) {
      return zeroPoints(weight, buffers);
    }

    private static int @Nullable [] zeroPoints(
        QuantizedOperator.Operand operand, BoundNodeCall.Buffers buffers) {
      if (operand.quantization() instanceof Quantization.PerTensor p) {
        return p.zeroPoint() == 0 ? null : new int[] {Math.toIntExact(p.zeroPoint())};
      }
      Value given = dequantize(operand).tensorOrNull("zero_points");
      if (given == null) {
        return null;
      }
      Operand points = buffers.operand(given);
      Elements elements = Elements.of(points);
      int[] result = new int[Math.toIntExact(points.shape().numel())];
      boolean zero = true;
      for (int i = 0; i < result.length; i++) {
        result[i] = (int) elements.getLong(i);
        zero &= result[i] == 0;
      }
      return zero ? null : result;
    }

    private static Node dequantize(QuantizedOperator.Operand operand) {
      return operand.nodes().getLast();
    }

    /** Zero points by output channel; null if all are 0. */
    int @Nullable [] channelZeroPoints(int channels, BoundNodeCall.Buffers buffers) {
      int[] points = zeroPoints(buffers);
      if (points == null || points.length == channels) {
        return points;
      }
      int[] all = new int[channels];
      Arrays.fill(all, points[0]);
      return all;
    }

    /**
     * Where the results go.
     *
     * @param longest run that is written at once
     */
    QuantizedOutput output(
        QuantizedInput in, int channels, int longest, BoundNodeCall.Buffers buffers) {
      MemorySegment out = buffers.operand(operator.result()).data();
      Affine to = output;
      boolean integers =
          Affine.isLowered(operator.operator())
              && Affine.of(input.quantization()) != null
              && (bias == null || bias.isQuantized())
              && !isPerGroup();
      if (to != null && integers) {
        int[] start = bias == null ? null : biasIntegers(bias, channels, buffers);
        return new QuantizedOutput.Integers(
            out, longest, in.scales[0], scales(buffers), start, to, clamp);
      }
      float[] start = bias == null ? null : biasReals(bias, channels, buffers);
      return new QuantizedOutput.Reals(out, longest, in.scales, scales(buffers), start, clamp, to);
    }

    private static int[] biasIntegers(
        QuantizedOperator.Operand bias, int channels, BoundNodeCall.Buffers buffers) {
      Elements elements = Elements.of(buffers.operand(bias.source()));
      long count = bias.source().shape().numel();
      int[] result = new int[channels];
      for (int c = 0; c < channels; c++) {
        result[c] = (int) elements.getLong(count == 1 ? 0 : c);
      }
      return result;
    }

    private static float[] biasReals(
        QuantizedOperator.Operand bias, int channels, BoundNodeCall.Buffers buffers) {
      Elements elements = Elements.of(buffers.operand(bias.source()));
      float[] scales = bias.isQuantized() ? scales(bias, buffers) : new float[] {1};
      int[] points = bias.isQuantized() ? zeroPoints(bias, buffers) : null;
      long count = bias.source().shape().numel();
      float[] result = new float[channels];
      for (int c = 0; c < channels; c++) {
        double value = elements.getDouble(count == 1 ? 0 : c);
        int zero = points == null ? 0 : points[points.length == 1 ? 0 : c];
        result[c] = (float) (value - zero) * scales[scales.length == 1 ? 0 : c];
      }
      return result;
    }
  }

  // ---- y (tokens, channels) = x (tokens, k) · w (channels, k) or w (k, channels)

  private static Fusion.@Nullable FusedKernel linear(@Nullable Parts parts, boolean rows) {
    if (parts == null
        || parts.weight.source().shape().rank() != 2
        || parts.weight.source().shape().numel() == 0) { // a product over no elements is the bias
      return null;
    }
    int channels = parts.weight.source().shape().size(rows ? 0 : 1);
    if (parts.bias != null) {
      Shape bias = parts.bias.source().shape();
      if (bias.numel() != 1 && (bias.numel() != channels || bias.size(-1) != channels)) {
        return null;
      }
    }
    return (facts, buffers) -> bindLinear(parts, rows, channels, facts, buffers);
  }

  private static Step bindLinear(
      Parts parts,
      boolean rows,
      int channels,
      NodeCall.Facts facts,
      BoundNodeCall.Buffers buffers) {
    Shape input = facts.type(parts.input.source()).shape();
    int k = input.size(-1);
    int tokens = Math.toIntExact(input.numel() / k);
    if (parts.input.quantization() instanceof Quantization.Dynamic d && d.perToken()) {
      long scales = facts.type(parts.input.nodes().get(0).result()).shape().numel();
      if (scales != tokens) {
        throw new KernelException(scales + " scales for " + tokens + " tokens");
      }
    }
    MemorySegment data = buffers.operand(parts.weight.source()).data();
    int[] zeroPoints = parts.isPerGroup() ? null : parts.channelZeroPoints(channels, buffers);
    IntegerGemm.Weights weights =
        new IntegerGemm.Weights(data, 0, rows ? k : 1, rows ? 1 : channels, zeroPoints);
    long quantized = QuantizedInput.scratchBytes(parts.input, facts);
    boolean few = tokens < FEW || parts.isPerGroup();
    IntegerGemm gemm = few ? null : new IntegerGemm(channels, tokens, k);
    MemorySegment scratch = buffers.scratch(quantized + (gemm == null ? 0 : gemm.scratchBytes()));
    QuantizedInput x =
        QuantizedInput.bind(parts.input, facts, buffers, scratch.asSlice(0, quantized));
    QuantizedOutput y = parts.output(x, channels, tokens, buffers);
    if (parts.isPerGroup()) {
      return groups(parts, weights, x, (QuantizedOutput.Reals) y, tokens, channels, k, buffers);
    }
    if (gemm == null) {
      return dots(weights, x, y, tokens, channels, k);
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
        panel[i][j] = x.data.get(JAVA_BYTE, at + i) - zero;
      }
    }
  }

  private static void load(QuantizedInput x, int tokens, int k, int[] into) {
    for (int t = 0; t < tokens; t++) {
      int zero = x.zeroPoint(t);
      for (int i = 0; i < k; i++) {
        into[t * k + i] = x.data.get(JAVA_BYTE, (long) t * k + i) - zero;
      }
    }
  }

  private static Step dots(
      IntegerGemm.Weights weights,
      QuantizedInput x,
      QuantizedOutput y,
      int tokens,
      int channels,
      int k) {
    int[] in = new int[Math.multiplyExact(tokens, k)];
    int[] row = new int[k];
    int[] sums = new int[tokens];
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
      Parts parts,
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
    int[] in = new int[Math.multiplyExact(tokens, k)];
    int[] row = new int[k];
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
