package dev.baton.runtime.shadow;

import dev.baton.graph.DType;
import dev.baton.runtime.kernel.Elements;
import dev.baton.runtime.kernel.Operand;

/**
 * How far two tensors are apart.
 *
 * @param absolute the greatest difference of two elements
 * @param relative the same, divided by the greatest magnitude of the reference
 */
record Difference(double absolute, double relative) {
  static final Difference NONE = new Difference(0, 0);

  /** Of one dtype and shape; parts of complex numbers count as elements. */
  static Difference of(Operand given, Operand reference) {
    DType part = reference.dtype().part();
    Elements ours = Elements.of(given.data(), part);
    Elements theirs = Elements.of(reference.data(), part);
    long count = reference.data().byteSize() / part.byteSize();
    double absolute = 0;
    double largest = 0;
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

  Difference or(Difference other) {
    return new Difference(Math.max(absolute, other.absolute), Math.max(relative, other.relative));
  }
}
