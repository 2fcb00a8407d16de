package dev.baton.xnnpack.payload;

import java.util.List;

/** What a node's table says, with every number in the range of its meaning. */
sealed interface PayloadNode {
  /** The id that stands for an absent operand. */
  int NO_VALUE = -1;

  int flags();

  /** Ids of the values that it reads, present or not. */
  List<Integer> inputs();

  /** Id of the value that it gives, or of the first. */
  int output();

  /** Ids of all values that it gives. */
  default List<Integer> outputs() {
    return List.of(output());
  }

  /** A node that reads one value. */
  sealed interface OfOne extends PayloadNode {
    int input();

    @Override
    default List<Integer> inputs() {
      return List.of(input());
    }
  }

  /** A window that moves over height and width. */
  record Window(
      int top,
      int right,
      int bottom,
      int left,
      int height,
      int width,
      int strideHeight,
      int strideWidth,
      int dilationHeight,
      int dilationWidth) {
    boolean isSymmetric() {
      return top == bottom && left == right;
    }

    boolean isPadded() {
      return top != 0 || right != 0 || bottom != 0 || left != 0;
    }

    /** The window with the padding that gives ⌈size / stride⌉ results; more of it at the end. */
    Window withSamePadding(int imageHeight, int imageWidth) {
      int rows = samePadding(imageHeight, height, strideHeight, dilationHeight);
      int columns = samePadding(imageWidth, width, strideWidth, dilationWidth);
      return new Window(
          rows / 2,
          columns - columns / 2,
          rows - rows / 2,
          columns / 2,
          height,
          width,
          strideHeight,
          strideWidth,
          dilationHeight,
          dilationWidth);
    }

    private static int samePadding(long size, int kernel, int stride, int dilation) {
      long reach = (long) dilation * (kernel - 1) + 1;
      long covered = (Math.ceilDiv(size, stride) - 1) * stride + reach;
      return Math.toIntExact(Math.max(0, covered - size));
    }
  }

  record Unary(int input, int output, int flags) implements OfOne {}

  /** A unary node with a number: the slope of a leaky ReLU, the alpha of an ELU. */
  record Activation(float parameter, int input, int output, int flags) implements OfOne {}

  record Binary(int first, int second, int output, int flags) implements PayloadNode {
    @Override
    public List<Integer> inputs() {
      return List.of(first, second);
    }
  }

  record Concatenate(int axis, List<Integer> inputs, int output, int flags)
      implements PayloadNode {}

  record FullyConnected(int input, int filter, int bias, int output, int flags)
      implements PayloadNode {
    @Override
    public List<Integer> inputs() {
      return List.of(input, filter, bias);
    }
  }

  record Convolution(
      Window window,
      int groupInputChannels,
      int groupOutputChannels,
      int groups,
      int adjustmentHeight,
      int adjustmentWidth,
      int input,
      int filter,
      int bias,
      int output,
      int flags)
      implements PayloadNode {
    @Override
    public List<Integer> inputs() {
      return List.of(input, filter, bias);
    }
  }

  record Pooling(Window window, int input, int output, int flags) implements OfOne {}

  /** Windows side by side; an index counts inside of its window, row by row. */
  record ArgMaxPooling(Window window, int input, int output, int indices, int flags)
      implements OfOne {
    @Override
    public List<Integer> outputs() {
      return List.of(output, indices);
    }
  }

  /**
   * @param permutation dimension {@code d} of the output is {@code permutation[d]} of the input
   */
  record Transpose(int[] permutation, int input, int output, int flags) implements OfOne {}

  /**
   * @param sizes one 0 stands for the size that the others leave
   */
  record Reshape(int[] sizes, int input, int output, int flags) implements OfOne {}

  record Slice(int[] offsets, int[] sizes, int input, int output, int flags) implements OfOne {}

  record Pad(int[] before, int[] after, float value, int input, int output, int flags)
      implements OfOne {}

  record Resize(int height, int width, int input, int output, int flags) implements OfOne {}

  /**
   * @param scale one factor for each element of a query
   */
  record Attention(int query, int key, int value, int scale, int mask, int output, int flags)
      implements PayloadNode {
    @Override
    public List<Integer> inputs() {
      return List.of(query, key, value, scale, mask);
    }
  }
}
