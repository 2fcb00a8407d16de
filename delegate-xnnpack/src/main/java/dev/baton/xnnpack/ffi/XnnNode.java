package dev.baton.xnnpack.ffi;

import static dev.baton.xnnpack.ffi.XnnFunction.*;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A node of an XNNPACK subgraph. Inputs and outputs are ids of {@linkplain XnnGraph#values()
 * values}; images are NHWC.
 */
public sealed interface XnnNode {
  /** The id of an input that is not there, such as a bias. */
  int NONE = -1;

  /** Keep reduced dimensions, with size 1. */
  int KEEP_DIMS = 0x40;

  /** Static weights are [in, out] instead of [out, in]. */
  int TRANSPOSE_WEIGHTS = 1;

  int ALIGN_CORNERS = 8;

  /** The values that it reads; {@link #NONE} where one is not there. */
  List<Integer> inputs();

  /** The value that it gives. */
  int output();

  /** Adds the node to a subgraph. */
  void define(XnnSubgraph to) throws XnnException;

  /**
   * The values that decide what a node packs.
   *
   * @param node the same node with all ids 0: equal if all else is
   * @param bias or {@link #NONE}
   */
  record Weights(Packing node, int input, int filter, int bias, int output) {}

  /** What the node packs if its filter is static; null if it never packs anything. */
  default @Nullable Weights weights() {
    return null;
  }

  /** A node that reads one value. */
  sealed interface OfOne extends XnnNode {
    int input();

    @Override
    default List<Integer> inputs() {
      return List.of(input());
    }
  }

  /** A node that packs its filter and bias, if they are static. */
  sealed interface Packing extends XnnNode {
    @Override
    Weights weights();

    @Override
    default List<Integer> inputs() {
      return List.of(weights().input(), weights().filter(), weights().bias());
    }

    /**
     * The same node on other values.
     *
     * @param bias left out by a node that has none
     */
    Packing on(int input, int filter, int bias, int output);
  }

  /** Bounds that results are cut to. */
  record Range(float min, float max) {
    public static final Range ALL = new Range(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY);

    public boolean isAll() {
      return equals(ALL);
    }
  }

  /** Zeros around an image; for a transposed convolution, what is cut off its result. */
  record Padding(int top, int right, int bottom, int left) {}

  /** How a filter or pool moves over an image. */
  record Window(
      int height,
      int width,
      int strideHeight,
      int strideWidth,
      int dilationHeight,
      int dilationWidth,
      Padding padding) {}

  /** Filter [out, in] (or [in, out], by flag), bias [out] or none. */
  record FullyConnected(Range range, int input, int filter, int bias, int output, int flags)
      implements Packing {
    @Override
    public Packing on(int input, int filter, int bias, int output) {
      return new FullyConnected(range, input, filter, bias, output, flags);
    }

    @Override
    public Weights weights() {
      return new Weights(on(0, 0, 0, 0), input, filter, bias, output);
    }

    @Override
    public void define(XnnSubgraph to) throws XnnException {
      to.define(
          DEFINE_FULLY_CONNECTED,
          h ->
              (int)
                  h.invokeExact(
                      to.address(), range.min, range.max, input, filter, bias, output, flags));
    }
  }

  /** Filter [out, height, width, in of a group], bias [out] or none. */
  record Convolution(
      Window window,
      int groups,
      long groupInputs,
      long groupOutputs,
      Range range,
      int input,
      int filter,
      int bias,
      int output)
      implements Packing {
    @Override
    public Packing on(int input, int filter, int bias, int output) {
      return new Convolution(
          window, groups, groupInputs, groupOutputs, range, input, filter, bias, output);
    }

    @Override
    public Weights weights() {
      return new Weights(on(0, 0, 0, 0), input, filter, bias, output);
    }

    @Override
    public void define(XnnSubgraph to) throws XnnException {
      Window w = window;
      Padding p = w.padding;
      to.define(
          DEFINE_CONVOLUTION_2D,
          h ->
              (int)
                  h.invokeExact(
                      to.address(),
                      p.top,
                      p.right,
                      p.bottom,
                      p.left,
                      w.height,
                      w.width,
                      w.strideHeight,
                      w.strideWidth,
                      w.dilationHeight,
                      w.dilationWidth,
                      groups,
                      groupInputs,
                      groupOutputs,
                      range.min,
                      range.max,
                      input,
                      filter,
                      bias,
                      output,
                      0));
    }
  }

  /** Filter [1, height, width, channels × multiplier], bias [channels × multiplier] or none. */
  record DepthwiseConvolution(
      Window window,
      int multiplier,
      long channels,
      Range range,
      int input,
      int filter,
      int bias,
      int output)
      implements Packing {
    @Override
    public Packing on(int input, int filter, int bias, int output) {
      return new DepthwiseConvolution(
          window, multiplier, channels, range, input, filter, bias, output);
    }

    @Override
    public Weights weights() {
      return new Weights(on(0, 0, 0, 0), input, filter, bias, output);
    }

    @Override
    public void define(XnnSubgraph to) throws XnnException {
      Window w = window;
      Padding p = w.padding;
      to.define(
          DEFINE_DEPTHWISE_CONVOLUTION_2D,
          h ->
              (int)
                  h.invokeExact(
                      to.address(),
                      p.top,
                      p.right,
                      p.bottom,
                      p.left,
                      w.height,
                      w.width,
                      w.strideHeight,
                      w.strideWidth,
                      w.dilationHeight,
                      w.dilationWidth,
                      multiplier,
                      channels,
                      range.min,
                      range.max,
                      input,
                      filter,
                      bias,
                      output,
                      0));
    }
  }

  /** Transposed convolution: filter [out, height, width, in of a group], bias [out] or none. */
  record Deconvolution(
      Window window,
      int adjustmentHeight,
      int adjustmentWidth,
      int groups,
      long groupInputs,
      long groupOutputs,
      Range range,
      int input,
      int filter,
      int bias,
      int output)
      implements Packing {
    @Override
    public Packing on(int input, int filter, int bias, int output) {
      return new Deconvolution(
          window,
          adjustmentHeight,
          adjustmentWidth,
          groups,
          groupInputs,
          groupOutputs,
          range,
          input,
          filter,
          bias,
          output);
    }

    @Override
    public Weights weights() {
      return new Weights(on(0, 0, 0, 0), input, filter, bias, output);
    }

    @Override
    public void define(XnnSubgraph to) throws XnnException {
      Window w = window;
      Padding p = w.padding;
      to.define(
          DEFINE_DECONVOLUTION_2D,
          h ->
              (int)
                  h.invokeExact(
                      to.address(),
                      p.top,
                      p.right,
                      p.bottom,
                      p.left,
                      adjustmentHeight,
                      adjustmentWidth,
                      w.height,
                      w.width,
                      w.strideHeight,
                      w.strideWidth,
                      w.dilationHeight,
                      w.dilationWidth,
                      groups,
                      groupInputs,
                      groupOutputs,
                      range.min,
                      range.max,
                      input,
                      filter,
                      bias,
                      output,
                      0));
    }
  }

  record MaxPooling(Window window, Range range, int input, int output) implements OfOne {
    @Override
    public void define(XnnSubgraph to) throws XnnException {
      Window w = window;
      Padding p = w.padding;
      to.define(
          DEFINE_MAX_POOLING_2D,
          h ->
              (int)
                  h.invokeExact(
                      to.address(),
                      p.top,
                      p.right,
                      p.bottom,
                      p.left,
                      w.height,
                      w.width,
                      w.strideHeight,
                      w.strideWidth,
                      w.dilationHeight,
                      w.dilationWidth,
                      range.min,
                      range.max,
                      input,
                      output,
                      0));
    }
  }

  /** The divisor counts cells of the image only, not of its padding. */
  record AveragePooling(Window window, Range range, int input, int output) implements OfOne {
    @Override
    public void define(XnnSubgraph to) throws XnnException {
      Window w = window;
      Padding p = w.padding;
      to.define(
          DEFINE_AVERAGE_POOLING_2D,
          h ->
              (int)
                  h.invokeExact(
                      to.address(),
                      p.top,
                      p.right,
                      p.bottom,
                      p.left,
                      w.height,
                      w.width,
                      w.strideHeight,
                      w.strideWidth,
                      range.min,
                      range.max,
                      input,
                      output,
                      0));
    }
  }

  record GlobalAveragePooling(int input, int output, int flags) implements OfOne {
    @Override
    public void define(XnnSubgraph to) throws XnnException {
      to.define(
          DEFINE_GLOBAL_AVERAGE_POOLING_2D,
          h ->
              (int)
                  h.invokeExact(to.address(), Range.ALL.min, Range.ALL.max, input, output, flags));
    }
  }

  /** Operators of {@link Unary}. */
  enum UnaryOperator {
    ABS,
    APPROXGELU,
    CEILING,
    CLAMP,
    CONVERT,
    COSINE,
    ELU,
    EXP,
    FLOOR,
    GELU,
    HARDSWISH,
    LEAKY_RELU,
    LOG,
    NEGATE,
    RECIPROCAL_SQUARE_ROOT,
    SIGMOID,
    SINE,
    SQUARE_ROOT,
    SQUARE,
    TANH;

    String symbol() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * @param parameters CLAMP: min, max; ELU: alpha; LEAKY_RELU: slope; else none
   */
  record Unary(UnaryOperator operator, List<Float> parameters, int input, int output)
      implements OfOne {
    public Unary {
      parameters = List.copyOf(parameters);
    }

    @Override
    public void define(XnnSubgraph to) throws XnnException {
      long address = parameters.isEmpty() ? 0 : to.floats(parameters);
      int code = to.library().code(operator);
      to.define(
          DEFINE_UNARY, h -> (int) h.invokeExact(to.address(), code, address, input, output, 0));
    }
  }

  /** A {@link Unary} by its code. */
  record RawUnary(int code, int input, int output) implements OfOne {
    @Override
    public void define(XnnSubgraph to) throws XnnException {
      to.define(DEFINE_UNARY, h -> (int) h.invokeExact(to.address(), code, 0L, input, output, 0));
    }
  }

  /** Operators of {@link Binary}. */
  enum BinaryOperator {
    ADD,
    SUBTRACT,
    MULTIPLY,
    DIVIDE,
    MAXIMUM,
    MINIMUM;

    int code() {
      return XnnCodes.BINARY.indexOf(name().toLowerCase(Locale.ROOT));
    }
  }

  /** Broadcasts as NumPy does. */
  record Binary(BinaryOperator operator, Range range, int left, int right, int output)
      implements XnnNode {
    @Override
    public List<Integer> inputs() {
      return List.of(left, right);
    }

    @Override
    public void define(XnnSubgraph to) throws XnnException {
      long address = range.isAll() ? 0 : to.doubles(range.min, range.max);
      int code = operator.code();
      to.define(
          DEFINE_BINARY,
          h -> (int) h.invokeExact(to.address(), code, address, left, right, output, 0));
    }
  }

  /** The slope is of the last dimension, or one number. */
  record Prelu(int input, int slope, int output) implements XnnNode {
    @Override
    public List<Integer> inputs() {
      return List.of(input, slope);
    }

    @Override
    public void define(XnnSubgraph to) throws XnnException {
      to.define(DEFINE_PRELU, h -> (int) h.invokeExact(to.address(), input, slope, output, 0));
    }
  }

  /** Over the last dimension. */
  record Softmax(int input, int output) implements OfOne {
    @Override
    public void define(XnnSubgraph to) throws XnnException {
      to.define(DEFINE_SOFTMAX, h -> (int) h.invokeExact(to.address(), input, output, 0));
    }
  }

  record Copy(int input, int output) implements OfOne {
    @Override
    public void define(XnnSubgraph to) throws XnnException {
      to.define(DEFINE_COPY, h -> (int) h.invokeExact(to.address(), input, output, 0));
    }
  }

  /** Nodes that a list of numbers and one input describe. */
  private static void shaped(
      XnnSubgraph to, XnnFunction function, long[] numbers, int input, int output)
      throws XnnException {
    long count = numbers.length;
    long address = to.longs(numbers);
    to.define(function, h -> (int) h.invokeExact(to.address(), count, address, input, output, 0));
  }

  /** Dimension {@code d} of the output is {@code permutation[d]} of the input. */
  record Transpose(long[] permutation, int input, int output) implements OfOne {
    @Override
    public void define(XnnSubgraph to) throws XnnException {
      shaped(to, DEFINE_STATIC_TRANSPOSE, permutation, input, output);
    }

    @Override
    public String toString() {
      return "Transpose[%s, input=%d, output=%d]"
          .formatted(Arrays.toString(permutation), input, output);
    }
  }

  /** At most one size is 0: it is inferred. */
  record Reshape(long[] sizes, int input, int output) implements OfOne {
    @Override
    public void define(XnnSubgraph to) throws XnnException {
      shaped(to, DEFINE_STATIC_RESHAPE, sizes, input, output);
    }

    @Override
    public String toString() {
      return "Reshape[%s, input=%d, output=%d]".formatted(Arrays.toString(sizes), input, output);
    }
  }

  /** Puts a dimension of size 1 before a dimension of the input. */
  record ExpandDims(int axis, int input, int output) implements OfOne {
    @Override
    public void define(XnnSubgraph to) throws XnnException {
      shaped(to, DEFINE_STATIC_EXPAND_DIMS, new long[] {axis}, input, output);
    }
  }

  /** Makes one dimension several; at most one size is 0: it is inferred. */
  record SplitDim(int axis, long[] sizes, int input, int output) implements OfOne {
    @Override
    public void define(XnnSubgraph to) throws XnnException {
      long at = axis;
      long count = sizes.length;
      long address = to.longs(sizes);
      to.define(
          DEFINE_SPLIT_DIM,
          h -> (int) h.invokeExact(to.address(), at, count, address, input, output, 0));
    }

    @Override
    public String toString() {
      return "SplitDim[axis=%d, %s, input=%d, output=%d]"
          .formatted(axis, Arrays.toString(sizes), input, output);
    }
  }

  /** Makes {@code count} dimensions one. */
  record FuseDims(int axis, int count, int input, int output) implements OfOne {
    @Override
    public void define(XnnSubgraph to) throws XnnException {
      long first = axis;
      long dims = count;
      to.define(
          DEFINE_FUSE_DIMS, h -> (int) h.invokeExact(to.address(), first, dims, input, output, 0));
    }
  }

  /**
   * From {@code begins} to before {@code ends}. Negative numbers, and an end of 0, count from the
   * end of the dimension; they need version 3 of the function.
   *
   * @param sizes of the result where no size varies; else empty, and version 3 is needed
   */
  record Slice(long[] begins, long[] ends, long[] sizes, int input, int output) implements OfOne {
    @Override
    public void define(XnnSubgraph to) throws XnnException {
      long count = begins.length;
      long from = to.longs(begins);
      if (sizes.length == 0) {
        long until = to.longs(ends);
        to.define(
            DEFINE_STATIC_SLICE_V3,
            h -> (int) h.invokeExact(to.address(), count, from, until, 0L, input, output, 0));
      } else {
        long extent = to.longs(sizes);
        to.define(
            DEFINE_STATIC_SLICE,
            h -> (int) h.invokeExact(to.address(), count, from, extent, input, output, 0));
      }
    }

    @Override
    public String toString() {
      return "Slice[%s to %s, input=%d, output=%d]"
          .formatted(Arrays.toString(begins), Arrays.toString(ends), input, output);
    }
  }

  /**
   * @param inputs 2 to 5
   */
  record Concatenate(int axis, List<Integer> inputs, int output) implements XnnNode {
    /** Most inputs of one node. */
    public static final int MOST = 5;

    public Concatenate {
      inputs = List.copyOf(inputs);
    }

    @Override
    public void define(XnnSubgraph to) throws XnnException {
      int a = inputs.get(0);
      int b = inputs.get(1);
      int c = inputs.size() > 2 ? inputs.get(2) : NONE;
      int d = inputs.size() > 3 ? inputs.get(3) : NONE;
      int e = inputs.size() > 4 ? inputs.get(4) : NONE;
      switch (inputs.size()) {
        case 2 ->
            to.define(
                DEFINE_CONCATENATE2, h -> (int) h.invokeExact(to.address(), axis, a, b, output, 0));
        case 3 ->
            to.define(
                DEFINE_CONCATENATE3,
                h -> (int) h.invokeExact(to.address(), axis, a, b, c, output, 0));
        case 4 ->
            to.define(
                DEFINE_CONCATENATE4,
                h -> (int) h.invokeExact(to.address(), axis, a, b, c, d, output, 0));
        case 5 ->
            to.define(
                DEFINE_CONCATENATE5,
                h -> (int) h.invokeExact(to.address(), axis, a, b, c, d, e, output, 0));
        default -> throw new IllegalArgumentException(inputs.size() + " inputs of a concatenate");
      }
    }
  }

  record Pad(long[] before, long[] after, float value, int input, int output) implements OfOne {
    @Override
    public void define(XnnSubgraph to) throws XnnException {
      long pre = to.longs(before);
      long post = to.longs(after);
      to.define(
          DEFINE_STATIC_CONSTANT_PAD,
          h -> (int) h.invokeExact(to.address(), pre, post, value, input, output, 0));
    }

    @Override
    public String toString() {
      return "Pad[%s, %s, %s, input=%d, output=%d]"
          .formatted(Arrays.toString(before), Arrays.toString(after), value, input, output);
    }
  }

  record ResizeBilinear(long height, long width, int input, int output, int flags)
      implements OfOne {
    @Override
    public void define(XnnSubgraph to) throws XnnException {
      to.define(
          DEFINE_STATIC_RESIZE_BILINEAR_2D,
          h -> (int) h.invokeExact(to.address(), height, width, input, output, flags));
    }
  }

  /** [..., m, k] by [..., k, n]; leading dimensions broadcast. */
  record BatchMatrixMultiply(int left, int right, int output) implements Packing {
    @Override
    public Packing on(int input, int filter, int bias, int output) {
      return new BatchMatrixMultiply(input, filter, output);
    }

    @Override
    public Weights weights() {
      return new Weights(on(0, 0, 0, 0), left, right, NONE, output);
    }

    @Override
    public void define(XnnSubgraph to) throws XnnException {
      to.define(
          DEFINE_BATCH_MATRIX_MULTIPLY,
          h -> (int) h.invokeExact(to.address(), left, right, output, 0));
    }
  }

  /** Operators of {@link Reduce}. */
  enum ReduceOperator {
    SUM,
    MEAN,
    MAX,
    MIN;

    String symbol() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  record Reduce(ReduceOperator operator, long[] axes, int input, int output, int flags)
      implements OfOne {
    @Override
    public void define(XnnSubgraph to) throws XnnException {
      reduce(to, to.library().code(operator), axes, input, output, flags);
    }

    @Override
    public String toString() {
      return "Reduce[%s %s, input=%d, output=%d, flags=%d]"
          .formatted(operator, Arrays.toString(axes), input, output, flags);
    }
  }

  /** A {@link Reduce} of a vector by its code. */
  record RawReduce(int code, int input, int output) implements OfOne {
    @Override
    public void define(XnnSubgraph to) throws XnnException {
      reduce(to, code, new long[] {0}, input, output, KEEP_DIMS);
    }
  }

  private static void reduce(
      XnnSubgraph to, int code, long[] axes, int input, int output, int flags) throws XnnException {
    long count = axes.length;
    long address = to.longs(axes);
    to.define(
        DEFINE_STATIC_REDUCE,
        h -> (int) h.invokeExact(to.address(), code, count, address, input, output, flags));
  }
}
