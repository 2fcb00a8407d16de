package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * C = A B with A in int8, B and C in int32. B comes in panels that its owner fills; C goes by rows
 * to its owner, and is never all in memory.
 */
final class IntegerGemm {
  /** Rows k of B in a panel, a multiple of 4, and its columns n at most. */
  private static final int DEPTH = 64;

  private static final int WIDTH = 512;

  /** Gives a part of B. */
  interface Panel {
    /** Writes B[k0 + i, n0 + j] to {@code panel[i][j]}, i &lt; kn, j &lt; nn. */
    void fill(int[][] panel, int k0, int kn, int n0, int nn);
  }

  /** Takes a part of C. */
  interface Rows {
    /** C[row, n0 + j] is {@code values[j]}, j &lt; nn. */
    void take(int[] values, int row, int n0, int nn);
  }

  /**
   * The matrix A: element (i, p) is at {@code start + i · rowStride + p · columnStride}.
   *
   * @param zeroPoints what is subtracted from the elements of each row; null if nothing
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Weights(
      MemorySegment data,
      long start,
      long rowStride,
      long columnStride,
      int @Nullable [] zeroPoints) {

    /** Row {@code i} as integers. */
    void load(int i, int[] into, int count) {
      long at = start + i * rowStride;
      int zero = zeroPoints == null ? 0 : zeroPoints[i];
      for (int p = 0; p < count; p++) {
        into[p] = data.get(JAVA_BYTE, at + p * columnStride) - zero;
      }
    }
  }

  private final int m;
  private final int n;
  private final int k;
  private final int[][] panel;
  private final int[] row;

  IntegerGemm(HeapArrays arrays, int m, int n, int k) {
    this.m = m;
    this.n = n;
    this.k = k;
    int width = Math.min(n, WIDTH);
    this.panel = new int[Math.min(DEPTH, k)][];
    Arrays.setAll(panel, row -> arrays.ints(width));
    this.row = arrays.ints(width);
  }

  /** Elements of C that are given at once, at most. */
  int longestRun() {
    return row.length;
  }

  /** Bytes of memory that a run needs. */
  long scratchBytes() {
    return k <= DEPTH ? 0 : (long) m * row.length * Integer.BYTES;
  }

  /**
   * @param scratch {@link #scratchBytes}
   */
  void run(Weights a, Panel b, Rows c, MemorySegment scratch) {
    for (int n0 = 0; n0 < n; n0 += WIDTH) {
      int nn = Math.min(WIDTH, n - n0);
      for (int k0 = 0; k0 < k; k0 += DEPTH) {
        int kn = Math.min(DEPTH, k - k0);
        b.fill(panel, k0, kn, n0, nn);
        for (int i = 0; i < m; i++) {
          long partial = (long) i * row.length * Integer.BYTES;
          if (k0 == 0) {
            Arrays.fill(row, 0, nn, 0);
          } else {
            MemorySegment.copy(scratch, JAVA_INT, partial, row, 0, nn);
          }
          accumulate(a, i, k0, kn, nn);
          if (k0 + kn == k) {
            c.take(row, i, n0, nn);
          } else {
            MemorySegment.copy(row, 0, scratch, JAVA_INT, partial, nn);
          }
        }
      }
    }
  }

  private void accumulate(Weights a, int i, int k0, int kn, int nn) {
    MemorySegment data = a.data;
    long step = a.columnStride;
    long at = a.start + i * a.rowStride + k0 * step;
    int zero = a.zeroPoints == null ? 0 : a.zeroPoints[i];
    int p = 0;
    for (; p + 4 <= kn; p += 4, at += 4 * step) {
      axpy4(
          row,
          data.get(JAVA_BYTE, at) - zero,
          panel[p],
          data.get(JAVA_BYTE, at + step) - zero,
          panel[p + 1],
          data.get(JAVA_BYTE, at + 2 * step) - zero,
          panel[p + 2],
          data.get(JAVA_BYTE, at + 3 * step) - zero,
          panel[p + 3],
          nn);
    }
    for (; p < kn; p++, at += step) {
      axpy(row, data.get(JAVA_BYTE, at) - zero, panel[p], nn);
    }
  }

  private static void axpy4(
      int[] y, int a0, int[] x0, int a1, int[] x1, int a2, int[] x2, int a3, int[] x3, int n) {
    for (int j = 0; j < n; j++) {
      y[j] = y[j] + a0 * x0[j] + a1 * x1[j] + a2 * x2[j] + a3 * x3[j];
    }
  }

  private static void axpy(int[] y, int a, int[] x, int n) {
    for (int j = 0; j < n; j++) {
      y[j] += a * x[j];
    }
  }

  /** Sum of products. */
  static int dot(int[] a, int aAt, int[] b, int bAt, int n) {
    int sum = 0;
    for (int j = 0; j < n; j++) {
      sum += a[aAt + j] * b[bAt + j];
    }
    return sum;
  }
}
