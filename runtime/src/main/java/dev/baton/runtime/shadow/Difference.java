package dev.baton.runtime.shadow;

import dev.baton.graph.DType;
import dev.baton.runtime.kernel.Elements;
import dev.baton.runtime.kernel.Operand;

/**
 * How far two tensors are apart.
 *
 * @param absolute the greatest difference of two elements
 * @param relative the same, divided by the greatest magnitude of the reference, or by the least one
 *     that counts
 */
record Difference(double absolute, double relative) {
  /** The least magnitude of reals: with a bound of 0.01, what float32 loses in sums around 1. */
  static final double LEAST_REAL = 1e-5;

  private static final double LEAST_INTEGER = 1;
  private static final double TWO_POW_64 = 0x1p64;

  static final Difference NONE = new Difference(0, 0);

  /** Of one dtype and shape; parts of complex numbers count as elements. */
  static Difference of(Operand given, Operand reference) {
    DType part = reference.dtype().part();
    Elements ours = Elements.of(given.data(), part);
    Elements theirs = Elements.of(reference.data(), part);
    long count = reference.data().byteSize() / part.byteSize();
    return part.isFloatingPoint()
        ? ofReals(ours, theirs, count)
        : ofIntegers(ours, theirs, count, part == DType.UINT64 ? Long.MIN_VALUE : 0);
  }

  private static Difference ofReals(Elements ours, Elements theirs, long count) {
    double absolute = 0;
    double largest = LEAST_REAL;
    for (long i = 0; i < count; i++) {
      double a = ours.getDouble(i);
      double b = theirs.getDouble(i);
      if (Double.compare(a, b) == 0 || a == b) {
        largest = Double.isFinite(b) ? Math.max(largest, Math.abs(b)) : largest;
        continue;
      }
      double apart = Math.abs(a - b);
      if (!Double.isFinite(apart)) {
        return new Difference(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
      }
      absolute = Math.max(absolute, apart);
      largest = Math.max(largest, Math.abs(b));
    }
    return absolute == 0 ? NONE : new Difference(absolute, absolute / largest);
  }

  /**
   * @param flip changes the sign of unsigned longs, which then are in the order of signed ones
   */
  private static Difference ofIntegers(Elements ours, Elements theirs, long count, long flip) {
    double absolute = 0;
    double largest = LEAST_INTEGER;
    for (long i = 0; i < count; i++) {
      long a = ours.getLong(i) ^ flip;
      long b = theirs.getLong(i) ^ flip;
      long apart = Math.max(a, b) - Math.min(a, b); // as an unsigned one
      absolute = Math.max(absolute, apart < 0 ? apart + TWO_POW_64 : apart);
      largest = Math.max(largest, Math.abs(theirs.getDouble(i)));
    }
    return absolute == 0 ? NONE : new Difference(absolute, absolute / largest);
  }

  Difference or(Difference other) {
    return new Difference(Math.max(absolute, other.absolute), Math.max(relative, other.relative));
  }
}
