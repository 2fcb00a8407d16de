package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Matrix products. */
final class MatmulKernels {
  /**
   * Below this many rows or columns, a product with a transposed matrix is made of dot products.
   */
  private static final int FEW = 8;

  private MatmulKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::mm",
          "aten::bmm",
          "aten::addmm",
          "aten::baddbmm",
          "aten::linear",
          "aten::matmul",
          "aten::mv",
          "aten::addmv",
          "aten::dot" ->
          new Plain(MatmulKernels::infer, MatmulKernels::bind);
      default -> null;
    };
  }

  private static List<TensorType> infer(Call call) {
    MatrixProduct product = MatrixProduct.of(call);
    DType a = call.type(product.names().a()).dtype();
    DType b = call.type(product.names().b()).dtype();
    if (a != b || a == DType.BOOL) {
      throw new KernelException(
          "expected two matrices of one number dtype, not "
              + Promotion.name(a)
              + " and "
              + Promotion.name(b));
    }
    String addend = product.names().addend();
    if (addend != null && !call.isNone(addend)) {
      product.addendStrides(call.shape(addend));
      if (call.type(addend).dtype() != a) {
        throw new KernelException(
            addend
                + " must have the dtype of the matrices, "
                + Promotion.name(a)
                + ", not "
                + Promotion.name(call.type(addend).dtype()));
      }
    }
    return List.of(new TensorType(a, product.shape(), false));
  }

  private static Step bind(BoundCall call) {
    return switch (call.output(0).dtype()) {
      case FLOAT -> bindSingle(call);
      case HALF, BFLOAT16 -> Widening.bind(call, MatmulKernels::bindSingle);
      default -> bindOther(call);
    };
  }

  private static Step bindSingle(BoundCall call) {
    MatrixProduct product = MatrixProduct.of(call);
    int m = product.m();
    int n = product.n();
    int k = product.k();
    MemorySegment a = call.input(product.names().a()).data();
    MemorySegment b = call.input(product.names().b()).data();
    MemorySegment c = call.output(0).data();
    Step begin = begin(call, product);
    float alpha = product.alpha(call);
    long[] aAt = product.startsOfA(call);
    long[] bAt = product.startsOfB(call);
    if (product.transposed() && (m < FEW || n < FEW)) {
      float[] x = call.floats(k);
      float[] y = call.floats(k);
      return () -> {
        begin.run();
        for (int i = 0; i < aAt.length; i++) {
          dots(a, aAt[i], b, bAt[i], c, (long) i * m * n, m, n, alpha, x, y);
        }
      };
    }
    Gemm gemm = new Gemm(call, m, n, k);
    Right right = new Right(b, n, k, product.transposed() ? call.floats(k) : null);
    return () -> {
      begin.run();
      for (int i = 0; i < aAt.length; i++) {
        right.base = bAt[i];
        gemm.run(a, aAt[i], k, right, c, (long) i * m * n, alpha);
      }
    };
  }

  /** Writes β times the addend, or 0, to the result. */
  private static Step begin(BoundCall call, MatrixProduct product) {
    String name = product.names().addend();
    Operand addend = name == null ? null : call.inputOrNull(name);
    MemorySegment c = call.output(0).data();
    float beta = product.beta(call);
    if (addend == null || beta == 0) {
      return () -> c.fill((byte) 0);
    }
    long[] strides = product.addendStrides(addend.shape());
    MemorySegment data = addend.data();
    int m = product.m();
    int n = product.n();
    int batch = product.batch();
    return () -> {
      for (int i = 0; i < batch; i++) {
        for (int j = 0; j < m; j++) {
          long from = i * strides[0] + j * strides[1];
          long to = ((long) i * m + j) * n;
          for (int x = 0; x < n; x++) {
            float value = data.getAtIndex(JAVA_FLOAT, from + x * strides[2]);
            c.setAtIndex(JAVA_FLOAT, to + x, beta * value);
          }
        }
      }
    };
  }

  private static void dots(
      MemorySegment a, // (m, k)
      long aAt,
      MemorySegment b, // (n, k)
      long bAt,
      MemorySegment c, // (m, n)
      long cAt,
      int m,
      int n,
      float alpha,
      float[] x,
      float[] y) {
    int k = x.length;
    boolean rowsOutside = m <= n;
    for (int i = 0; i < (rowsOutside ? m : n); i++) {
      long row = rowsOutside ? aAt + (long) i * k : bAt + (long) i * k;
      MemorySegment.copy(rowsOutside ? a : b, JAVA_FLOAT, row * Float.BYTES, x, 0, k);
      for (int j = 0; j < (rowsOutside ? n : m); j++) {
        long column = rowsOutside ? bAt + (long) j * k : aAt + (long) j * k;
        MemorySegment.copy(rowsOutside ? b : a, JAVA_FLOAT, column * Float.BYTES, y, 0, k);
        long at = cAt + (rowsOutside ? (long) i * n + j : (long) j * n + i);
        c.setAtIndex(JAVA_FLOAT, at, c.getAtIndex(JAVA_FLOAT, at) + alpha * dot(x, y));
      }
    }
  }

  private static float dot(float[] x, float[] y) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    float s4 = 0;
    float s5 = 0;
    float s6 = 0;
    float s7 = 0;
    int i = 0;
    for (; i + 8 <= x.length; i += 8) {
      s0 += x[i] * y[i];
      s1 += x[i + 1] * y[i + 1];
      s2 += x[i + 2] * y[i + 2];
      s3 += x[i + 3] * y[i + 3];
      s4 += x[i + 4] * y[i + 4];
      s5 += x[i + 5] * y[i + 5];
      s6 += x[i + 6] * y[i + 6];
      s7 += x[i + 7] * y[i + 7];
    }
    for (; i < x.length; i++) {
      s0 += x[i] * y[i];
    }
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
  }

  /** A matrix in memory as the right side of a product. */
  private static final class Right implements Gemm.Panel {
    private final MemorySegment b;
    private final int n;
    private final int k;
    private final float @Nullable [] column;
    long base;

    /**
     * @param column of k elements if B is transposed; else null
     */
    Right(MemorySegment b, int n, int k, float @Nullable [] column) {
      this.b = b;
      this.n = n;
      this.k = k;
      this.column = column;
    }

    @Override
    public void fill(float[][] panel, int k0, int kn, int n0, int nn) {
      if (column == null) { // (k, n)
        for (int i = 0; i < kn; i++) {
          long at = base + (long) (k0 + i) * n + n0;
          MemorySegment.copy(b, JAVA_FLOAT, at * Float.BYTES, panel[i], 0, nn);
        }
      } else { // (n, k)
        for (int j = 0; j < nn; j++) {
          long at = base + (long) (n0 + j) * k + k0;
          MemorySegment.copy(b, JAVA_FLOAT, at * Float.BYTES, column, 0, kn);
          for (int i = 0; i < kn; i++) {
            panel[i][j] = column[i];
          }
        }
      }
    }
  }

  private static Step bindOther(BoundCall call) {
    MatrixProduct product = MatrixProduct.of(call);
    Elements a = Elements.of(call.input(product.names().a()));
    Elements b = Elements.of(call.input(product.names().b()));
    Elements c = Elements.of(call.output(0));
    String name = product.names().addend();
    Operand operand = name == null ? null : call.inputOrNull(name);
    Elements addend = operand == null ? null : Elements.of(operand);
    long[] strides = operand == null ? new long[3] : product.addendStrides(operand.shape());
    boolean scaled = name != null && name.equals("self");
    double alpha = scaled ? call.number("alpha") : 1;
    double beta = scaled ? call.number("beta") : 1;
    boolean real = call.output(0).dtype().isFloatingPoint();
    int m = product.m();
    int n = product.n();
    int k = product.k();
    long rowStride = product.transposed() ? 1 : n;
    long columnStride = product.transposed() ? k : 1;
    long[] aAt = product.startsOfA(call);
    long[] bAt = product.startsOfB(call);
    return () -> {
      for (int i = 0; i < aAt.length; i++) {
        for (int j = 0; j < m; j++) {
          for (int x = 0; x < n; x++) {
            long row = aAt[i] + (long) j * k;
            long column = bAt[i] + x * columnStride;
            long at = ((long) i * m + j) * n + x;
            long start = i * strides[0] + j * strides[1] + x * strides[2];
            if (real) {
              double sum = 0;
              for (int p = 0; p < k; p++) {
                sum += a.getDouble(row + p) * b.getDouble(column + p * rowStride);
              }
              double begin = addend == null || beta == 0 ? 0 : beta * addend.getDouble(start);
              c.setDouble(at, begin + alpha * sum);
            } else {
              long sum = 0;
              for (int p = 0; p < k; p++) {
                sum += a.getLong(row + p) * b.getLong(column + p * rowStride);
              }
              long begin = addend == null ? 0 : (long) beta * addend.getLong(start);
              c.setLong(at, begin + (long) alpha * sum);
            }
          }
        }
      }
    };
  }
}
