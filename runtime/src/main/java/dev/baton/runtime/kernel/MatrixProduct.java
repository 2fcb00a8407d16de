package dev.baton.runtime.kernel;

import dev.baton.graph.Shape;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * C[i] = A[i] B[i] for each matrix of a batch.
 *
 * @param shape of the result
 * @param transposed if B is (n, k) in memory
 * @param batches sizes of the batch
 * @param batchesA those of A's, which broadcast to the batch
 * @param batchesB those of B's
 */
@SuppressWarnings("ArrayRecordComponent")
public record MatrixProduct(
    Names names,
    Shape shape,
    int m,
    int n,
    int k,
    boolean transposed,
    int[] batches,
    int[] batchesA,
    int[] batchesB) {
  private static final int[] ONE = {};

  /**
   * @throws KernelException if the arguments of the operator do not fit
   */
  public static MatrixProduct of(Call call) {
    Names names = Names.of(call.node().name());
    Shape a = call.shape(names.a);
    Shape b = call.shape(names.b);
    boolean linear = call.node().name().equals("aten::linear");
    boolean fits =
        a.rank() > 0
            && b.rank() > 0
            && (names.rankA == 0 || (a.rank() == names.rankA && b.rank() == names.rankB))
            && (!linear || b.rank() <= 2);
    int vectorB = b.rank() == 1 ? 1 : 0;
    if (!fits || a.size(-1) != b.size(linear || vectorB == 1 ? -1 : -2)) {
      throw new KernelException("no matrix product of " + a + " with " + b);
    }
    int k = a.size(-1);
    int n = vectorB == 1 ? 1 : b.size(linear ? 0 : -1);
    int[] rows = Arrays.copyOf(a.sizes(), a.rank() - 1);
    if (b.rank() <= 2) {
      int[] sizes = Arrays.copyOf(rows, rows.length + 1 - vectorB);
      if (vectorB == 0) {
        sizes[rows.length] = n;
      }
      int m = Math.toIntExact(Shape.of(rows).numel());
      boolean transposed = linear || n == 1;
      return new MatrixProduct(names, Shape.of(sizes), m, n, k, transposed, ONE, ONE, ONE);
    }
    int vectorA = a.rank() == 1 ? 1 : 0;
    int m = vectorA == 1 ? 1 : a.size(-2);
    int[] batchA = Arrays.copyOf(a.sizes(), a.rank() - 2 + vectorA);
    int[] batchB = Arrays.copyOf(b.sizes(), b.rank() - 2);
    if (names.rankA == 3 && !Arrays.equals(batchA, batchB)) {
      throw new KernelException("the batches of " + a + " and " + b + " differ");
    }
    int rank = Math.max(batchA.length, batchB.length);
    int[] batch = new int[rank];
    for (int d = 0; d < rank; d++) {
      int sizeA = sizeAt(batchA, d - rank);
      int sizeB = sizeAt(batchB, d - rank);
      if (sizeA != sizeB && sizeA != 1 && sizeB != 1) {
        throw new KernelException("the batches of " + a + " and " + b + " do not broadcast");
      }
      batch[d] = sizeA == 1 ? sizeB : sizeA;
    }
    int[] sizes = Arrays.copyOf(batch, rank + 2 - vectorA);
    if (vectorA == 0) {
      sizes[rank] = m;
    }
    sizes[sizes.length - 1] = n;
    Math.toIntExact(Shape.of(batch).numel()); // matrices are counted by an int
    return new MatrixProduct(names, Shape.of(sizes), m, n, k, n == 1, batch, batchA, batchB);
  }

  /** Strides of the addend over (batch, m, n); 0 where it is broadcast. */
  public long[] addendStrides(Shape addend) {
    long[] into = {1, m, n};
    if (names.rankA == 3) {
      into[0] = batch();
    }
    if (addend.rank() > Math.max(shape.rank(), 1)) {
      throw new KernelException("cannot broadcast " + addend + " to " + shape);
    }
    long[] strides = new long[3];
    if (names.rankB == 1) { // one number for each row
      if (addend.numel() != 1 && addend.numel() != m) {
        throw new KernelException("cannot broadcast " + addend + " to " + shape);
      }
      strides[1] = addend.numel() == 1 ? 0 : 1;
      return strides;
    }
    long[] own = addend.contiguousStrides();
    for (int d = 1; d <= addend.rank(); d++) {
      int size = addend.size(-d);
      if (size != 1 && (d > 3 || size != into[3 - d])) {
        throw new KernelException("cannot broadcast " + addend + " to " + shape);
      }
      if (size != 1) {
        strides[3 - d] = own[addend.rank() - d];
      }
    }
    return strides;
  }

  /**
   * Parameters of an operator.
   *
   * @param rankA what the first matrix must have; 0 if any
   * @param rankB what the second matrix must have; 0 if any
   */
  public record Names(String a, String b, @Nullable String addend, int rankA, int rankB) {
    static Names of(String operator) {
      return switch (operator) {
        case "aten::mm" -> new Names("self", "mat2", null, 2, 2);
        case "aten::bmm" -> new Names("self", "mat2", null, 3, 3);
        case "aten::addmm" -> new Names("mat1", "mat2", "self", 2, 2);
        case "aten::baddbmm" -> new Names("batch1", "batch2", "self", 3, 3);
        case "aten::linear" -> new Names("input", "weight", "bias", 0, 0);
        case "aten::addmv" -> new Names("mat", "vec", "self", 2, 1);
        case "aten::mv" -> new Names("self", "vec", null, 2, 1);
        case "aten::dot" -> new Names("self", "tensor", null, 1, 1);
        default -> new Names("self", "other", null, 0, 0);
      };
    }
  }

  /** Matrices of the batch. */
  public int batch() {
    return Math.toIntExact(Shape.of(batches).numel());
  }

  /** Index of the first element of each A. */
  public long[] startsOfA(HeapArrays arrays) {
    return starts(arrays, batches, batchesA, (long) m * k);
  }

  /** Index of the first element of each B. */
  public long[] startsOfB(HeapArrays arrays) {
    return starts(arrays, batches, batchesB, (long) k * n);
  }

  /** The factor of the product, 1 where the operator has none. */
  public float alpha(Call call) {
    return factor(call, "alpha");
  }

  /** The factor of the addend, 1 where the operator has none. */
  public float beta(Call call) {
    return factor(call, "beta");
  }

  private float factor(Call call, String parameter) {
    return "self".equals(names.addend) ? (float) call.number(parameter) : 1;
  }

  private static int sizeAt(int[] sizes, int fromLast) {
    return sizes.length + fromLast < 0 ? 1 : sizes[sizes.length + fromLast];
  }

  /**
   * Index of the first element of each matrix of a batch.
   *
   * @param own batch sizes that broadcast to {@code batch}
   * @param matrix elements of a matrix
   */
  static long[] starts(HeapArrays arrays, int[] batch, int[] own, long matrix) {
    long[] starts = arrays.longs(Shape.of(batch).numel());
    for (int i = 0; i < starts.length; i++) {
      long stride = matrix;
      int rest = i;
      for (int d = -1; d >= -own.length; d--) {
        int size = batch[batch.length + d];
        starts[i] += sizeAt(own, d) == 1 ? 0 : rest % size * stride;
        rest /= size;
        stride *= sizeAt(own, d);
      }
    }
    return starts;
  }
}
