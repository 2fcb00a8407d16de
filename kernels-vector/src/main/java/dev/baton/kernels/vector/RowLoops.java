package dev.baton.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Sums and other loops over a row of elements that follow each other. */
final class RowLoops {
  private RowLoops() {}

  /** Lane i sums the elements i, i + L, …; then the lanes are summed. */
  static float sum(long at, int n) {
    FloatVector s = Lanes.splat(0f);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      s = s.add(Lanes.load(at + 4L * i));
    }
    if (i < n) {
      s = s.add(Lanes.load(at + 4L * i, n - i));
    }
    return Lanes.sum(s);
  }

  /** Sum of (x − mean)². */
  static float squares(long at, int n, float mean) {
    FloatVector s = Lanes.splat(0f);
    FloatVector m = Lanes.splat(mean);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      FloatVector d = Lanes.load(at + 4L * i).sub(m);
      s = d.fma(d, s);
    }
    if (i < n) {
      FloatVector d = Lanes.load(at + 4L * i, n - i).sub(m).blend(0f, Lanes.first(n - i).not());
      s = d.fma(d, s);
    }
    return Lanes.sum(s);
  }

  /** The greatest; NaN if one is. */
  static float max(long at, int n) {
    FloatVector s = Lanes.splat(Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      s = s.max(Lanes.load(at + 4L * i));
    }
    if (i < n) {
      FloatVector x = Lanes.load(at + 4L * i, n - i);
      s = s.max(x.blend(Float.NEGATIVE_INFINITY, Lanes.first(n - i).not()));
    }
    return s.reduceLanes(VectorOperators.MAX);
  }

  /** The least; NaN if one is. */
  static float min(long at, int n) {
    FloatVector s = Lanes.splat(Float.POSITIVE_INFINITY);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      s = s.min(Lanes.load(at + 4L * i));
    }
    if (i < n) {
      FloatVector x = Lanes.load(at + 4L * i, n - i);
      s = s.min(x.blend(Float.POSITIVE_INFINITY, Lanes.first(n - i).not()));
    }
    return s.reduceLanes(VectorOperators.MIN);
  }

  /** Σ a · b. */
  static float dot(long a, long b, int n) {
    FloatVector s = Lanes.splat(0f);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      s = Lanes.load(a + 4L * i).fma(Lanes.load(b + 4L * i), s);
    }
    if (i < n) {
      s = Lanes.load(a + 4L * i, n - i).fma(Lanes.load(b + 4L * i, n - i), s);
    }
    return Lanes.sum(s);
  }

  /** Adds b to a. */
  static void add(long a, long b, int n) {
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      Lanes.store(Lanes.load(a + 4L * i).add(Lanes.load(b + 4L * i)), a + 4L * i);
    }
    if (i < n) {
      FloatVector sum = Lanes.load(a + 4L * i, n - i).add(Lanes.load(b + 4L * i, n - i));
      Lanes.store(sum, a + 4L * i, n - i);
    }
  }

  /**
   * Writes Σ weight(i) · row(i).
   *
   * @param pitch elements from one row to the next
   * @param n elements of a row
   */
  static void combine(long weights, int count, long rows, long pitch, long to, int n) {
    int i = 0;
    for (; i + 4 * Lanes.COUNT <= n; i += 4 * Lanes.COUNT) {
      FloatVector s0 = Lanes.splat(0f);
      FloatVector s1 = s0;
      FloatVector s2 = s0;
      FloatVector s3 = s0;
      for (int r = 0; r < count; r++) {
        FloatVector w = Lanes.splat(weights + 4L * r);
        long at = rows + 4 * (r * pitch + i);
        s0 = w.fma(Lanes.load(at), s0);
        s1 = w.fma(Lanes.load(at + Lanes.BYTES), s1);
        s2 = w.fma(Lanes.load(at + 2L * Lanes.BYTES), s2);
        s3 = w.fma(Lanes.load(at + 3L * Lanes.BYTES), s3);
      }
      Lanes.store(s0, to + 4L * i);
      Lanes.store(s1, to + 4L * i + Lanes.BYTES);
      Lanes.store(s2, to + 4L * i + 2L * Lanes.BYTES);
      Lanes.store(s3, to + 4L * i + 3L * Lanes.BYTES);
    }
    for (; i < n; i += Lanes.COUNT) {
      int some = Math.min(Lanes.COUNT, n - i);
      FloatVector s = Lanes.splat(0f);
      for (int r = 0; r < count; r++) {
        s = Lanes.splat(weights + 4L * r).fma(Lanes.load(rows + 4 * (r * pitch + i), some), s);
      }
      Lanes.store(s, to + 4L * i, some);
    }
  }

  /** Adds b · factor to a. */
  static void addScaled(long a, long b, int n, float factor) {
    FloatVector f = Lanes.splat(factor);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      Lanes.store(Lanes.load(b + 4L * i).fma(f, Lanes.load(a + 4L * i)), a + 4L * i);
    }
    if (i < n) {
      FloatVector sum = Lanes.load(b + 4L * i, n - i).fma(f, Lanes.load(a + 4L * i, n - i));
      Lanes.store(sum, a + 4L * i, n - i);
    }
  }

  /** Sum of e^(x − max). */
  static float sumOfExponentials(long from, int n, float max) {
    FloatVector s = Lanes.splat(0f);
    FloatVector m = Lanes.splat(max);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      s = s.add(VectorMath.exp(Lanes.load(from + 4L * i).sub(m)));
    }
    if (i < n) {
      FloatVector e = VectorMath.exp(Lanes.load(from + 4L * i, n - i).sub(m));
      s = s.add(e.blend(0f, Lanes.first(n - i).not()));
    }
    return Lanes.sum(s);
  }

  /** x − a − b, rounded after each. */
  static void minus(long from, long to, int n, float a, float b) {
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      Lanes.store(Lanes.load(from + 4L * i).sub(a).sub(b), to + 4L * i);
    }
    if (i < n) {
      Lanes.store(Lanes.load(from + 4L * i, n - i).sub(a).sub(b), to + 4L * i, n - i);
    }
  }

  /** Writes e^(x − max) and gives the sum. */
  static float exponentials(long from, long to, int n, float max) {
    FloatVector s = Lanes.splat(0f);
    FloatVector m = Lanes.splat(max);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      FloatVector e = VectorMath.exp(Lanes.load(from + 4L * i).sub(m));
      Lanes.store(e, to + 4L * i);
      s = s.add(e);
    }
    if (i < n) {
      FloatVector e = VectorMath.exp(Lanes.load(from + 4L * i, n - i).sub(m));
      Lanes.store(e, to + 4L * i, n - i);
      s = s.add(e.blend(0f, Lanes.first(n - i).not()));
    }
    return Lanes.sum(s);
  }

  /** x · scale + shift. */
  static void affine(long from, long to, int n, float scale, float shift) {
    FloatVector a = Lanes.splat(scale);
    FloatVector b = Lanes.splat(shift);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      Lanes.store(Lanes.load(from + 4L * i).fma(a, b), to + 4L * i);
    }
    if (i < n) {
      Lanes.store(Lanes.load(from + 4L * i, n - i).fma(a, b), to + 4L * i, n - i);
    }
  }

  /** (x − mean) · scale · weight + bias, with a weight and bias for each element. */
  static void normalize(
      long from, long to, int n, float mean, float scale, long weight, long bias) {
    FloatVector m = Lanes.splat(mean);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      FloatVector x = Lanes.load(from + 4L * i).sub(m).mul(scale);
      Lanes.store(x.fma(Lanes.load(weight + 4L * i), Lanes.load(bias + 4L * i)), to + 4L * i);
    }
    if (i < n) {
      int rest = n - i;
      FloatVector x = Lanes.load(from + 4L * i, rest).sub(m).mul(scale);
      x = x.fma(Lanes.load(weight + 4L * i, rest), Lanes.load(bias + 4L * i, rest));
      Lanes.store(x, to + 4L * i, rest);
    }
  }
}
