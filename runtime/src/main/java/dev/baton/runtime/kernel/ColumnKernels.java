package dev.baton.runtime.kernel;

import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Windows of a picture as columns, and columns summed into a picture: (n, c, h, w) and (n, c·kh·kw,
 * positions), or both without n.
 */
final class ColumnKernels {
  private ColumnKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::im2col" -> new Plain(ColumnKernels::inferColumns, ColumnKernels::bindColumns);
      case "aten::col2im" -> new Plain(ColumnKernels::inferPicture, ColumnKernels::bindPicture);
      default -> null;
    };
  }

  private static Window[] windows(Call call, int height, int width) {
    int[] in = {height, width};
    Window[] windows = new Window[2];
    for (int d = 0; d < 2; d++) {
      windows[d] =
          Window.convolution(
              in[d],
              Window.argument(call, "kernel_size", 2)[d],
              Window.argument(call, "stride", 2)[d],
              Window.argument(call, "padding", 2)[d],
              Window.argument(call, "dilation", 2)[d]);
    }
    return windows;
  }

  private static int taps(Window[] w) {
    return Math.multiplyExact(w[0].kernel(), w[1].kernel());
  }

  private static int positions(Window[] w) {
    return Math.multiplyExact(w[0].out(), w[1].out());
  }

  private static List<TensorType> inferColumns(Call call) {
    TensorType self = call.type("self");
    Shape shape = self.shape();
    int rank = shape.rank();
    if (rank < 3 || rank > 4) {
      throw new KernelException("expected a picture (n, c, h, w) or (c, h, w), not " + shape);
    }
    Window[] w = windows(call, shape.size(-2), shape.size(-1));
    int[] sizes = Arrays.copyOf(shape.sizes(), rank - 1);
    sizes[rank - 3] = Math.multiplyExact(sizes[rank - 3], taps(w));
    sizes[rank - 2] = positions(w);
    return Dims.one(self.dtype(), sizes);
  }

  private static Step bindColumns(BoundCall call) {
    Shape shape = call.shape("self");
    Window[] w = windows(call, shape.size(-2), shape.size(-1));
    Operand self = call.input("self");
    Operand out = call.output(0);
    int bytes = out.dtype().byteSize();
    long planes = Dims.product(shape, 0, shape.rank() - 2);
    return () -> {
      out.data().fill((byte) 0);
      visit(
          w,
          planes,
          (picture, column) ->
              java.lang.foreign.MemorySegment.copy(
                  self.data(), picture * bytes, out.data(), column * bytes, bytes));
    };
  }

  private static List<TensorType> inferPicture(Call call) {
    TensorType self = call.type("self");
    Shape shape = self.shape();
    int rank = shape.rank();
    int[] size = Window.argument(call, "output_size", 2);
    Window[] w = windows(call, size[0], size[1]);
    int taps = taps(w);
    if (rank < 2 || rank > 3 || shape.size(-2) % taps != 0 || shape.size(-1) != positions(w)) {
      throw new KernelException(shape + " are no columns of a picture of " + Arrays.toString(size));
    }
    int[] sizes = Arrays.copyOf(shape.sizes(), rank + 1);
    sizes[rank - 2] = shape.size(-2) / taps;
    sizes[rank - 1] = size[0];
    sizes[rank] = size[1];
    return Dims.one(self.dtype(), sizes);
  }

  private static Step bindPicture(BoundCall call) {
    Operand out = call.output(0);
    Shape shape = out.shape();
    Window[] w = windows(call, shape.size(-2), shape.size(-1));
    Elements x = Elements.of(call.input("self"));
    Elements y = Elements.of(out);
    long planes = Dims.product(shape, 0, shape.rank() - 2);
    boolean real = out.dtype().isFloatingPoint();
    double[] sums = call.doubles(real ? shape.numel() : 0);
    return () -> {
      Arrays.fill(sums, 0);
      out.data().fill((byte) 0);
      visit(
          w,
          planes,
          (picture, column) -> {
            if (real) {
              sums[(int) picture] += x.getDouble(column);
            } else {
              y.setLong(picture, y.getLong(picture) + x.getLong(column));
            }
          });
      for (int i = 0; i < sums.length; i++) {
        y.setDouble(i, sums[i]);
      }
    };
  }

  private interface Pair {
    void at(long picture, long column);
  }

  /** Every element of the columns that lies in the picture, with its place there. */
  private static void visit(Window[] w, long planes, Pair pair) {
    int taps = taps(w);
    int positions = positions(w);
    for (long p = 0; p < planes; p++) {
      for (int t = 0; t < taps; t++) {
        for (int o = 0; o < positions; o++) {
          int y = w[0].at(o / w[1].out(), t / w[1].kernel());
          int x = w[1].at(o % w[1].out(), t % w[1].kernel());
          if (y >= 0 && x >= 0) {
            pair.at((p * w[0].in() + y) * w[1].in() + x, (p * taps + t) * positions + o);
          }
        }
      }
    }
  }
}
