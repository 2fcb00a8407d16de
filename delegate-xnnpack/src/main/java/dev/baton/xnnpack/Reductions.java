package dev.baton.xnnpack;

import dev.baton.delegate.Decline;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import dev.baton.xnnpack.ffi.XnnFeature;
import dev.baton.xnnpack.ffi.XnnFunction;
import dev.baton.xnnpack.ffi.XnnLibrary;
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

/** Softmax, means and sums. */
final class Reductions {
  /** Bytes of a filter of ones. */
  private static final long MOST_ONES = 1 << 24;

  private Reductions() {}

  // Softmax

  static @Nullable Decline softmaxCheck(Node node, Support.Setting setting) {
    int rank = node.tensor("self").shape().rank();
    int dim = Shapes.dim(node.integer("dim"), rank);
    return rank > 0 && (dim == rank - 1 || (dim == 1 && Layout.hasChannelsLast(rank)))
        ? null
        : Decline.of(
            Decline.Kind.ARGUMENT, "dimension " + dim + " of " + rank + " is not the last");
  }

  static void softmax(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    int rank = x.shape().rank();
    Layout layout =
        Shapes.dim(node.integer("dim"), rank) == rank - 1 ? Layout.PLAIN : Layout.CHANNELS_LAST;
    int input = c.in(x, layout);
    c.add(new XnnNode.Softmax(input, c.out(node.result(), layout)));
  }

  static @Nullable Decline logSoftmaxCheck(Node node, Support.Setting setting) {
    if (node.tensor("self").shape().rank() == 0) {
      return XnnpackOperators.shape("the input is a scalar");
    }
    Decline decline = XnnpackOperators.need(setting, ReduceOperator.MAX);
    return decline != null ? decline : XnnpackOperators.need(setting, ReduceOperator.SUM);
  }

  /** y − log(Σ exp(y)), where y is x less its maximum. */
  static void logSoftmax(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    int rank = x.shape().rank();
    int dim = Shapes.dim(node.integer("dim"), rank);
    Layout layout = c.meet(rank, List.of(x));
    long[] axes = {layout.place(dim, rank)};
    long[] full = layout.dims(x.shape());
    long[] rows = full.clone();
    rows[(int) axes[0]] = 1;
    int input = c.in(x, layout);
    int most = c.temporary(rows);
    c.add(new XnnNode.Reduce(ReduceOperator.MAX, axes, input, most, XnnNode.KEEP_DIMS));
    int less = c.temporary(full);
    c.add(new XnnNode.Binary(BinaryOperator.SUBTRACT, Range.ALL, input, most, less));
    int powers = c.temporary(full);
    c.add(new XnnNode.Unary(UnaryOperator.EXP, List.of(), less, powers));
    int sum = c.temporary(rows);
    c.add(new XnnNode.Reduce(ReduceOperator.SUM, axes, powers, sum, XnnNode.KEEP_DIMS));
    int logarithm = c.temporary(rows);
    c.add(new XnnNode.Unary(UnaryOperator.LOG, List.of(), sum, logarithm));
    c.add(
        new XnnNode.Binary(
            BinaryOperator.SUBTRACT, Range.ALL, less, logarithm, c.out(node.result(), layout)));
  }

  // Reductions

  private static int[] axes(Node node) {
    int rank = node.tensor("self").shape().rank();
    return Shapes.dims(node.operator().has("dim") ? node.integers("dim") : new long[0], rank);
  }

  static @Nullable Decline check(Node node, Support.Setting setting, ReduceOperator operator) {
    if (node.operator().has("dtype")
        && !node.isNone("dtype")
        && node.integer("dtype") != node.result().dtype().code()) {
      return Decline.of(Decline.Kind.DTYPE, "the result is of another dtype");
    }
    if (node.tensor("self").shape().rank() == 0) {
      return XnnpackOperators.shape("the input is a scalar");
    }
    return operator == ReduceOperator.MEAN
            && isGlobalAverage(node)
            && setting.library().has(XnnFunction.DEFINE_GLOBAL_AVERAGE_POOLING_2D)
        ? null
        : XnnpackOperators.need(setting, operator);
  }

  /** The mean of each channel of an image. */
  static boolean isGlobalAverage(Node node) {
    return node.tensor("self").shape().rank() == 4 && Arrays.equals(axes(node), new int[] {2, 3});
  }

  static void reduce(Node node, SubgraphCompiler c, ReduceOperator operator) {
    boolean keep = node.operator().has("keepdim") && node.bool("keepdim");
    reduce(c, operator, node.tensor("self"), axes(node), keep, node.result());
  }

  static void reduce(
      SubgraphCompiler c,
      ReduceOperator operator,
      Value x,
      int[] axes,
      boolean keep,
      Value result) {
    if (c.isInteger(x) && averagesByConvolution(c.library(), x.shape())) {
      integerAverage(c, x, keep, result);
      return;
    }
    int rank = x.shape().rank();
    Layout layout = c.meet(rank, List.of(x));
    if (!keep && !staysOrdered(layout, rank, axes)) {
      layout = Layout.PLAIN;
    }
    if (!c.library().has(operator)) { // then it is a global average
      layout = Layout.CHANNELS_LAST;
    }
    int input = c.in(x, layout);
    int output = c.out(result, keep ? layout : Layout.PLAIN);
    int flags = keep ? XnnNode.KEEP_DIMS : 0;
    if (c.library().has(operator)) {
      Layout at = layout;
      long[] places = Arrays.stream(axes).mapToLong(d -> at.place(d, rank)).sorted().toArray();
      c.add(new XnnNode.Reduce(operator, places, input, output, flags));
    } else {
      c.add(new XnnNode.GlobalAveragePooling(input, output, flags));
    }
  }

  /**
   * Halves, which versions round differently, come of even numbers of elements. A filter as large
   * as the image would hold as many bytes: past a bound, the library rounds as it does.
   */
  private static boolean averagesByConvolution(XnnLibrary library, Shape image) {
    boolean halves = image.size(2) % 2 == 0 || image.size(3) % 2 == 0;
    return image.numel() / image.size(0) <= MOST_ONES
        && !library.has(XnnFeature.INT8_MEAN)
        && (halves || !library.has(XnnFeature.INT8_MEAN_ROUNDED));
  }

  /**
   * The mean of each channel of an image of integers as a convolution with ones, which rounds once,
   * halves to even numbers.
   */
  private static void integerAverage(SubgraphCompiler c, Value x, boolean keep, Value result) {
    Shape shape = x.shape();
    int height = shape.size(2);
    int width = shape.size(3);
    int channels = shape.size(1);
    int input = c.in(x, Layout.CHANNELS_LAST);
    int average =
        keep
            ? c.out(result, Layout.CHANNELS_LAST)
            : c.temporaryLike(result, shape.size(0), 1, 1, channels);
    c.add(
        new XnnNode.DepthwiseConvolution(
            new Window(height, width, 1, 1, 1, 1, new Padding(0, 0, 0, 0)),
            1,
            channels,
            Range.ALL,
            input,
            c.ones(1f / (height * width), 1, height, width, channels),
            XnnNode.NONE,
            average));
    if (!keep) {
      int output = c.out(result, Layout.PLAIN);
      c.add(new XnnNode.Reshape(Shapes.longs(result.shape()), average, output));
    }
  }

  static @Nullable Decline varianceCheck(Node node, Support.Setting setting) {
    int rank = node.tensor("self").shape().rank();
    if (rank == 0) {
      return XnnpackOperators.shape("the input is a scalar");
    }
    Decline decline = XnnpackOperators.staticOnly(node); // how many elements there are
    if (decline != null) {
      return decline;
    }
    if (elements(node) - correction(node) <= 0) {
      return Decline.of(Decline.Kind.ARGUMENT, "the correction leaves no element");
    }
    decline = XnnpackOperators.need(setting, ReduceOperator.MEAN);
    return decline != null ? decline : XnnpackOperators.need(setting, ReduceOperator.SUM);
  }

  private static int[] varied(Node node) {
    long[] dims = node.isNone("dim") ? new long[0] : node.integers("dim");
    return Shapes.dims(dims, node.tensor("self").shape().rank());
  }

  private static double elements(Node node) {
    Shape shape = node.tensor("self").shape();
    return Arrays.stream(varied(node)).mapToDouble(shape::size).reduce(1, (a, b) -> a * b);
  }

  private static double correction(Node node) {
    if (node.operator().has("unbiased")) {
      return node.bool("unbiased") ? 1 : 0;
    }
    return node.isNone("correction") ? 1 : node.number("correction");
  }

  /** Σ (x − mean)² / (n − correction), and the mean if the operator gives it too. */
  static void variance(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    int[] dims = varied(node);
    long[] axes = Arrays.stream(dims).asLongStream().toArray();
    long[] full = Shapes.longs(x.shape());
    long[] rows = full.clone();
    for (int dim : dims) {
      rows[dim] = 1;
    }
    int input = c.in(x, Layout.PLAIN);
    int mean = c.temporary(rows);
    c.add(new XnnNode.Reduce(ReduceOperator.MEAN, axes, input, mean, XnnNode.KEEP_DIMS));
    int centered = c.temporary(full);
    c.add(new XnnNode.Binary(BinaryOperator.SUBTRACT, Range.ALL, input, mean, centered));
    int squares = c.temporary(full);
    c.add(new XnnNode.Unary(UnaryOperator.SQUARE, List.of(), centered, squares));
    int sum = c.temporary(rows);
    c.add(new XnnNode.Reduce(ReduceOperator.SUM, axes, squares, sum, XnnNode.KEEP_DIMS));
    Value variance = node.results().get(0);
    if (c.isUsed(variance)) {
      int scaled = c.temporary(rows);
      int factor = c.scalar(1 / (elements(node) - correction(node)));
      c.add(new XnnNode.Binary(BinaryOperator.MULTIPLY, Range.ALL, sum, factor, scaled));
      c.add(
          new XnnNode.Reshape(
              Shapes.longs(variance.shape()), scaled, c.out(variance, Layout.PLAIN)));
    }
    if (node.results().size() > 1 && c.isUsed(node.results().get(1))) {
      Value given = node.results().get(1);
      c.add(new XnnNode.Reshape(Shapes.longs(given.shape()), mean, c.out(given, Layout.PLAIN)));
    }
  }

  /** True if the dims that are left come in their own order. */
  private static boolean staysOrdered(Layout layout, int rank, int[] removed) {
    int before = -1;
    for (int dim : layout.order(rank)) {
      if (Arrays.stream(removed).noneMatch(d -> d == dim)) {
        if (dim < before) {
          return false;
        }
        before = dim;
      }
    }
    return true;
  }
}
