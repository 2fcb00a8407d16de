package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Pools: each plane is read once, then each output position looks at its box of the plane. */
final class PoolingKernels {
  private PoolingKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::max_pool2d_with_indices" -> max(2);
      case "aten::max_pool3d_with_indices" -> max(3);
      case "aten::max_pool2d_with_indices_backward" ->
          new Plain(PoolingKernels::inferMaxBackward, PoolingKernels::bindMaxBackward);
      case "aten::avg_pool1d" -> average(1);
      case "aten::avg_pool2d" -> average(2);
      case "aten::avg_pool3d" -> average(3);
      case "aten::adaptive_avg_pool1d" -> adaptiveAverage(1);
      case "aten::_adaptive_avg_pool2d", "aten::adaptive_avg_pool2d" -> adaptiveAverage(2);
      case "aten::_adaptive_avg_pool3d", "aten::adaptive_avg_pool3d" -> adaptiveAverage(3);
      case "aten::adaptive_max_pool2d" -> adaptiveMax(2);
      case "aten::adaptive_max_pool3d" -> adaptiveMax(3);
      default -> null;
    };
  }

  private static Kernel max(int spatial) {
    return new Plain(
        call -> withIndices(call, shape(call, Window.pool(call, spatial), spatial)),
        call -> bindMax(call, spatial));
  }

  private static Kernel average(int spatial) {
    return new Plain(
        call -> {
          if (spatial > 1
              && !call.isNone("divisor_override")
              && call.integer("divisor_override") == 0) {
            throw new KernelException("divisor_override must not be 0");
          }
          DType dtype = call.type("self").dtype();
          if (!dtype.isFloatingPoint() && dtype != DType.INT64) {
            throw new KernelException(
                "expected a real or int64 tensor, not " + Promotion.name(dtype));
          }
          return List.of(
              new TensorType(dtype, shape(call, Window.pool(call, spatial), spatial), false));
        },
        call -> bindAverage(call, spatial));
  }

  private static Kernel adaptiveAverage(int spatial) {
    return new Plain(
        call -> {
          DType dtype = call.type("self").dtype();
          if (!dtype.isFloatingPoint()) {
            throw new KernelException("expected a real tensor, not " + Promotion.name(dtype));
          }
          return List.of(new TensorType(dtype, adaptiveShape(call, spatial), false));
        },
        call -> bindAdaptiveAverage(call, spatial));
  }

  private static Kernel adaptiveMax(int spatial) {
    return new Plain(
        call -> withIndices(call, adaptiveShape(call, spatial)),
        call -> bindAdaptiveMax(call, spatial));
  }

  private static Shape shape(Call call, Window[] windows, int spatial) {
    int[] sizes = call.shape("self").sizes();
    for (int d = 0; d < spatial; d++) {
      sizes[sizes.length - spatial + d] = windows[3 - spatial + d].out();
    }
    return Shape.of(sizes);
  }

  private static Shape adaptiveShape(Call call, int spatial) {
    Shape input = Window.pooled(call, spatial);
    int[] out = Window.argument(call, "output_size", spatial, Window.fill(spatial, 1));
    int[] sizes = input.sizes();
    for (int d = 0; d < spatial; d++) {
      if (out[d] < 0 || input.size(d - spatial) == 0) {
        throw new KernelException("no pool of " + input + " to " + Arrays.toString(out));
      }
      sizes[sizes.length - spatial + d] = out[d];
    }
    return Shape.of(sizes);
  }

  private static List<TensorType> withIndices(Call call, Shape shape) {
    DType dtype = call.type("self").dtype();
    if (dtype == DType.BOOL) {
      throw new KernelException("expected a tensor of numbers, not bool");
    }
    return List.of(new TensorType(dtype, shape, false), new TensorType(DType.INT64, shape, false));
  }

  /** Sizes of the last three dimensions, of which the operator has the last {@code spatial}. */
  private static int[] plane(Shape shape, int spatial) {
    int[] sizes = {1, 1, 1};
    for (int d = 1; d <= spatial; d++) {
      sizes[3 - d] = shape.size(-d);
    }
    return sizes;
  }

  /** Elements of a plane. */
  private static int elements(int... sizes) {
    return Arrays.stream(sizes).reduce(1, Math::multiplyExact);
  }

  private static long planes(Shape shape, int spatial) {
    long planes = 1;
    for (int d = 0; d < shape.rank() - spatial; d++) {
      planes *= shape.size(d);
    }
    return planes;
  }

  /** Computes an output element from its box of a plane. */
  private interface Box {
    /** Ends are exclusive; the box may be empty. */
    void at(long output, int z0, int z1, int y0, int y1, int x0, int x1);
  }

  private static Step bindMax(BoundCall call, int spatial) {
    Window[] w = Window.pool(call, spatial);
    Operand self = call.input("self");
    Rows rows = new Rows(self);
    long planes = planes(self.shape(), spatial);
    double[] plane = call.doubles(elements(w[0].in(), w[1].in(), w[2].in()));
    Elements out = Elements.of(call.output(0));
    Elements indices = Elements.of(call.output(1));
    double lowest = lowest(self.dtype());
    return () -> {
      long at = 0;
      for (long p = 0; p < planes; p++) {
        rows.load(p * plane.length, 1, plane.length, plane, 0);
        for (int oz = 0; oz < w[0].out(); oz++) {
          for (int oy = 0; oy < w[1].out(); oy++) {
            for (int ox = 0; ox < w[2].out(); ox++) {
              int best = dilatedMax(plane, w, oz, oy, ox);
              out.setDouble(at, best < 0 ? lowest : plane[best]);
              indices.setLong(at++, best < 0 ? outside(w, oz, oy, ox) : best);
            }
          }
        }
      }
    };
  }

  /** What is greatest of nothing. */
  private static double lowest(DType dtype) {
    return switch (dtype) {
      case INT8 -> Byte.MIN_VALUE;
      case INT16 -> Short.MIN_VALUE;
      case INT32 -> Integer.MIN_VALUE;
      case INT64 -> Long.MIN_VALUE;
      case UINT8, UINT16, UINT32, UINT64 -> 0;
      default -> Double.NEGATIVE_INFINITY;
    };
  }

  /** Index of the greatest; −1 where a window meets nothing but padding. */
  private static int dilatedMax(double[] plane, Window[] w, int oz, int oy, int ox) {
    int best = -1;
    for (long z = first(w[0], oz), z1 = end(w[0], oz); z < z1; z += w[0].dilation()) {
      for (long y = first(w[1], oy), y1 = end(w[1], oy); y < y1; y += w[1].dilation()) {
        for (long x = first(w[2], ox), x1 = end(w[2], ox); x < x1; x += w[2].dilation()) {
          int i = (int) ((z * w[1].in() + y) * w[2].in() + x);
          if (best < 0 || plane[i] > plane[best] || Double.isNaN(plane[i])) {
            best = i; // the last NaN, as PyTorch has it
          }
        }
      }
    }
    return best;
  }

  /** What PyTorch gives as the index of nothing: of the first tap that is not before the plane. */
  private static long outside(Window[] w, int oz, int oy, int ox) {
    return (first(w[0], oz) * w[1].in() + first(w[1], oy)) * w[2].in() + first(w[2], ox);
  }

  private static long first(Window w, int o) {
    long start = w.start(o);
    return start >= 0 ? start : start + Math.ceilDiv(-start, w.dilation()) * w.dilation();
  }

  private static long end(Window w, int o) {
    return Math.min(w.in(), w.start(o) + (w.kernel() - 1L) * w.dilation() + 1);
  }

  private static Step bindAverage(BoundCall call, int spatial) {
    Window[] w = Window.pool(call, spatial);
    boolean countPadding = call.bool("count_include_pad");
    boolean overridden = spatial > 1 && !call.isNone("divisor_override");
    long divisor = overridden ? call.integer("divisor_override") : 0;
    Operand self = call.input("self");
    Rows rows = new Rows(self);
    long planes = planes(self.shape(), spatial);
    double[] plane = call.doubles(elements(w[0].in(), w[1].in(), w[2].in()));
    Elements out = Elements.of(call.output(0));
    return () -> {
      long at = 0;
      for (long p = 0; p < planes; p++) {
        rows.load(p * plane.length, 1, plane.length, plane, 0);
        for (int oz = 0; oz < w[0].out(); oz++) {
          long z = w[0].start(oz);
          long z1 = Math.min(z + w[0].kernel(), (long) w[0].in() + w[0].padding());
          for (int oy = 0; oy < w[1].out(); oy++) {
            long y = w[1].start(oy);
            long y1 = Math.min(y + w[1].kernel(), (long) w[1].in() + w[1].padding());
            for (int ox = 0; ox < w[2].out(); ox++) {
              long x = w[2].start(ox);
              long x1 = Math.min(x + w[2].kernel(), (long) w[2].in() + w[2].padding());
              long padded = (z1 - z) * (y1 - y) * (x1 - x);
              int za = (int) Math.clamp(z, 0L, w[0].in());
              int zb = (int) Math.clamp(z1, 0L, w[0].in());
              int ya = (int) Math.clamp(y, 0L, w[1].in());
              int yb = (int) Math.clamp(y1, 0L, w[1].in());
              int xa = (int) Math.clamp(x, 0L, w[2].in());
              int xb = (int) Math.clamp(x1, 0L, w[2].in());
              long inside = (long) (zb - za) * (yb - ya) * (xb - xa);
              double sum = sum(plane, w[1].in(), w[2].in(), za, zb, ya, yb, xa, xb);
              long by = overridden ? divisor : countPadding ? padded : inside;
              out.setDouble(at++, za >= zb || ya >= yb || xa >= xb ? 0 : sum / by);
            }
          }
        }
      }
    };
  }

  private static double sum(
      double[] plane, int height, int width, int z0, int z1, int y0, int y1, int x0, int x1) {
    double sum = 0;
    for (int z = z0; z < z1; z++) {
      for (int y = y0; y < y1; y++) {
        for (int x = x0; x < x1; x++) {
          sum += plane[(z * height + y) * width + x];
        }
      }
    }
    return sum;
  }

  private static Step bindAdaptiveAverage(BoundCall call, int spatial) {
    int[] in = plane(call.shape("self"), spatial);
    double[] plane = call.doubles(elements(in));
    Elements out = Elements.of(call.output(0));
    return adaptive(
        call,
        spatial,
        plane,
        (at, z0, z1, y0, y1, x0, x1) ->
            out.setDouble(
                at,
                sum(plane, in[1], in[2], z0, z1, y0, y1, x0, x1)
                    / ((long) (z1 - z0) * (y1 - y0) * (x1 - x0))));
  }

  private static Step bindAdaptiveMax(BoundCall call, int spatial) {
    int[] in = plane(call.shape("self"), spatial);
    double[] plane = call.doubles(elements(in));
    Elements out = Elements.of(call.output(0));
    Elements indices = Elements.of(call.output(1));
    return adaptive(
        call,
        spatial,
        plane,
        (at, z0, z1, y0, y1, x0, x1) -> {
          int best = -1;
          for (int z = z0; z < z1; z++) {
            for (int y = y0; y < y1; y++) {
              for (int x = x0; x < x1; x++) {
                int i = (z * in[1] + y) * in[2] + x;
                if (best < 0 || plane[i] > plane[best] || Double.isNaN(plane[i])) {
                  best = i;
                }
              }
            }
          }
          out.setDouble(at, plane[best]);
          indices.setLong(at, best);
        });
  }

  /** Output o of n covers input from ⌊o·in/n⌋ to ⌈(o+1)·in/n⌉. */
  private static Step adaptive(BoundCall call, int spatial, double[] plane, Box box) {
    Operand self = call.input("self");
    int[] in = plane(self.shape(), spatial);
    int[] n = plane(call.output(0).shape(), spatial);
    long planes = call.output(0).shape().numel() == 0 ? 0 : planes(self.shape(), spatial);
    Rows rows = new Rows(self);
    return () -> {
      long at = 0;
      for (long p = 0; p < planes; p++) {
        rows.load(p * plane.length, 1, plane.length, plane, 0);
        for (int z = 0; z < n[0]; z++) {
          for (int y = 0; y < n[1]; y++) {
            for (int x = 0; x < n[2]; x++) {
              box.at(
                  at++,
                  begin(z, in[0], n[0]),
                  end(z + 1, in[0], n[0]),
                  begin(y, in[1], n[1]),
                  end(y + 1, in[1], n[1]),
                  begin(x, in[2], n[2]),
                  end(x + 1, in[2], n[2]));
            }
          }
        }
      }
    };
  }

  private static int begin(int o, int in, int n) {
    return (int) ((long) o * in / n);
  }

  private static int end(int o, int in, int n) {
    return (int) Math.ceilDiv((long) o * in, (long) n);
  }

  /** The gradient goes to where each maximum was. */
  private static List<TensorType> inferMaxBackward(Call call) {
    TensorType self = call.type("self");
    Shape shape = shape(call, Window.pool(call, 2), 2);
    TensorType gradient = call.type("grad_output");
    if (!gradient.shape().equals(shape)
        || !call.shape("indices").equals(shape)
        || gradient.dtype() != self.dtype()
        || call.type("indices").dtype() != DType.INT64
        || !self.dtype().isFloatingPoint()) {
      throw new KernelException(
          "expected a gradient and indices "
              + shape
              + " of a pool of "
              + self
              + ", not "
              + gradient
              + " and "
              + call.type("indices"));
    }
    return List.of(self);
  }

  private static Step bindMaxBackward(BoundCall call) {
    Elements gradient = Elements.of(call.input("grad_output"));
    Elements indices = Elements.of(call.input("indices"));
    Elements out = Elements.of(call.output(0));
    Shape shape = call.shape("self");
    int plane = Math.multiplyExact(shape.size(-2), shape.size(-1));
    Shape given = call.shape("grad_output");
    int outPlane = Math.multiplyExact(given.size(-2), given.size(-1));
    long planes = planes(shape, 2);
    double[] sums = call.doubles(plane);
    return () -> {
      for (long p = 0; p < planes; p++) {
        Arrays.fill(sums, 0);
        for (int o = 0; o < outPlane; o++) {
          long index = indices.getLong(p * outPlane + o);
          if (index < 0 || index >= plane) {
            throw new KernelException("index " + index + " is outside of a plane of " + plane);
          }
          sums[(int) index] += gradient.getDouble(p * outPlane + o);
        }
        for (int i = 0; i < plane; i++) {
          out.setDouble(p * plane + i, sums[i]);
        }
      }
    };
  }
}
