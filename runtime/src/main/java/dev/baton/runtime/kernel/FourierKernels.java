package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Discrete Fourier transforms over some dimensions: {@code r2c} of real numbers, {@code c2r} to
 * real numbers, {@code c2c}. All are computed in double over a complex copy of the tensor.
 */
final class FourierKernels {
  /** How a transform over n numbers is scaled: PyTorch's codes. */
  private static final int BY_ROOT = 1;

  private static final int BY_N = 2;

  private FourierKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::_fft_r2c" -> new Plain(FourierKernels::inferForward, FourierKernels::bindForward);
      case "aten::_fft_c2r" ->
          new Plain(FourierKernels::inferBackward, FourierKernels::bindBackward);
      case "aten::_fft_c2c" -> new Plain(FourierKernels::inferBoth, FourierKernels::bindBoth);
      default -> null;
    };
  }

  private static int[] dims(Call call) {
    int rank = call.shape("self").rank();
    int[] dims = Arrays.stream(call.integers("dim")).mapToInt(d -> Dims.wrap(d, rank)).toArray();
    if (Arrays.stream(dims).distinct().count() != dims.length) {
      throw new KernelException("a dimension appears twice in " + Arrays.toString(dims));
    }
    for (int dim : dims) {
      if (rank == 0 || call.shape("self").size(dim) == 0) {
        throw new KernelException("no transform over a dimension without elements");
      }
    }
    return dims;
  }

  private static double scale(Call call, Shape signal, int[] dims) {
    double n = 1;
    for (int dim : dims) {
      n *= signal.size(dim);
    }
    return switch ((int) call.integer("normalization")) {
      case BY_ROOT -> 1 / Math.sqrt(n);
      case BY_N -> 1 / n;
      default -> 1;
    };
  }

  /** {@code _fft_r2c(Tensor self, int[] dim, int normalization, bool onesided)}. */
  private static List<TensorType> inferForward(Call call) {
    TensorType self = call.type("self");
    int[] dims = dims(call);
    if (!self.dtype().isFloatingPoint() || self.dtype() == DType.BFLOAT16 || dims.length == 0) {
      throw new KernelException("expected a real tensor and a dimension, not " + self);
    }
    int last = dims[dims.length - 1];
    int size = self.shape().size(last);
    return Dims.one(
        Promotion.complex(self.dtype()),
        Dims.with(self.shape(), last, call.bool("onesided") ? size / 2 + 1 : size));
  }

  private static Step bindForward(BoundCall call) {
    Shape shape = call.shape("self");
    int[] dims = dims(call);
    Elements x = Elements.of(call.input("self"));
    Grid grid = new Grid(call, shape);
    Step[] lines = lines(call, grid, dims, -1);
    int n = Math.toIntExact(shape.numel());
    Step store = store(call, grid, scale(call, shape, dims));
    return () -> {
      for (int i = 0; i < n; i++) {
        grid.re[i] = x.getDouble(i);
        grid.im[i] = 0;
      }
      for (Step line : lines) {
        line.run();
      }
      store.run();
    };
  }

  /** {@code _fft_c2r(Tensor self, int[] dim, int normalization, SymInt last_dim_size)}. */
  private static List<TensorType> inferBackward(Call call) {
    TensorType self = call.type("self");
    int[] dims = dims(call);
    long size = call.integer("last_dim_size");
    if (!self.dtype().isComplex() || dims.length == 0 || size < 1) {
      throw new KernelException("expected a complex tensor, a dimension and its size, not " + self);
    }
    int last = dims[dims.length - 1];
    if (self.shape().size(last) < size / 2 + 1) {
      throw new KernelException(
          size + " real numbers need " + (size / 2 + 1) + " complex ones, not those of " + self);
    }
    return Dims.one(self.dtype().part(), Dims.with(self.shape(), last, Math.toIntExact(size)));
  }

  private static Step bindBackward(BoundCall call) {
    Shape shape = call.shape("self");
    Shape full = call.output(0).shape();
    int[] dims = dims(call);
    int last = dims[dims.length - 1];
    Elements x = Elements.parts(call.input("self"));
    Elements y = Elements.of(call.output(0));
    Grid grid = new Grid(call, full);
    int[] others = Arrays.copyOf(dims, dims.length - 1);
    Step[] lines = lines(call, grid, dims, 1);
    double scale = scale(call, full, dims);
    long[] strides = shape.contiguousStrides();
    Walk walk = new Walk(full, full.contiguousStrides(), strides);
    int size = full.size(last);
    int step = Math.toIntExact(full.contiguousStrides()[last]);
    return () -> {
      // The second half is the mirrored conjugate of the first; it is read beyond no row's end.
      int i = 0;
      boolean more = walk.start();
      while (more) {
        int at = i / step % size;
        int own = at <= size / 2 ? at : size - at;
        long from = walk.at(1) + (own - at) * strides[last];
        grid.re[i] = at == own ? x.getDouble(2 * from) : 0;
        grid.im[i] = at == own ? x.getDouble(2 * from + 1) : 0;
        i++;
        more = walk.next();
      }
      for (int t = 0; t < others.length; t++) {
        lines[t].run();
      }
      for (int e = 0; e < i; e++) {
        int at = e / step % size;
        int own = at <= size / 2 ? at : size - at;
        if (at != own) {
          grid.re[e] = grid.re[e + (own - at) * step];
          grid.im[e] = -grid.im[e + (own - at) * step];
        } else if (at == 0 || 2 * at == size) {
          grid.im[e] = 0;
        }
      }
      lines[others.length].run();
      for (int e = 0; e < i; e++) {
        y.setDouble(e, grid.re[e] * scale);
      }
    };
  }

  /** {@code _fft_c2c(Tensor self, SymInt[] dim, int normalization, bool forward)}. */
  private static List<TensorType> inferBoth(Call call) {
    TensorType self = call.type("self");
    dims(call);
    if (!self.dtype().isComplex()) {
      throw new KernelException("expected a complex tensor, not " + self);
    }
    return List.of(self);
  }

  private static Step bindBoth(BoundCall call) {
    Shape shape = call.shape("self");
    int[] dims = dims(call);
    Elements x = Elements.parts(call.input("self"));
    Grid grid = new Grid(call, shape);
    Step[] lines = lines(call, grid, dims, call.bool("forward") ? -1 : 1);
    int n = Math.toIntExact(shape.numel());
    Step store = store(call, grid, scale(call, shape, dims));
    return () -> {
      for (int i = 0; i < n; i++) {
        grid.re[i] = x.getDouble(2L * i);
        grid.im[i] = x.getDouble(2L * i + 1);
      }
      for (Step line : lines) {
        line.run();
      }
      store.run();
    };
  }

  /** Writes the part of the grid that the result has: its first elements in each dimension. */
  private static Step store(BoundCall call, Grid grid, double scale) {
    Operand out = call.output(0);
    Elements y = Elements.parts(out);
    Walk walk = new Walk(out.shape(), grid.shape.contiguousStrides());
    return () -> {
      long i = 0;
      boolean more = walk.start();
      while (more) {
        int at = (int) walk.at(0);
        y.setDouble(i++, grid.re[at] * scale);
        y.setDouble(i++, grid.im[at] * scale);
        more = walk.next();
      }
    };
  }

  /** A complex tensor. */
  private static final class Grid {
    final Shape shape;
    final double[] re;
    final double[] im;

    Grid(HeapArrays arrays, Shape shape) {
      this.shape = shape;
      this.re = arrays.doubles(shape.numel());
      this.im = arrays.doubles(re.length);
    }
  }

  /** Transforms over each of the dimensions in turn, of every line along it. */
  private static Step[] lines(HeapArrays arrays, Grid grid, int[] dims, int sign) {
    List<Step> steps = new ArrayList<>();
    for (int dim : dims) {
      Transform transform = new Transform(arrays, grid.shape.size(dim), sign);
      int stride = Math.toIntExact(grid.shape.contiguousStrides()[dim]);
      int n = grid.shape.size(dim);
      steps.add(() -> {
        for (int i = 0; i < grid.re.length; i++) {
          if (i / stride % n == 0) {
            transform.run(grid.re, grid.im, i, stride);
          }
        }
      });
    }
    return steps.toArray(Step[]::new);
  }

  /**
   * y[k] = Σ x[j] e^(±2πi jk/n), by the prime factors of n: a transform of p·m numbers is p
   * transforms of m, and m of p.
   */
  private static final class Transform {
    private final int n;
    private final double[] cos;
    private final double[] sin;
    private final double[] re; // the result, in order
    private final double[] im;
    private final double[] partRe; // of one butterfly
    private final double[] partIm;

    Transform(HeapArrays arrays, int n, int sign) {
      this.n = n;
      cos = arrays.doubles(n);
      sin = arrays.doubles(n);
      for (int k = 0; k < n; k++) {
        cos[k] = StrictMath.cos(2 * Math.PI * k / n);
        sin[k] = sign * StrictMath.sin(2 * Math.PI * k / n);
      }
      re = arrays.doubles(n);
      im = arrays.doubles(n);
      partRe = arrays.doubles(n);
      partIm = arrays.doubles(n);
    }

    /** In place over n numbers from {@code at}, {@code stride} apart. */
    void run(double[] x, double[] y, int at, int stride) {
      transform(x, y, at, stride, n, 0);
      for (int k = 0; k < n; k++) {
        x[at + k * stride] = re[k];
        y[at + k * stride] = im[k];
      }
    }

    private void transform(double[] x, double[] y, int at, int stride, int size, int to) {
      if (size == 1) {
        re[to] = x[at];
        im[to] = y[at];
        return;
      }
      int p = 2;
      while (size % p != 0) {
        p = p * p > size ? size : p + 1;
      }
      int m = size / p;
      for (int r = 0; r < p; r++) {
        transform(x, y, at + r * stride, stride * p, m, to + r * m);
      }
      int turn = n / size;
      for (int k = 0; k < m; k++) {
        for (int q = 0; q < p; q++) {
          double sumRe = 0;
          double sumIm = 0;
          for (int r = 0; r < p; r++) {
            int w = (int) ((long) r * (k + q * m) % size) * turn;
            double a = re[to + r * m + k];
            double b = im[to + r * m + k];
            sumRe += a * cos[w] - b * sin[w];
            sumIm += a * sin[w] + b * cos[w];
          }
          partRe[q] = sumRe;
          partIm[q] = sumIm;
        }
        for (int q = 0; q < p; q++) {
          re[to + q * m + k] = partRe[q];
          im[to + q * m + k] = partIm[q];
        }
      }
    }
  }
}
