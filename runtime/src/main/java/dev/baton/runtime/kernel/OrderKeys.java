package dev.baton.runtime.kernel;

import dev.baton.graph.DType;

/**
 * Reads elements of any dtype as longs that order them: NaN is above everything, and −0 is 0. Of
 * two elements that are no NaN, equal ones have equal keys.
 */
final class OrderKeys {
  /** Of every NaN; of integers, also of the greatest. */
  static final long NAN = Long.MAX_VALUE;

  private static final int CHUNK = 1024;

  private final Rows rows;
  private final boolean real;
  private final long flip;
  private final double[] chunk = new double[CHUNK];

  OrderKeys(Operand operand) {
    this.rows = new Rows(operand);
    this.real = operand.dtype().isFloatingPoint();
    this.flip = operand.dtype() == DType.UINT64 ? Long.MIN_VALUE : 0;
  }

  /** Reads elements {@code from} and following of a group. */
  void load(Reduction reduction, long first, long from, int n, long[] into) {
    if (!real) {
      reduction.load(rows, first, from, n, into);
      for (int i = 0; flip != 0 && i < n; i++) {
        into[i] ^= flip;
      }
      return;
    }
    for (int at = 0; at < n; at += CHUNK) {
      int run = Math.min(CHUNK, n - at);
      reduction.load(rows, first, from + at, run, chunk);
      for (int i = 0; i < run; i++) {
        into[at + i] = key(chunk[i]);
      }
    }
  }

  private static long key(double value) {
    if (Double.isNaN(value)) {
      return NAN;
    }
    long bits = Double.doubleToRawLongBits(value + 0.0); // −0 is 0
    return bits ^ ((bits >> 63) & Long.MAX_VALUE);
  }
}
