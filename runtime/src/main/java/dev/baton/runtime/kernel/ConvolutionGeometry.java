package dev.baton.runtime.kernel;

import dev.baton.graph.Shape;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A convolution over three spatial dimensions, of which the first may have size 1.
 *
 * <p>The weight is (groups · out, in, z, y, x), or (groups · in, out, z, y, x) if transposed. A
 * convolution that reads one position for each that it writes has its whole plane as x.
 *
 * @param shape of the result
 * @param batch images
 * @param in input channels of a group
 * @param out output channels of a group
 */
public record ConvolutionGeometry(
    Shape shape,
    int batch,
    int groups,
    int in,
    int out,
    boolean transposed,
    Window z,
    Window y,
    Window x) {

  /**
   * @throws KernelException if the arguments of {@code aten::convolution} do not fit
   */
  public static ConvolutionGeometry of(Call call) {
    Shape input = call.shape("input");
    Shape weight = call.shape("weight");
    boolean transposed = call.bool("transposed");
    int groups = Math.toIntExact(call.integer("groups"));
    int spatial = weight.rank() - 2;
    if (spatial < 1 || spatial > 3 || input.rank() < spatial + 1 || input.rank() > spatial + 2) {
      throw new KernelException(
          "expected a convolution over one to three dimensions, not " + input + " by " + weight);
    }
    int batch = input.rank() == spatial + 1 ? 1 : input.size(0);
    int channels = input.size(-spatial - 1);
    long expected = transposed ? weight.size(0) : (long) weight.size(1) * groups;
    if (groups < 1 || channels != expected || weight.size(0) % groups != 0) {
      throw new KernelException(
          "an input of "
              + channels
              + " channels in "
              + groups
              + " groups does not fit the weight "
              + weight);
    }
    int out = transposed ? weight.size(1) : weight.size(0) / groups;
    int[] stride = Window.argument(call, "stride", spatial, Window.fill(spatial, 1));
    int[] padding = Window.argument(call, "padding", spatial, Window.fill(spatial, 0));
    int[] dilation = Window.argument(call, "dilation", spatial, Window.fill(spatial, 1));
    int[] outputPadding = Window.argument(call, "output_padding", spatial, Window.fill(spatial, 0));
    Window[] windows = {Window.identity(1), Window.identity(1), Window.identity(1)};
    int[] sizes = Arrays.copyOf(input.sizes(), input.rank());
    sizes[input.rank() - spatial - 1] = Math.multiplyExact(out, groups);
    for (int d = 0; d < spatial; d++) {
      int size = input.size(d - spatial);
      int kernel = weight.size(d + 2);
      Window window =
          transposed
              ? Window.transposed(
                  size, kernel, stride[d], padding[d], dilation[d], outputPadding[d])
              : Window.convolution(size, kernel, stride[d], padding[d], dilation[d]);
      windows[3 - spatial + d] = window;
      sizes[input.rank() - spatial + d] = window.out();
    }
    if (Arrays.stream(windows).allMatch(Window::isIdentity)) { // pointwise: rows are planes
      int plane = Arrays.stream(windows).mapToInt(Window::in).reduce(1, Math::multiplyExact);
      windows = new Window[] {Window.identity(1), Window.identity(1), Window.identity(plane)};
    }
    return new ConvolutionGeometry(
        Shape.of(sizes),
        batch,
        groups,
        channels / groups,
        out,
        transposed,
        windows[0],
        windows[1],
        windows[2]);
  }

  /** Elements of the kernel. */
  public int taps() {
    return Math.multiplyExact(Math.multiplyExact(z.kernel(), y.kernel()), x.kernel());
  }

  /** Output positions of a channel. */
  public int positions() {
    return Math.multiplyExact(Math.multiplyExact(z.out(), y.out()), x.out());
  }

  /** Elements of an input channel. */
  public long inputPlane() {
    return (long) z.in() * y.in() * x.in();
  }

  /**
   * Copies a transposed convolution's weight with its channels in the other's order: (groups · out,
   * in, z, y, x).
   */
  void exchangeChannels(MemorySegment from, MemorySegment to, int elementBytes) {
    long row = (long) taps() * elementBytes;
    for (int group = 0; group < groups; group++) {
      for (int o = 0; o < out; o++) {
        for (int i = 0; i < in; i++) {
          long source = ((long) group * in + i) * out + o;
          long target = ((long) group * out + o) * in + i;
          MemorySegment.copy(from, source * row, to, target * row, row);
        }
      }
    }
  }
}
