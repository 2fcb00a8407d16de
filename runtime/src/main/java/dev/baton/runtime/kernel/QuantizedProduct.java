package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Quantization;
import dev.baton.graph.QuantizedOperator;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A convolution or matrix product of int8 by constant int8 or int4 weights that can be summed as
 * integers: exact in any order.
 *
 * @param transposed if a matrix weight is (k, channels), as {@code mm} has it, not (channels, k)
 * @param output null if the result stays real
 */
public record QuantizedProduct(
    QuantizedOperator operator,
    boolean transposed,
    QuantizedOperator.Operand input,
    QuantizedOperator.Operand weight,
    QuantizedOperator.@Nullable Operand bias,
    Clamp clamp,
    @Nullable Affine output) {

  /** The product that an operator is; null if it is none of these. */
  public static @Nullable QuantizedProduct of(QuantizedOperator q) {
    Node node = q.operator();
    return switch (node.name()) {
      case "aten::convolution" -> convolution(q);
      case "aten::linear" -> matrix(of(q, false, "input", "weight", "bias", 0));
      case "aten::mm" -> matrix(of(q, true, "self", "mat2", null, 1));
      case "aten::addmm" -> {
        boolean plain =
            node.isLiteral("alpha")
                && node.number("alpha") == 1
                && node.isLiteral("beta")
                && node.number("beta") == 1;
        yield plain ? matrix(of(q, true, "mat1", "mat2", "self", 1)) : null;
      }
      default -> null;
    };
  }

  private static @Nullable QuantizedProduct convolution(QuantizedOperator q) {
    Node node = q.operator();
    boolean transposed = node.isLiteral("transposed") && node.bool("transposed");
    QuantizedProduct product = of(q, false, "input", "weight", "bias", transposed ? 1 : 0);
    boolean perTensor =
        product != null
            && !(product.input.quantization() instanceof Quantization.Dynamic d && d.perToken());
    boolean shared = // the channels of a group, in every group
        transposed && node.isLiteral("groups") && node.integer("groups") != 1;
    return product == null
            || !perTensor
            || !node.isLiteral("transposed")
            || product.isPerGroup()
            || (shared && product.weight.quantization() instanceof Quantization.PerChannel)
        ? null
        : product;
  }

  private static @Nullable QuantizedProduct matrix(@Nullable QuantizedProduct product) {
    if (product == null
        || product.weight.source().shape().rank() != 2
        || product.weight.source().shape().numel() == 0) { // a product over nothing is the bias
      return null;
    }
    if (product.bias != null) {
      int channels = product.channels();
      Shape bias = product.bias.source().shape();
      if (bias.numel() != 1 && (bias.numel() != channels || bias.size(-1) != channels)) {
        return null;
      }
    }
    return product;
  }

  /**
   * @param bias name of a parameter that may be absent; null if there is none
   * @param outputs dimension of the weight that is the output channels
   */
  private static @Nullable QuantizedProduct of(
      QuantizedOperator q,
      boolean matrixTransposed,
      String input,
      String weight,
      @Nullable String bias,
      int outputs) {
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
    return fits && clamp != null
        ? new QuantizedProduct(q, matrixTransposed, x, w, b, clamp, output)
        : null;
  }

  public boolean isConvolution() {
    return operator.operator().name().equals("aten::convolution");
  }

  /** Output channels of a matrix product. */
  public int channels() {
    return weight.source().shape().size(transposed ? 1 : 0);
  }

  /** Rows of a matrix product, of which each has a scale if it is quantized by token. */
  public int tokens(NodeCall.Facts facts) {
    Shape shape = facts.type(input.source()).shape();
    int tokens = Math.toIntExact(shape.numel() / shape.size(-1));
    if (input.quantization() instanceof Quantization.Dynamic d && d.perToken()) {
      long scales = facts.type(input.nodes().get(0).result()).shape().numel();
      if (scales != tokens) {
        throw new KernelException(scales + " scales for " + tokens + " tokens");
      }
    }
    return tokens;
  }

  private static boolean isWeight(QuantizedOperator.Operand weight, int outputs) {
    boolean fits =
        switch (weight.quantization()) {
          case Quantization.PerTensor p -> p.dtype() == DType.INT8;
          case Quantization.PerChannel p -> p.dtype() == DType.INT8 && p.axis() == outputs;
          case Quantization.PerGroup p -> p.dtype() == DType.INT8 && outputs == 0;
          case null, default -> false;
        };
    return fits && areZeroPointsIn(weight, Byte.MIN_VALUE, Byte.MAX_VALUE);
  }

  private static boolean isBias(QuantizedOperator.Operand bias) {
    return bias.source().isConstant()
        && switch (bias.quantization()) {
          case null -> bias.source().dtype() == DType.FLOAT;
          case Quantization.PerTensor p -> p.dtype() == DType.INT32 && areZeroPointsIn(bias, 0, 0);
          case Quantization.PerChannel p -> p.dtype() == DType.INT32 && areZeroPointsIn(bias, 0, 0);
          default -> false;
        };
  }

  /** True if all zero points are known and between two bounds: sums of others are not exact. */
  private static boolean areZeroPointsIn(QuantizedOperator.Operand operand, int low, int high) {
    if (operand.quantization() instanceof Quantization.PerTensor p) {
      return p.zeroPoint() >= low && p.zeroPoint() <= high;
    }
    Value given = dequantize(operand).tensorOrNull("zero_points");
    if (given == null) {
      return true;
    }
    if (!given.isConstant() || !given.constant().isContiguous()) {
      return false;
    }
    Elements points =
        Elements.of(new Operand(given.constant().data(), given.dtype(), given.shape()));
    for (long i = 0; i < given.shape().numel(); i++) {
      long point = points.getLong(i);
      if (point < low || point > high) {
        return false;
      }
    }
    return true;
  }

  public boolean isPerGroup() {
    return weight.quantization() instanceof Quantization.PerGroup;
  }

  /** Scales of the weight: one, by output channel, or by channel and group. */
  public float[] scales(BoundNodeCall.Buffers buffers) {
    return scales(weight, buffers);
  }

  private static float[] scales(QuantizedOperator.Operand operand, BoundNodeCall.Buffers buffers) {
    if (operand.quantization() instanceof Quantization.PerTensor p) {
      return new float[] {(float) p.scale()};
    }
    Operand scales = buffers.operand(dequantize(operand).tensor("scales"));
    Elements elements = Elements.of(scales);
    float[] result = buffers.floats(scales.shape().numel());
    for (int i = 0; i < result.length; i++) {
      result[i] = (float) elements.getDouble(i);
    }
    return result;
  }

  /** As {@link #scales}, as many as these; null if all are 0. */
  public int @Nullable [] zeroPoints(BoundNodeCall.Buffers buffers) {
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
    int[] result = buffers.ints(points.shape().numel());
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
  public int @Nullable [] channelZeroPoints(int channels, BoundNodeCall.Buffers buffers) {
    int[] points = zeroPoints(buffers);
    if (points == null || points.length == channels) {
      return points;
    }
    int[] all = buffers.ints(channels);
    Arrays.fill(all, points[0]);
    return all;
  }

  /** How the sums become results. */
  public Requantization requantization(
      QuantizedInput in, int channels, BoundNodeCall.Buffers buffers) {
    Affine to = output;
    boolean integers =
        Affine.isLowered(operator.operator())
            && Affine.of(input.quantization()) != null
            && (bias == null || bias.isQuantized())
            && !isPerGroup();
    if (to != null && integers) {
      int[] start = bias == null ? null : biasIntegers(bias, channels, buffers);
      return Requantization.Integers.of(in.scales()[0], scales(buffers), start, to, clamp, buffers);
    }
    float[] start = bias == null ? null : biasReals(bias, channels, buffers);
    return new Requantization.Reals(in.scales(), scales(buffers), start, clamp, to);
  }

  private static int[] biasIntegers(
      QuantizedOperator.Operand bias, int channels, BoundNodeCall.Buffers buffers) {
    Elements elements = Elements.of(buffers.operand(bias.source()));
    long count = bias.source().shape().numel();
    int[] result = buffers.ints(channels);
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
    float[] result = buffers.floats(channels);
    for (int c = 0; c < channels; c++) {
      double value = elements.getDouble(count == 1 ? 0 : c);
      int zero = points == null ? 0 : points[points.length == 1 ? 0 : c];
      result[c] = (float) (value - zero) * scales[scales.length == 1 ? 0 : c];
    }
    return result;
  }
}
