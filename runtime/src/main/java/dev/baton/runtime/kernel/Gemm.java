package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * C += α A B in float32. B comes in panels that its owner fills, so that a convolution's columns
 * are never all in memory. Each element of C is summed in ascending k.
 */
final class Gemm {
  /** Rows k of B in a panel, a multiple of 4, and its columns n at most. */
  private static final int DEPTH = 64;

  private static final int WIDTH = 512;

  /** Gives a part of B. */
  interface Panel {
    /** Writes B[k0 + i, n0 + j] to {@code panel[i][j]}, i &lt; kn, j &lt; nn. */
    void fill(float[][] panel, int k0, int kn, int n0, int nn);
  }

  private final int m;
  private final int n;
  private final int k;
  private final float[][] panel;
  private final float[] row;

  Gemm(HeapArrays arrays, int m, int n, int k) {
    this.m = m;
    this.n = n;
    this.k = k;
    int width = Math.min(n, WIDTH);
    this.panel = new float[DEPTH][];
    Arrays.setAll(panel, row -> arrays.floats(width));
    this.row = arrays.floats(width);
  }

  /** Offsets and leading dimensions in elements; the rows of A and C are contiguous. */
  void run(
      MemorySegment a,
      long aOffset,
      long lda,
      Panel b,
      MemorySegment c,
      long cOffset,
      float alpha) {
    for (int n0 = 0; n0 < n; n0 += WIDTH) {
      int nn = Math.min(WIDTH, n - n0);
      for (int k0 = 0; k0 < k; k0 += DEPTH) {
        int kn = Math.min(DEPTH, k - k0);
        b.fill(panel, k0, kn, n0, nn);
        for (int i = 0; i < m; i++) {
          long at = (cOffset + (long) i * n + n0) * Float.BYTES;
          MemorySegment.copy(c, JAVA_FLOAT, at, row, 0, nn);
          accumulate(a, aOffset + i * lda + k0, kn, nn, alpha);
          MemorySegment.copy(row, 0, c, JAVA_FLOAT, at, nn);
        }
      }
    }
  }

  private void accumulate(MemorySegment a, long at, int kn, int nn, float alpha) {
    int p = 0;
    for (; p + 4 <= kn; p += 4) {
      axpy4(
          row,
          alpha * a.getAtIndex(JAVA_FLOAT, at + p),
          panel[p],
          alpha * a.getAtIndex(JAVA_FLOAT, at + p + 1),
          panel[p + 1],
          alpha * a.getAtIndex(JAVA_FLOAT, at + p + 2),
          panel[p + 2],
          alpha * a.getAtIndex(JAVA_FLOAT, at + p + 3),
          panel[p + 3],
          nn);
    }
    for (; p < kn; p++) {
      axpy(row, alpha * a.getAtIndex(JAVA_FLOAT, at + p), panel[p], nn);
    }
  }

  private static void axpy4(
      float[] y,
      float a0,
      float[] x0,
      float a1,
      float[] x1,
      float a2,
      float[] x2,
      float a3,
      float[] x3,
      int n) {
    for (int j = 0; j < n; j++) {
      y[j] = y[j] + a0 * x0[j] + a1 * x1[j] + a2 * x2[j] + a3 * x3[j];
    }
  }

  private static void axpy(float[] y, float a, float[] x, int n) {
    for (int j = 0; j < n; j++) {
      y[j] += a * x[j];
    }
  }
}
