package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Resampling of planes. An output position is a weighted sum of input positions, separately for
 * each dimension: how many and which is all that the modes differ in.
 */
final class ResizeKernels {
  private ResizeKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::upsample_nearest1d" -> resize(1, Resampling.Mode.NEAREST);
      case "aten::upsample_nearest2d", "aten::upsample_nearest2d.vec" ->
          resize(2, Resampling.Mode.NEAREST);
      case "aten::upsample_nearest3d", "aten::upsample_nearest3d.vec" ->
          resize(3, Resampling.Mode.NEAREST);
      case "aten::upsample_linear1d", "aten::upsample_linear1d.vec" ->
          resize(1, Resampling.Mode.LINEAR);
      case "aten::upsample_bilinear2d", "aten::upsample_bilinear2d.vec" ->
          resize(2, Resampling.Mode.LINEAR);
      case "aten::upsample_trilinear3d", "aten::upsample_trilinear3d.vec" ->
          resize(3, Resampling.Mode.LINEAR);
      case "aten::upsample_bicubic2d", "aten::upsample_bicubic2d.vec" ->
          resize(2, Resampling.Mode.CUBIC);
      case "aten::_upsample_bilinear2d_aa" -> resize(2, Resampling.Mode.ANTIALIASED);
      case "aten::grid_sampler_2d" -> new Plain(ResizeKernels::inferGrid, ResizeKernels::bindGrid);
      case "aten::grid_sampler_3d" ->
          new Plain(ResizeKernels::inferVolume, ResizeKernels::bindVolume);
      default -> null;
    };
  }

  private static Kernel resize(int spatial, Resampling.Mode mode) {
    return new Plain(call -> List.of(infer(call, spatial)), call -> bind(call, spatial, mode));
  }

  private static TensorType infer(Call call, int spatial) {
    TensorType input = call.type(Resampling.input(call));
    int[] sizes = input.shape().sizes();
    if (sizes.length != spatial + 2) {
      throw new KernelException(
          "expected a tensor of rank " + (spatial + 2) + ", not " + input.shape());
    }
    if (!input.dtype().isFloatingPoint() && input.dtype() != DType.UINT8) {
      throw new KernelException(
          "expected a real or uint8 tensor, not " + Promotion.name(input.dtype()));
    }
    double[] scales = Resampling.scales(call, spatial);
    boolean given = !call.isNone("output_size");
    if (call.node().operator().has("scale_factors") && given != call.isNone("scale_factors")) {
      throw new KernelException("expected an output size or scale factors, and not both");
    }
    int[] out =
        given ? Window.argument(call, "output_size", spatial, new int[spatial]) : new int[spatial];
    for (int d = 0; d < spatial; d++) {
      int in = sizes[2 + d];
      sizes[2 + d] = given ? out[d] : (int) (in * scales[d]);
      if (in < 1 || sizes[2 + d] < 1) {
        throw new KernelException(
            "cannot resize " + input.shape() + " to the size " + sizes[2 + d]);
      }
    }
    return TensorType.of(input.dtype(), sizes);
  }

  private static Step bind(BoundCall call, int spatial, Resampling.Mode mode) {
    Operand input = call.input(Resampling.input(call));
    Operand output = call.output(0);
    Resampling[] axes = Resampling.of(call, output.shape(), spatial, mode);
    int[] in = {1, 1, 1};
    for (int d = 0; d < spatial; d++) {
      in[3 - spatial + d] = input.shape().size(2 + d);
    }
    long planes = (long) input.shape().size(0) * input.shape().size(1);
    double[] plane = call.doubles(Math.multiplyExact((long) in[0] * in[1], in[2]));
    double[] row = call.doubles(axes[2].index().length);
    boolean integer = !input.dtype().isFloatingPoint();
    Rows rows = new Rows(input);
    Rows out = new Rows(output);
    return () -> {
      long at = 0;
      for (long p = 0; p < planes; p++) {
        rows.load(p * plane.length, 1, plane.length, plane, 0);
        for (int z = 0; z < axes[0].index().length; z++) {
          for (int y = 0; y < axes[1].index().length; y++) {
            for (int x = 0; x < row.length; x++) {
              double value = sample(plane, in, axes, z, y, x);
              row[x] = integer ? Math.min(Math.max(Math.floor(value + 0.5), 0), 255) : value;
            }
            out.store(at, 1, row.length, row);
            at += row.length;
          }
        }
      }
    };
  }

  private static double sample(double[] plane, int[] in, Resampling[] axes, int z, int y, int x) {
    int[] indexZ = axes[0].index()[z];
    int[] indexY = axes[1].index()[y];
    int[] indexX = axes[2].index()[x];
    double[] weightX = axes[2].weight()[x];
    double sum = 0;
    for (int i = 0; i < indexZ.length; i++) {
      for (int j = 0; j < indexY.length; j++) {
        int base = (indexZ[i] * in[1] + indexY[j]) * in[2];
        double line = 0;
        for (int k = 0; k < indexX.length; k++) {
          line += weightX[k] * plane[base + indexX[k]];
        }
        sum += axes[0].weight()[z][i] * axes[1].weight()[y][j] * line;
      }
    }
    return sum;
  }

  // Sampling at the positions of a grid: input (N, C, H, W), grid (N, h, w, 2) of (x, y) in −1 … 1.

  private static final int BILINEAR = 0;
  private static final int NEAREST = 1;
  private static final int BICUBIC = 2;
  private static final int ZEROS = 0;
  private static final int BORDER = 1;
  private static final int REFLECTION = 2;

  private static List<TensorType> inferGrid(Call call) {
    TensorType input = call.type("input");
    Shape grid = call.shape("grid");
    if (input.shape().rank() != 4
        || grid.rank() != 4
        || grid.size(3) != 2
        || grid.size(0) != input.shape().size(0)
        || input.shape().size(2) == 0
        || input.shape().size(3) == 0) {
      throw new KernelException(
          "expected an input (n, c, h, w) and a grid (n, h', w', 2), not "
              + input.shape()
              + " and "
              + grid);
    }
    if (!input.dtype().isFloatingPoint() || call.type("grid").dtype() != input.dtype()) {
      throw new KernelException("expected an input and a grid of one real dtype");
    }
    long mode = call.integer("interpolation_mode");
    long padding = call.integer("padding_mode");
    if (mode < BILINEAR || mode > BICUBIC || padding < ZEROS || padding > REFLECTION) {
      throw new KernelException("no interpolation " + mode + " with padding " + padding);
    }
    return List.of(
        TensorType.of(
            input.dtype(),
            input.shape().size(0),
            input.shape().size(1),
            grid.size(1),
            grid.size(2)));
  }

  private static Step bindGrid(BoundCall call) {
    Operand input = call.input("input");
    Grid grid =
        new Grid(
            Elements.of(input),
            input.shape().size(2),
            input.shape().size(3),
            (int) call.integer("padding_mode"),
            call.bool("align_corners"));
    Elements points = Elements.of(call.input("grid"));
    Elements out = Elements.of(call.output(0));
    int mode = (int) call.integer("interpolation_mode");
    int batch = input.shape().size(0);
    int channels = input.shape().size(1);
    int positions = call.output(0).shape().size(2) * call.output(0).shape().size(3);
    long plane = (long) grid.height * grid.width;
    double[] wx = new double[4];
    double[] wy = new double[4];
    return () -> {
      for (int n = 0; n < batch; n++) {
        for (int p = 0; p < positions; p++) {
          long point = ((long) n * positions + p) * 2;
          double x = grid.unnormalize(points.getDouble(point), grid.width);
          double y = grid.unnormalize(points.getDouble(point + 1), grid.height);
          if (mode != BICUBIC) {
            x = grid.pad(x, grid.width);
            y = grid.pad(y, grid.height);
          }
          double x0 = mode == NEAREST ? Math.rint(x) : Math.floor(x);
          double y0 = mode == NEAREST ? Math.rint(y) : Math.floor(y);
          int taps = taps(mode, x - x0, wx);
          taps(mode, y - y0, wy);
          int before = mode == BICUBIC ? 1 : 0;
          for (int c = 0; c < channels; c++) {
            long base = ((long) n * channels + c) * plane;
            double sum = 0;
            for (int j = 0; j < taps; j++) {
              double line = 0;
              for (int i = 0; i < taps; i++) {
                double value = grid.at(base, y0 - before + j, x0 - before + i, mode == BICUBIC);
                line += wx[i] * value;
              }
              sum += wy[j] * line;
            }
            out.setDouble(((long) n * channels + c) * positions + p, sum);
          }
        }
      }
    };
  }

  private static int taps(int mode, double t, double[] weights) {
    switch (mode) {
      case NEAREST -> weights[0] = 1;
      case BILINEAR -> {
        weights[0] = 1 - t;
        weights[1] = t;
      }
      default -> {
        weights[0] = Resampling.outer(t + 1);
        weights[1] = Resampling.inner(t);
        weights[2] = Resampling.inner(1 - t);
        weights[3] = Resampling.outer(2 - t);
      }
    }
    return mode == NEAREST ? 1 : mode == BILINEAR ? 2 : 4;
  }

  /** An input (n, c, d, h, w) and a grid (n, d', h', w', 3). */
  private static List<TensorType> inferVolume(Call call) {
    TensorType input = call.type("input");
    Shape grid = call.shape("grid");
    if (input.shape().rank() != 5
        || grid.rank() != 5
        || grid.size(4) != 3
        || grid.size(0) != input.shape().size(0)
        || Dims.product(input.shape(), 2, 5) == 0) {
      throw new KernelException(
          "expected an input (n, c, d, h, w) and a grid (n, d', h', w', 3), not "
              + input.shape()
              + " and "
              + grid);
    }
    if (!input.dtype().isFloatingPoint() || call.type("grid").dtype() != input.dtype()) {
      throw new KernelException("expected an input and a grid of one real dtype");
    }
    long mode = call.integer("interpolation_mode");
    long padding = call.integer("padding_mode");
    if (mode < BILINEAR || mode >= BICUBIC || padding < ZEROS || padding > REFLECTION) {
      throw new KernelException("no interpolation " + mode + " with padding " + padding);
    }
    int[] sizes = grid.sizes();
    return Dims.one(input.dtype(), sizes[0], input.shape().size(1), sizes[1], sizes[2], sizes[3]);
  }

  private static Step bindVolume(BoundCall call) {
    Operand input = call.input("input");
    Shape shape = input.shape();
    int depth = shape.size(2);
    Grid grid =
        new Grid(
            Elements.of(input),
            shape.size(3),
            shape.size(4),
            (int) call.integer("padding_mode"),
            call.bool("align_corners"));
    Elements points = Elements.of(call.input("grid"));
    Operand result = call.output(0);
    Elements out = Elements.of(result);
    int mode = (int) call.integer("interpolation_mode");
    int channels = shape.size(1);
    long positions = Dims.product(result.shape(), 2, 5);
    long plane = (long) grid.height * grid.width;
    double[][] weights = new double[3][4];
    double[] first = new double[3];
    int[] sizes = {grid.width, grid.height, depth};
    return () -> {
      for (long n = 0; n < shape.size(0); n++) {
        for (long p = 0; p < positions; p++) {
          int taps = 0;
          for (int d = 0; d < 3; d++) {
            double at = points.getDouble((n * positions + p) * 3 + d);
            at = grid.pad(grid.unnormalize(at, sizes[d]), sizes[d]);
            first[d] = mode == NEAREST ? Math.rint(at) : Math.floor(at);
            taps = taps(mode, at - first[d], weights[d]);
          }
          for (int c = 0; c < channels; c++) {
            double sum = 0;
            for (int k = 0; k < taps; k++) {
              double z = first[2] + k;
              long base = ((n * channels + c) * depth + (long) z) * plane;
              for (int j = 0; z >= 0 && z < depth && j < taps; j++) {
                for (int i = 0; i < taps; i++) {
                  sum +=
                      weights[2][k]
                          * weights[1][j]
                          * weights[0][i]
                          * grid.at(base, first[1] + j, first[0] + i, false);
                }
              }
            }
            out.setDouble((n * channels + c) * positions + p, sum);
          }
        }
      }
    };
  }

  private record Grid(Elements input, int height, int width, int padding, boolean alignCorners) {

    double unnormalize(double x, int size) {
      return alignCorners ? (x + 1) / 2 * (size - 1) : ((x + 1) * size - 1) / 2;
    }

    /** A position inside of the plane, where the padding mode gives one. */
    double pad(double x, int size) {
      double inside =
          switch (padding) {
            case BORDER -> clip(x, size);
            case REFLECTION ->
                clip(
                    alignCorners ? reflect(x, 0, 2 * (size - 1)) : reflect(x, -1, 2 * size - 1),
                    size);
            default -> x;
          };
      return Double.isFinite(inside) ? inside : -100; // as PyTorch's CPU kernel
    }

    private static double clip(double x, int size) {
      return Math.min(size - 1, x > 0 ? x : 0);
    }

    /** Bounds are given doubled. */
    private static double reflect(double x, int twiceLow, int twiceHigh) {
      if (twiceLow == twiceHigh) {
        return 0;
      }
      double low = twiceLow / 2.0;
      double span = (twiceHigh - twiceLow) / 2.0;
      double in = Math.abs(x - low);
      double extra = in % span;
      return Math.floor(in / span) % 2 == 0 ? extra + low : span - extra + low;
    }

    double at(long base, double y, double x, boolean padded) {
      double row = padded ? pad(y, height) : y;
      double column = padded ? pad(x, width) : x;
      return row < 0 || row >= height || column < 0 || column >= width
          ? 0
          : input.getDouble(base + (long) row * width + (long) column);
    }
  }
}
