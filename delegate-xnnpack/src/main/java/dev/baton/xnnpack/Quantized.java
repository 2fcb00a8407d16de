package dev.baton.xnnpack;

import static dev.baton.delegate.Decline.Kind.ARGUMENT;
import static dev.baton.delegate.Decline.Kind.DTYPE;
import static dev.baton.delegate.Decline.Kind.NOT_CONSTANT;
import static dev.baton.delegate.Decline.Kind.OPERATOR;
import static dev.baton.delegate.Decline.Kind.VERSION;

import dev.baton.delegate.Decline;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Packing;
import dev.baton.graph.Quantization;
import dev.baton.graph.Quantization.Dynamic;
import dev.baton.graph.Quantization.PerChannel;
import dev.baton.graph.Quantization.PerGroup;
import dev.baton.graph.Quantization.PerTensor;
import dev.baton.graph.QuantizedOperator;
import dev.baton.graph.QuantizedOperator.Operand;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import dev.baton.xnnpack.ffi.XnnFeature;
import dev.baton.xnnpack.ffi.XnnFunction;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The operators on quantized tensors that XNNPACK computes with their integers. */
final class Quantized {
  /**
   * The tensor arguments of a product.
   *
   * @param bias null if it has none
   */
  record Product(String input, String weight, @Nullable String bias, int weightOutputs) {}

  private static final Map<String, Product> PRODUCTS =
      Map.of(
          "aten::convolution", new Product("input", "weight", "bias", 0),
          "aten::linear", new Product("input", "weight", "bias", 0),
          "aten::mm", new Product("self", "mat2", null, 1),
          "aten::matmul", new Product("self", "other", null, 1),
          "aten::addmm", new Product("mat1", "mat2", "self", 1));

  private static final Set<String> SUMS =
      Set.of("aten::add.Tensor", "aten::sub.Tensor", "aten::mul.Tensor");

  private static final Set<String> MEANS =
      Set.of("aten::mean.dim", "aten::_adaptive_avg_pool2d", "aten::adaptive_avg_pool2d");

  /** Operators that take elements as they are; their result is quantized as their operands are. */
  private static final Set<String> KEEPS =
      Set.of(
          "aten::relu",
          "aten::relu6",
          "aten::hardtanh",
          "aten::clamp",
          "aten::max_pool2d_with_indices",
          "aten::cat");

  /** Those of one tensor that only move elements, integers as well. */
  private static final Set<String> MOVES =
      Set.of(
          "aten::view_copy",
          "aten::view",
          "aten::reshape",
          "executorch_prim::et_view",
          "aten::unsqueeze_copy",
          "aten::unsqueeze",
          "aten::squeeze_copy.dim",
          "aten::squeeze_copy.dims",
          "aten::squeeze.dim",
          "aten::permute_copy",
          "aten::permute",
          "aten::transpose_copy.int",
          "aten::transpose.int",
          "aten::t_copy",
          "aten::flatten.using_ints",
          "aten::unflatten.int",
          "aten::slice_copy.Tensor",
          "aten::slice.Tensor",
          "aten::select_copy.int",
          "aten::select.int",
          "aten::clone",
          "dim_order_ops::_clone_dim_order");

  /** Least and greatest quotients of scales that XNNPACK takes. */
  private static final double LEAST_PRODUCT = 0x1p-32;

  private static final double MOST_PRODUCT = 0x1p8;
  private static final double LEAST_SUM = 0x1p-10;
  private static final double MOST_SUM = 0x1p8;
  private static final double LEAST_MULTIPLY = 0x1p-16;

  private Quantized() {}

  /** The arguments of a product of activations and weights; null if the operator is none. */
  static @Nullable Product product(Node node) {
    return PRODUCTS.get(node.name());
  }

  /** True for an operator that moves the integers of a quantized tensor. */
  static boolean movesIntegers(Node node) {
    return MOVES.contains(node.name()) && node.result().dtype() == DType.INT8;
  }

  /** True if activations are quantized where the operator uses them. */
  static boolean isDynamic(QuantizedOperator match) {
    Product product = product(match.operator());
    return product != null && match.operand(product.input).quantization() instanceof Dynamic;
  }

  /**
   * True for a matrix product whose activations are quantized while it runs, with one scale for
   * several rows.
   */
  static boolean isMatrix(QuantizedOperator match) {
    Product product = product(match.operator());
    if (product == null || XnnpackOperators.isConvolution(match.operator())) {
      return false;
    }
    Operand input = match.operand(product.input);
    Value rows = input.source();
    return input.quantization() instanceof Dynamic d
        && !d.perToken()
        && (rows.tensorType().dynamic() || rows.shape().numel() != rows.shape().size(-1));
  }

  /**
   * Why XNNPACK does not compute the operator with integers; null if it does. That the operator is
   * one that it computes with real numbers is another question.
   */
  static @Nullable Decline decline(QuantizedOperator match, Support.Setting setting) {
    Node node = match.operator();
    Product product = product(node);
    if (product != null && isDynamic(match)) {
      return dynamicDecline(match, product, setting);
    }
    if (match.output() == null) {
      return Decline.of(OPERATOR, "its result is not quantized");
    }
    if (!setting.library().has(XnnFeature.INT8)) {
      return missing("computes with int8");
    }
    if (!isInt8(match.output()) || !setting.encodings().agrees(match.result(), match.output())) {
      return Decline.of(DTYPE, "its result is not of 8 signed bits with one scale");
    }
    if (product != null) {
      return staticProductDecline(match, product, setting);
    }
    for (Operand operand : match.operands()) {
      Quantization q = operand.quantization();
      if (q == null || !isInt8(q) || !setting.encodings().agrees(operand.source(), q)) {
        return Decline.of(DTYPE, "an operand is not of 8 signed bits with one scale");
      }
    }
    if (SUMS.contains(node.name())) {
      return sumDecline(match, setting);
    }
    if (MEANS.contains(node.name())) {
      return meanDecline(match, setting);
    }
    if (!KEEPS.contains(node.name()) && !MOVES.contains(node.name())) {
      return Decline.of(OPERATOR, "it computes with real numbers");
    }
    return match.operands().stream().allMatch(o -> match.output().equals(o.quantization()))
        ? null
        : Decline.of(ARGUMENT, "operands and result are quantized differently");
  }

  private static Decline missing(String what) {
    return Decline.of(VERSION, "this version of XNNPACK has nothing that " + what);
  }

  private static boolean isInt8(@Nullable Quantization q) {
    return q instanceof PerTensor && q.dtype() == DType.INT8 && Encodings.isWhole(q);
  }

  private static double scale(@Nullable Quantization q) {
    return q instanceof PerTensor t ? t.scale() : Double.NaN;
  }

  // Products

  private static @Nullable Decline staticProductDecline(
      QuantizedOperator match, Product product, Support.Setting setting) {
    Operand input = match.operand(product.input);
    if (!isInt8(input.quantization())
        || input.source().isConstant()
        || !setting.encodings().agrees(input.source(), input.quantization())) {
      return Decline.of(DTYPE, "the input is not of 8 signed bits with one scale");
    }
    Decline decline = weightDecline(match, product);
    if (decline != null) {
      return decline;
    }
    WeightData weight = weight(match, product);
    if (weight.quantization() instanceof PerGroup || weight.isInt4()) {
      return Decline.of(DTYPE, "weights of 4 bits with activations of int8");
    }
    double unit = scale(input.quantization()) / scale(match.output());
    for (float scale : weight.scales(outputs(match, product))) {
      double quotient = unit * scale;
      if (!(quotient >= LEAST_PRODUCT && quotient < MOST_PRODUCT)) {
        return Decline.of(ARGUMENT, "the scales give a factor of " + quotient);
      }
    }
    return biasDecline(match, product);
  }

  private static @Nullable Decline dynamicDecline(
      QuantizedOperator match, Product product, Support.Setting setting) {
    Node node = match.operator();
    Operand input = match.operand(product.input);
    Dynamic dynamic = (Dynamic) input.quantization();
    boolean convolution = XnnpackOperators.isConvolution(node);
    if (dynamic == null
        || dynamic.symmetric()
        || !Encodings.isWhole(dynamic)
        || dynamic.dtype() != DType.INT8) {
      return Decline.of(ARGUMENT, "activations are quantized otherwise than to 8 signed bits");
    }
    Shape shape = input.source().shape();
    boolean fixed = !input.source().tensorType().dynamic();
    if (convolution) {
      if (dynamic.perToken() || !fixed || shape.size(0) != 1) {
        return Decline.of(ARGUMENT, "activations are not quantized image by image");
      }
      if (node.integer("groups") != 1 || node.bool("transposed")) {
        return Decline.of(ARGUMENT, "groups, or a transposed convolution");
      }
    } else if (isMatrix(match) && (!fixed || shape.size(-1) % 2 != 0)) {
      return Decline.of(ARGUMENT, "activations are not quantized row by row");
    }
    Decline decline = weightDecline(match, product);
    if (decline == null) {
      decline = biasDecline(match, product);
    }
    if (decline != null) {
      return decline;
    }
    WeightData weight = weight(match, product);
    boolean asConvolution = convolution || isMatrix(match);
    XnnFeature feature =
        asConvolution
            ? XnnFeature.DYNAMIC_INT8_CONVOLUTION
            : weight.quantization() instanceof PerGroup
                ? XnnFeature.DYNAMIC_INT4_GROUPS
                : weight.isInt4() ? XnnFeature.DYNAMIC_INT4 : XnnFeature.DYNAMIC_INT8;
    if (asConvolution && weight.isInt4()) {
      return Decline.of(DTYPE, "a filter of 4 bits");
    }
    return setting.library().has(feature)
        ? null
        : missing("computes with activations quantized while it runs and such weights");
  }

  private static WeightData weight(QuantizedOperator match, Product product) {
    WeightData weight = WeightData.of(match.operator().tensor(product.weight));
    if (weight == null) {
      throw new IllegalStateException(match.operator() + " has no constant weights");
    }
    return weight;
  }

  /** The dimension of the weights that counts outputs. */
  private static int outputAxis(Node node, Product product) {
    return XnnpackOperators.isConvolution(node) && node.bool("transposed")
        ? 1
        : product.weightOutputs;
  }

  /** True for a matrix of int8 weights that is quantized by output. */
  static boolean hasInt8Matrix(Node node, WeightData data) {
    Product product = product(node);
    return product != null
        && !XnnpackOperators.isConvolution(node)
        && data.constant().type().dtype() == DType.INT8
        && data.constant().type().shape().rank() == 2
        && !data.isInt4()
        && data.zeroPoint() == 0
        && switch (data.quantization()) {
          case PerTensor t -> true;
          case PerChannel c -> c.axis() == product.weightOutputs;
          case null, default -> false;
        };
  }

  private static int outputs(QuantizedOperator match, Product product) {
    return match
        .operator()
        .tensor(product.weight)
        .shape()
        .size(outputAxis(match.operator(), product));
  }

  private static @Nullable Decline weightDecline(QuantizedOperator match, Product product) {
    Node node = match.operator();
    Operand operand = match.operand(product.weight);
    WeightData weight = WeightData.of(operand.value());
    if (weight == null || !operand.isQuantized() || !operand.source().isConstant()) {
      return Decline.of(NOT_CONSTANT, "its weights are no quantized constant");
    }
    if (XnnpackOperators.isConvolution(node)
        && node.bool("transposed")
        && node.integer("groups") != 1) {
      return Decline.of(ARGUMENT, "a transposed convolution of several groups");
    }
    if (!XnnpackOperators.isConvolution(node) && operand.value().shape().rank() != 2) {
      return XnnpackOperators.shape("its weights are no matrix");
    }
    if (weight.constant().type().dtype() != DType.INT8) {
      return Decline.of(DTYPE, "its weights are not of 8 or 4 bits");
    }
    int axis = outputAxis(node, product);
    int zero = weight.zeroPoint();
    boolean packed = weight.constant().packing() == Packing.INT4_NIBBLES;
    return switch (weight.quantization()) {
      case PerTensor t when zero == 0 && !packed -> null;
      case PerChannel c when c.axis() == axis && (packed ? zero == 8 : zero == 0) ->
          packed && axis != 0 ? Decline.of(ARGUMENT, "packed weights are transposed") : null;
      case PerGroup g when axis == 0 && isGrouped(weight, g) -> null;
      case null, default ->
          Decline.of(ARGUMENT, "its weights are quantized otherwise than by output");
    };
  }

  /** True for groups whose size XNNPACK takes, with scales that are bfloat16 numbers. */
  private static boolean isGrouped(WeightData weight, PerGroup g) {
    Shape shape = weight.constant().type().shape();
    boolean packed = weight.constant().packing() == Packing.INT4_NIBBLES;
    int zero = weight.zeroPoint();
    boolean fits =
        shape.rank() == 2
            && g.groupSize() % 32 == 0
            && shape.size(1) % g.groupSize() == 0
            && (packed ? zero == 8 : zero - g.min() == 8 && g.max() - g.min() == 15);
    if (fits) {
      for (float scale : WeightData.floats(g.scales())) {
        fits &= (Float.floatToRawIntBits(scale) & 0xffff) == 0;
      }
    }
    return fits;
  }

  private static @Nullable Decline biasDecline(QuantizedOperator match, Product product) {
    Node node = match.operator();
    Value bias = product.bias == null ? null : node.tensorOrNull(product.bias);
    if (bias == null) {
      return null;
    }
    if (WeightData.of(bias) == null) {
      return Decline.of(NOT_CONSTANT, "its bias is not constant");
    }
    int outputs =
        XnnpackOperators.isConvolution(node)
            ? node.result().shape().size(1)
            : node.result().shape().size(-1);
    return bias.shape().equals(Shape.of(outputs))
        ? null
        : XnnpackOperators.shape("the bias has not one element for each output");
  }

  // Others

  private static @Nullable Decline sumDecline(QuantizedOperator match, Support.Setting setting) {
    if (!setting.library().has(XnnFeature.INT8_BINARY)) {
      return missing("adds and multiplies int8");
    }
    double out = scale(match.output());
    if (match.operator().name().equals("aten::mul.Tensor")) {
      double quotient =
          scale(match.operands().get(0).quantization())
              * scale(match.operands().get(1).quantization())
              / out;
      return quotient >= LEAST_MULTIPLY && quotient < MOST_SUM
          ? null
          : Decline.of(ARGUMENT, "the scales give a factor of " + quotient);
    }
    for (Operand operand : match.operands()) {
      double quotient = scale(operand.quantization()) / out;
      if (!(quotient >= LEAST_SUM && quotient < MOST_SUM)) {
        return Decline.of(ARGUMENT, "the scales give a factor of " + quotient);
      }
    }
    return null;
  }

  private static @Nullable Decline meanDecline(QuantizedOperator match, Support.Setting setting) {
    Node node = match.operator();
    boolean global =
        node.name().equals("aten::mean.dim")
            ? Reductions.isGlobalAverage(node)
            : node.result().shape().rank() == 4
                && node.result().shape().size(2) == 1
                && node.result().shape().size(3) == 1;
    if (!global) {
      return Decline.of(OPERATOR, "only the mean of whole images is computed with int8");
    }
    return setting.library().has(XnnFeature.INT8_MEAN)
            || (!Shapes.isDynamic(node)
                && setting.library().has(XnnFunction.DEFINE_DEPTHWISE_CONVOLUTION_2D))
        ? null
        : missing("averages int8");
  }

  /** Rounds a bias to integers of the products' scale; takes those that are there. */
  static int[] integers(WeightData bias, float inputScale, float[] weightScales) {
    if (bias.quantization() != null && bias.zeroPoint() == 0) {
      float[] given = bias.scales(weightScales.length);
      boolean same = true;
      for (int c = 0; c < given.length; c++) {
        float unit = inputScale * weightScales[c];
        same &= Math.abs(given[c] - unit) <= 1e-5f * unit;
      }
      if (same) {
        return WeightData.integers(bias.constant());
      }
    }
    float[] real = Weights.toArray(bias.real());
    int[] rounded = new int[real.length];
    for (int c = 0; c < real.length; c++) {
      double exact = Math.rint(real[c] / ((double) inputScale * weightScales[c]));
      rounded[c] = (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, exact));
    }
    return rounded;
  }

  /** A weight matrix as nibbles, each the number plus 8, rows padded to whole bytes. */
  static byte[] nibbles(Constant matrix, int zeroPoint) {
    int[] integers = WeightData.integers(matrix);
    int row = matrix.type().shape().size(-1);
    int rowBytes = (row + 1) / 2;
    byte[] packed = new byte[integers.length / row * rowBytes];
    for (int i = 0; i < integers.length; i++) {
      int column = i % row;
      int nibble = (integers[i] - zeroPoint + 8) & 15;
      packed[i / row * rowBytes + column / 2] |= (byte) (nibble << (column % 2 * 4));
    }
    return packed;
  }
}
