package dev.baton.xnnpack;

import dev.baton.delegate.Decline;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import dev.baton.xnnpack.ffi.XnnFunction;
import dev.baton.xnnpack.ffi.XnnNode;
import dev.baton.xnnpack.ffi.XnnNode.BinaryOperator;
import dev.baton.xnnpack.ffi.XnnNode.Padding;
import dev.baton.xnnpack.ffi.XnnNode.Range;
import dev.baton.xnnpack.ffi.XnnNode.ReduceOperator;
import dev.baton.xnnpack.ffi.XnnNode.UnaryOperator;
import dev.baton.xnnpack.ffi.XnnNode.Window;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Normalizations. */
final class Norms {
  private static final Window POINT = new Window(1, 1, 1, 1, 1, 1, new Padding(0, 0, 0, 0));

  private Norms() {}

  /** A batch norm as {@code x · scale + shift}, by channel. */
  record Affine(float[] scale, float[] shift) {
    static Affine of(Node batchNorm) {
      float[] mean = values(batchNorm, "running_mean", 0, 0);
      float[] variance = values(batchNorm, "running_var", mean.length, 1);
      float[] weight = values(batchNorm, "weight", mean.length, 1);
      float[] bias = values(batchNorm, "bias", mean.length, 0);
      double eps = batchNorm.number("eps");
      float[] scale = new float[mean.length];
      float[] shift = new float[mean.length];
      for (int i = 0; i < mean.length; i++) {
        double factor = weight[i] / Math.sqrt(variance[i] + eps);
        scale[i] = (float) factor;
        shift[i] = (float) (bias[i] - mean[i] * factor);
      }
      return new Affine(scale, shift);
    }

    private static float[] values(Node node, String parameter, int count, float otherwise) {
      Value value = node.tensorOrNull(parameter);
      if (value != null) {
        return Weights.toArray(value.constant());
      }
      float[] values = new float[count];
      Arrays.fill(values, otherwise);
      return values;
    }

    /** The bias of a convolution that absorbs this. */
    float[] after(float @Nullable [] bias) {
      float[] sum = shift.clone();
      for (int i = 0; bias != null && i < sum.length; i++) {
        sum[i] += bias[i] * scale[i];
      }
      return sum;
    }
  }

  static @Nullable Decline batchNormCheck(Node node, Support.Setting setting) {
    if (!XnnpackOperators.onlyFirstResultUsed(node, setting.view())) {
      return Decline.of(Decline.Kind.OPERATOR, "its saved statistics are used");
    }
    if (node.tensor("input").shape().rank() < 2) {
      return XnnpackOperators.shape("the input has rank below 2");
    }
    int channels = node.tensor("input").shape().size(1);
    for (String parameter : new String[] {"weight", "bias", "running_mean", "running_var"}) {
      Value value = node.tensorOrNull(parameter);
      if (value != null && !value.shape().equals(Shape.of(channels))) {
        return XnnpackOperators.shape("'" + parameter + "' has not one element for each channel");
      }
    }
    return Fusions.batchNormConstants(node)
        ? null
        : Decline.of(Decline.Kind.NOT_CONSTANT, "its statistics or weights are not constant");
  }

  /** True if a batch norm becomes a convolution of one pixel, which fuses with what follows. */
  static boolean isConvolution(Node batchNorm) {
    return batchNorm.tensor("input").shape().rank() == 4;
  }

  static void batchNorm(Node node, SubgraphCompiler c) {
    Affine affine = Affine.of(node);
    Value x = node.tensor("input");
    Value result = c.result(node);
    int channels = affine.scale.length;
    if (isConvolution(node) && c.has(XnnFunction.DEFINE_DEPTHWISE_CONVOLUTION_2D)) {
      c.add(
          new XnnNode.DepthwiseConvolution(
              POINT,
              1,
              channels,
              c.range(node),
              c.in(x, Layout.CHANNELS_LAST),
              c.packed(affine.scale, 1, 1, 1, channels),
              c.packed(affine.shift, channels),
              c.out(result, Layout.CHANNELS_LAST)));
      return;
    }
    int rank = x.shape().rank();
    Layout layout = c.meet(rank, List.of(x));
    long[] dims = new long[rank];
    Arrays.fill(dims, 1);
    dims[layout.place(1, rank)] = channels;
    int scaled = c.temporary(layout.dims(x.shape()));
    c.add(
        new XnnNode.Binary(
            BinaryOperator.MULTIPLY,
            Range.ALL,
            c.in(x, layout),
            c.constant(affine.scale, dims),
            scaled));
    c.add(
        new XnnNode.Binary(
            BinaryOperator.ADD,
            c.range(node),
            scaled,
            c.constant(affine.shift, dims),
            c.out(result, layout)));
  }

  static @Nullable Decline layerNormCheck(Node node, Support.Setting setting) {
    if (!XnnpackOperators.onlyFirstResultUsed(node, setting.view())) {
      return Decline.of(Decline.Kind.OPERATOR, "its mean or deviation is used");
    }
    Decline decline = XnnpackOperators.need(setting, ReduceOperator.MEAN);
    return decline != null
        ? decline
        : XnnpackOperators.need(setting, UnaryOperator.RECIPROCAL_SQUARE_ROOT);
  }

  static void layerNorm(Node node, SubgraphCompiler c) {
    Value x = node.tensor("input");
    int rank = x.shape().rank();
    int normalized = node.integers("normalized_shape").length;
    Value weight = node.tensorOrNull("weight");
    Value bias = node.tensorOrNull("bias");
    affine(
        c,
        c.in(x, Layout.PLAIN),
        Shapes.longs(x.shape()),
        java.util.stream.LongStream.range(rank - normalized, rank).toArray(),
        node.number("eps"),
        weight == null ? XnnNode.NONE : c.in(weight, Layout.PLAIN),
        bias == null ? XnnNode.NONE : c.in(bias, Layout.PLAIN),
        c.out(node.result(), Layout.PLAIN));
  }

  /** Normalizes over some dims, then weight and bias, where there are any. */
  private static void affine(
      SubgraphCompiler c,
      int input,
      long[] dims,
      long[] axes,
      double eps,
      int weight,
      int bias,
      int output) {
    long[] reduced = dims.clone();
    for (long axis : axes) {
      reduced[(int) axis] = 1;
    }
    int mean = c.temporary(reduced);
    c.add(new XnnNode.Reduce(ReduceOperator.MEAN, axes, input, mean, XnnNode.KEEP_DIMS));
    int centered = c.temporary(dims);
    c.add(new XnnNode.Binary(BinaryOperator.SUBTRACT, Range.ALL, input, mean, centered));
    int squared = c.temporary(dims);
    c.add(new XnnNode.Unary(UnaryOperator.SQUARE, List.of(), centered, squared));
    int variance = c.temporary(reduced);
    c.add(new XnnNode.Reduce(ReduceOperator.MEAN, axes, squared, variance, XnnNode.KEEP_DIMS));
    int stable = c.temporary(reduced);
    c.add(new XnnNode.Binary(BinaryOperator.ADD, Range.ALL, variance, c.scalar(eps), stable));
    int factor = c.temporary(reduced);
    c.add(new XnnNode.Unary(UnaryOperator.RECIPROCAL_SQUARE_ROOT, List.of(), stable, factor));
    boolean last = weight == XnnNode.NONE && bias == XnnNode.NONE;
    int unit = last ? output : c.temporary(dims);
    c.add(new XnnNode.Binary(BinaryOperator.MULTIPLY, Range.ALL, centered, factor, unit));
    int scaled = unit;
    if (weight != XnnNode.NONE) {
      scaled = bias == XnnNode.NONE ? output : c.temporary(dims);
      c.add(new XnnNode.Binary(BinaryOperator.MULTIPLY, Range.ALL, unit, weight, scaled));
    }
    if (bias != XnnNode.NONE) {
      c.add(new XnnNode.Binary(BinaryOperator.ADD, Range.ALL, scaled, bias, output));
    }
  }

  /** x / √(mean(x²) + eps), then weight. */
  static void rmsNorm(Node node, SubgraphCompiler c) {
    Value x = node.tensor("input");
    int rank = x.shape().rank();
    int normalized = node.integers("normalized_shape").length;
    long[] axes = java.util.stream.LongStream.range(rank - normalized, rank).toArray();
    long[] dims = Shapes.longs(x.shape());
    long[] rows = dims.clone();
    for (long axis : axes) {
      rows[(int) axis] = 1;
    }
    double eps = node.isNone("eps") ? Math.ulp(1f) : node.number("eps");
    Value weight = node.tensorOrNull("weight");
    int input = c.in(x, Layout.PLAIN);
    int squared = c.temporary(dims);
    c.add(new XnnNode.Unary(UnaryOperator.SQUARE, List.of(), input, squared));
    int mean = c.temporary(rows);
    c.add(new XnnNode.Reduce(ReduceOperator.MEAN, axes, squared, mean, XnnNode.KEEP_DIMS));
    int stable = c.temporary(rows);
    c.add(new XnnNode.Binary(BinaryOperator.ADD, Range.ALL, mean, c.scalar(eps), stable));
    int factor = c.temporary(rows);
    c.add(new XnnNode.Unary(UnaryOperator.RECIPROCAL_SQUARE_ROOT, List.of(), stable, factor));
    int output = c.out(node.result(), Layout.PLAIN);
    int unit = weight == null ? output : c.temporary(dims);
    c.add(new XnnNode.Binary(BinaryOperator.MULTIPLY, Range.ALL, input, factor, unit));
    if (weight != null) {
      int scale = c.in(weight, Layout.PLAIN);
      c.add(new XnnNode.Binary(BinaryOperator.MULTIPLY, Range.ALL, unit, scale, output));
    }
  }

  static @Nullable Decline groupNormCheck(Node node, Support.Setting setting) {
    for (String parameter : new String[] {"weight", "bias"}) {
      Decline decline = XnnpackOperators.constant(node, parameter);
      if (decline != null) {
        return decline;
      }
    }
    boolean varies = Shapes.isDynamic(node);
    if (varies && node.tensor("input").shape().rank() > 5) {
      return XnnpackOperators.shape("sizes vary, and the rank is above 5");
    }
    Decline decline = varies ? XnnpackOperators.need(setting, XnnFunction.DEFINE_SPLIT_DIM) : null;
    if (decline == null && varies) {
      decline = XnnpackOperators.need(setting, XnnFunction.DEFINE_FUSE_DIMS);
    }
    return decline != null ? decline : layerNormCheck(node, setting);
  }

  /**
   * Layer norm of [N, groups, the rest], then weight and bias by channel. Where sizes vary, of [N,
   * groups, channels of a group, the rest]: channels do not.
   */
  static void groupNorm(Node node, SubgraphCompiler c) {
    Value x = node.tensor("input");
    Shape shape = x.shape();
    long groups = node.integer("group");
    long[] dims = Shapes.longs(shape);
    boolean varies = Shapes.isDynamic(node);
    long[] parts = {groups, shape.size(1) / groups};
    long[] grouped = {shape.size(0), groups, shape.numel() / shape.size(0) / groups};
    if (varies) {
      grouped = new long[dims.length + 1];
      grouped[0] = dims[0];
      System.arraycopy(parts, 0, grouped, 1, 2);
      System.arraycopy(dims, 2, grouped, 3, dims.length - 2);
    }
    int input = c.temporary(grouped);
    c.add(
        varies
            ? new XnnNode.SplitDim(1, parts, c.in(x, Layout.PLAIN), input)
            : new XnnNode.Reshape(grouped, c.inAnyPlain(x), input));
    int normal = c.temporary(grouped);
    long[] axes = java.util.stream.LongStream.range(2, grouped.length).toArray();
    affine(c, input, grouped, axes, node.number("eps"), XnnNode.NONE, XnnNode.NONE, normal);
    long[] byChannel = new long[shape.rank()];
    Arrays.fill(byChannel, 1);
    byChannel[1] = shape.size(1);
    Value weight = node.tensorOrNull("weight");
    Value bias = node.tensorOrNull("bias");
    int current = c.temporary(dims);
    c.add(
        varies
            ? new XnnNode.FuseDims(1, 2, normal, current)
            : new XnnNode.Reshape(dims, normal, current));
    if (weight != null) {
      int scaled = c.temporary(dims);
      int factor = c.constant(Weights.toArray(weight.constant()), byChannel);
      c.add(new XnnNode.Binary(BinaryOperator.MULTIPLY, Range.ALL, current, factor, scaled));
      current = scaled;
    }
    int shift =
        bias == null ? c.scalar(0) : c.constant(Weights.toArray(bias.constant()), byChannel);
    c.add(
        new XnnNode.Binary(
            BinaryOperator.ADD, Range.ALL, current, shift, c.out(node.result(), Layout.PLAIN)));
  }

  static @Nullable Decline ownStatisticsCheck(Node node, Support.Setting setting) {
    if (node.tensor("input").shape().rank() < 2) {
      return XnnpackOperators.shape("the input has rank below 2");
    }
    for (String parameter : new String[] {"weight", "bias"}) {
      Decline decline = XnnpackOperators.constant(node, parameter);
      if (decline != null) {
        return decline;
      }
    }
    return layerNormCheck(node, setting);
  }

  /** A batch norm by the mean and deviation of its own input, over all dims but the channels. */
  static void ownStatistics(Node node, SubgraphCompiler c) {
    Value x = node.tensor("input");
    int rank = x.shape().rank();
    Layout layout = c.meet(rank, List.of(x));
    int channels = layout.place(1, rank);
    long[] axes = java.util.stream.LongStream.range(0, rank).filter(d -> d != channels).toArray();
    long[] byChannel = new long[rank];
    Arrays.fill(byChannel, 1);
    byChannel[channels] = x.shape().size(1);
    Value weight = node.tensorOrNull("weight");
    Value bias = node.tensorOrNull("bias");
    affine(
        c,
        c.in(x, layout),
        layout.dims(x.shape()),
        axes,
        node.number("eps"),
        weight == null ? XnnNode.NONE : c.constant(Weights.toArray(weight.constant()), byChannel),
        bias == null ? XnnNode.NONE : c.constant(Weights.toArray(bias.constant()), byChannel),
        c.out(node.result(), layout));
  }
}
