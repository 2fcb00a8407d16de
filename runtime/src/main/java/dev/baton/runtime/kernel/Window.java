package dev.baton.runtime.kernel;

import dev.baton.graph.Shape;
import java.util.Arrays;

/**
 * One spatial dimension of a convolution or a pool: output position {@code o} reads input positions
 * {@code o · stride − padding + tap · dilation}.
 */
public record Window(int in, int kernel, int stride, int padding, int dilation, int out) {
  /** The identity over a dimension: a missing one has size 1. */
  static Window identity(int size) {
    return new Window(size, 1, 1, 0, 1, size);
  }

  static Window convolution(int in, int kernel, int stride, int padding, int dilation) {
    check(in, kernel, stride, padding, dilation);
    long span = in + 2L * padding - (long) dilation * (kernel - 1) - 1;
    if (span < 0) {
      throw new KernelException(
          "a kernel of "
              + kernel
              + " with dilation "
              + dilation
              + " is larger than the input of "
              + in
              + " with padding "
              + padding);
    }
    return new Window(in, kernel, stride, padding, dilation, Math.toIntExact(span / stride + 1));
  }

  static Window transposed(
      int in, int kernel, int stride, int padding, int dilation, int outputPadding) {
    check(in, kernel, stride, padding, dilation);
    long out =
        (in - 1L) * stride - 2L * padding + (long) dilation * (kernel - 1) + outputPadding + 1;
    if (outputPadding < 0 || outputPadding >= Math.max(stride, dilation)) {
      throw new KernelException(
          "the output padding "
              + outputPadding
              + " is not below the stride "
              + stride
              + " or the dilation "
              + dilation);
    }
    if (out < 0) {
      throw new KernelException("a transposed convolution of " + in + " gives the size " + out);
    }
    return new Window(in, kernel, stride, padding, dilation, Math.toIntExact(out));
  }

  static Window pool(int in, int kernel, int stride, int padding, int dilation, boolean ceilMode) {
    check(in, kernel, stride, padding, dilation);
    if (2L * padding > kernel) {
      throw new KernelException(
          "the padding of a pool is at most half its kernel of " + kernel + ", not " + padding);
    }
    long span = in + 2L * padding - (long) dilation * (kernel - 1) - 1;
    long out = Math.floorDiv(span + (ceilMode ? stride - 1L : 0), (long) stride) + 1;
    if (ceilMode && (out - 1) * stride >= (long) in + padding) {
      out--; // the last window would lie in the padding
    }
    if (out < 1) {
      throw new KernelException(
          "a pool of " + kernel + " over an input of " + in + " has no output");
    }
    return new Window(in, kernel, stride, padding, dilation, Math.toIntExact(out));
  }

  /**
   * Windows of a pool over three dimensions, the last {@code spatial} of them the operator's.
   *
   * @throws KernelException if the arguments do not fit
   */
  public static Window[] pool(Call call, int spatial) {
    Shape input = pooled(call, spatial);
    int[] kernel = argument(call, "kernel_size", spatial, fill(spatial, 1));
    int[] stride = argument(call, "stride", spatial, kernel);
    int[] padding = argument(call, "padding", spatial, fill(spatial, 0));
    boolean dilated = call.node().name().startsWith("aten::max_pool");
    int[] one = fill(spatial, 1);
    int[] dilation = dilated ? argument(call, "dilation", spatial, one) : one;
    boolean ceilMode = call.bool("ceil_mode");
    Window[] windows = {identity(1), identity(1), identity(1)};
    for (int d = 0; d < spatial; d++) {
      windows[3 - spatial + d] =
          pool(input.size(d - spatial), kernel[d], stride[d], padding[d], dilation[d], ceilMode);
    }
    return windows;
  }

  static Shape pooled(Call call, int spatial) {
    Shape input = call.shape("self");
    if (input.rank() < spatial + 1 || input.rank() > spatial + 2) {
      throw new KernelException(
          "expected a tensor of rank " + (spatial + 1) + " or " + (spatial + 2) + ", not " + input);
    }
    return input;
  }

  private static void check(int in, int kernel, int stride, int padding, int dilation) {
    if (kernel < 1 || stride < 1 || padding < 0 || dilation < 1) {
      throw new KernelException(
          "kernel, stride and dilation are positive and padding is not negative; they are "
              + Arrays.toString(new int[] {kernel, stride, dilation, padding})
              + " over an input of "
              + in);
    }
  }

  /** Input position that the first tap of an output position reads; negative in the padding. */
  public long start(int o) {
    return (long) o * stride - padding;
  }

  /** Input position of a tap of an output position; −1 if outside. */
  public int at(int o, int tap) {
    long i = start(o) + (long) tap * dilation;
    return i >= 0 && i < in ? (int) i : -1;
  }

  /** Input position that reaches an output position of a transposed convolution; −1 if none. */
  public int source(int o, int tap) {
    long i = (long) o + padding - (long) tap * dilation;
    return i >= 0 && i % stride == 0 && i / stride < in ? (int) (i / stride) : -1;
  }

  /**
   * First output position whose tap reads input position {@code i} or later: from 0 to {@code out},
   * which stands for none.
   */
  public int firstReaching(int i, int tap) {
    return (int)
        Math.clamp(Math.ceilDiv((long) i + padding - (long) tap * dilation, stride), 0L, out);
  }

  /** True if each output position reads the input position of its number, and nothing else. */
  public boolean isIdentity() {
    return kernel == 1 && stride == 1 && padding == 0 && in == out;
  }

  /** One value for each dimension, or one for all of them, which must be there. */
  static int[] argument(Call call, String parameter, int spatial) {
    int[] values = argument(call, parameter, spatial, new int[0]);
    if (values.length == 0) {
      throw new KernelException(parameter + " is absent");
    }
    return values;
  }

  /**
   * A list argument over the spatial dimensions: one value stands for all, none for {@code orElse}.
   */
  static int[] argument(Call call, String parameter, int spatial, int[] orElse) {
    long[] given = call.isNone(parameter) ? new long[0] : call.integers(parameter);
    if (given.length == 0) {
      return orElse;
    }
    if (given.length != 1 && given.length != spatial) {
      throw new KernelException(
          parameter + " has one value or " + spatial + ", not " + Arrays.toString(given));
    }
    int[] values = new int[spatial];
    for (int d = 0; d < spatial; d++) {
      values[d] = Math.toIntExact(given[given.length == 1 ? 0 : d]);
    }
    return values;
  }

  static int[] fill(int spatial, int value) {
    int[] values = new int[spatial];
    Arrays.fill(values, value);
    return values;
  }
}
