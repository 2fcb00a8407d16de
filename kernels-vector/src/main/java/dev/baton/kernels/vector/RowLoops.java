package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static dev.baton.kernels.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Sums and other loops over a row of elements that follow each other. */
final class RowLoops {
  /** Elements that lanes sum one after the other, 256 each. */
  private static final int BLOCK = 256 * Lanes.COUNT;

  private static final Activation EXP = VectorMath::exp;

  private RowLoops() {}

  /**
   * Sum of the sums of two halves, until they are short: so the error does not grow with the row.
   */
  static float sum(long at, int n) {
    if (n <= BLOCK) {
      return sumOfBlock(at, n);
    }
    int half = Lanes.whole(n / 2);
    return sum(at, half) + sum(at + 4L * half, n - half);
  }

  /** Lane i sums the elements i, i + L, …; then the lanes are summed. */
  private static float sumOfBlock(long at, int n) {
    FloatVector s = broadcast(SPECIES, 0f);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      s = s.add(fromMemorySegment(SPECIES, ALL, at + 4L * i, LITTLE_ENDIAN));
    }
    if (i < n) {
      s = s.add(fromMemorySegment(SPECIES, ALL, at + 4L * i, LITTLE_ENDIAN, Lanes.first(n - i)));
    }
    long lanes = Scratch.vector();
    s.intoMemorySegment(ALL, lanes, LITTLE_ENDIAN);
    return Lanes.sum(lanes);
  }

  /** Sum of (x − mean)², of halves as {@link #sum} is. */
  static float squares(long at, int n, float mean) {
    if (n <= BLOCK) {
      return squaresOfBlock(at, n, mean);
    }
    int half = Lanes.whole(n / 2);
    return squares(at, half, mean) + squares(at + 4L * half, n - half, mean);
  }

  private static float squaresOfBlock(long at, int n, float mean) {
    FloatVector s = broadcast(SPECIES, 0f);
    FloatVector m = broadcast(SPECIES, mean);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      FloatVector d = fromMemorySegment(SPECIES, ALL, at + 4L * i, LITTLE_ENDIAN).sub(m);
      s = d.fma(d, s);
    }
    if (i < n) {
      FloatVector d =
          fromMemorySegment(SPECIES, ALL, at + 4L * i, LITTLE_ENDIAN, Lanes.first(n - i))
              .sub(m)
              .blend(0f, Lanes.first(n - i).not());
      s = d.fma(d, s);
    }
    long lanes = Scratch.vector();
    s.intoMemorySegment(ALL, lanes, LITTLE_ENDIAN);
    return Lanes.sum(lanes);
  }

  /** The greatest; NaN if one is. */
  static float max(long at, int n) {
    FloatVector s = broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      s = s.max(fromMemorySegment(SPECIES, ALL, at + 4L * i, LITTLE_ENDIAN));
    }
    if (i < n) {
      FloatVector x =
          fromMemorySegment(SPECIES, ALL, at + 4L * i, LITTLE_ENDIAN, Lanes.first(n - i));
      s = s.max(x.blend(Float.NEGATIVE_INFINITY, Lanes.first(n - i).not()));
    }
    return s.reduceLanes(VectorOperators.MAX);
  }

  /** The least; NaN if one is. */
  static float min(long at, int n) {
    FloatVector s = broadcast(SPECIES, Float.POSITIVE_INFINITY);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      s = s.min(fromMemorySegment(SPECIES, ALL, at + 4L * i, LITTLE_ENDIAN));
    }
    if (i < n) {
      FloatVector x =
          fromMemorySegment(SPECIES, ALL, at + 4L * i, LITTLE_ENDIAN, Lanes.first(n - i));
      s = s.min(x.blend(Float.POSITIVE_INFINITY, Lanes.first(n - i).not()));
    }
    return s.reduceLanes(VectorOperators.MIN);
  }

  /** Σ a · b. */
  static float dot(long a, long b, int n) {
    FloatVector s = broadcast(SPECIES, 0f);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      s =
          fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN)
              .fma(fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN), s);
    }
    if (i < n) {
      s =
          fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN, Lanes.first(n - i))
              .fma(
                  fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN, Lanes.first(n - i)),
                  s);
    }
    long lanes = Scratch.vector();
    s.intoMemorySegment(ALL, lanes, LITTLE_ENDIAN);
    return Lanes.sum(lanes);
  }

  /** Adds b to a. */
  static void add(long a, long b, int n) {
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN)
          .add(fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN))
          .intoMemorySegment(ALL, a + 4L * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      FloatVector sum =
          fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN, Lanes.first(n - i))
              .add(fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN, Lanes.first(n - i)));
      sum.intoMemorySegment(ALL, a + 4L * i, LITTLE_ENDIAN, Lanes.first(n - i));
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
      FloatVector s0 = broadcast(SPECIES, 0f);
      FloatVector s1 = s0;
      FloatVector s2 = s0;
      FloatVector s3 = s0;
      for (int r = 0; r < count; r++) {
        FloatVector w = broadcast(SPECIES, Lanes.get(weights + 4L * r));
        long at = rows + 4 * (r * pitch + i);
        s0 = w.fma(fromMemorySegment(SPECIES, ALL, at, LITTLE_ENDIAN), s0);
        s1 = w.fma(fromMemorySegment(SPECIES, ALL, at + Lanes.BYTES, LITTLE_ENDIAN), s1);
        s2 = w.fma(fromMemorySegment(SPECIES, ALL, at + 2L * Lanes.BYTES, LITTLE_ENDIAN), s2);
        s3 = w.fma(fromMemorySegment(SPECIES, ALL, at + 3L * Lanes.BYTES, LITTLE_ENDIAN), s3);
      }
      s0.intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
      s1.intoMemorySegment(ALL, to + 4L * i + Lanes.BYTES, LITTLE_ENDIAN);
      s2.intoMemorySegment(ALL, to + 4L * i + 2L * Lanes.BYTES, LITTLE_ENDIAN);
      s3.intoMemorySegment(ALL, to + 4L * i + 3L * Lanes.BYTES, LITTLE_ENDIAN);
    }
    for (; i < n; i += Lanes.COUNT) {
      int some = Math.min(Lanes.COUNT, n - i);
      FloatVector s = broadcast(SPECIES, 0f);
      for (int r = 0; r < count; r++) {
        s =
            broadcast(SPECIES, Lanes.get(weights + 4L * r))
                .fma(
                    fromMemorySegment(
                        SPECIES, ALL, rows + 4 * (r * pitch + i), LITTLE_ENDIAN, Lanes.first(some)),
                    s);
      }
      s.intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN, Lanes.first(some));
    }
  }

  /** Adds b · factor to a. */
  static void addScaled(long a, long b, int n, float factor) {
    FloatVector f = broadcast(SPECIES, factor);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN)
          .fma(f, fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN))
          .intoMemorySegment(ALL, a + 4L * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      FloatVector sum =
          fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN, Lanes.first(n - i))
              .fma(
                  f,
                  fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN, Lanes.first(n - i)));
      sum.intoMemorySegment(ALL, a + 4L * i, LITTLE_ENDIAN, Lanes.first(n - i));
    }
  }

  /** Sum of e^(x − max). */
  static float sumOfExponentials(long from, int n, float max) {
    long block = Scratch.address();
    float sum = 0;
    for (int i = 0; i < n; i += Scratch.BLOCK) {
      sum += exponentials(from + 4L * i, block, Math.min(Scratch.BLOCK, n - i), max);
    }
    return sum;
  }

  /** x − a − b, rounded after each. */
  static void minus(long from, long to, int n, float a, float b) {
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      fromMemorySegment(SPECIES, ALL, from + 4L * i, LITTLE_ENDIAN)
          .sub(a)
          .sub(b)
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      fromMemorySegment(SPECIES, ALL, from + 4L * i, LITTLE_ENDIAN, Lanes.first(n - i))
          .sub(a)
          .sub(b)
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN, Lanes.first(n - i));
    }
  }

  /** Writes e^(x − max) and gives the sum. */
  static float exponentials(long from, long to, int n, float max) {
    affine(from, to, n, 1, -max);
    EXP.run(to, to, n);
    return sum(to, n);
  }

  /** x · scale + shift. */
  static void affine(long from, long to, int n, float scale, float shift) {
    FloatVector a = broadcast(SPECIES, scale);
    FloatVector b = broadcast(SPECIES, shift);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      fromMemorySegment(SPECIES, ALL, from + 4L * i, LITTLE_ENDIAN)
          .fma(a, b)
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      fromMemorySegment(SPECIES, ALL, from + 4L * i, LITTLE_ENDIAN, Lanes.first(n - i))
          .fma(a, b)
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN, Lanes.first(n - i));
    }
  }

  /** x · scale + shift in place, bounded between two numbers; NaN stays. */
  static void affine(long at, int n, float scale, float shift, float low, float high) {
    FloatVector a = broadcast(SPECIES, scale);
    FloatVector b = broadcast(SPECIES, shift);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      FloatVector x = fromMemorySegment(SPECIES, ALL, at + 4L * i, LITTLE_ENDIAN).fma(a, b);
      x = x.blend(low, x.lt(low));
      x.blend(high, x.compare(VectorOperators.GT, high))
          .intoMemorySegment(ALL, at + 4L * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> rest = Lanes.first(n - i);
      FloatVector x = fromMemorySegment(SPECIES, ALL, at + 4L * i, LITTLE_ENDIAN, rest).fma(a, b);
      x = x.blend(low, x.lt(low));
      x.blend(high, x.compare(VectorOperators.GT, high))
          .intoMemorySegment(ALL, at + 4L * i, LITTLE_ENDIAN, rest);
    }
  }

  /**
   * (x − mean) · scale · weight + bias, with a weight and bias for each element.
   *
   * @param weight address of weights; 0 for none
   * @param bias as weight
   */
  static void normalize(
      long from, long to, int n, float mean, float scale, long weight, long bias) {
    FloatVector m = broadcast(SPECIES, mean);
    long w = weight == 0 ? Lanes.ONES : weight;
    long b = bias == 0 ? Lanes.NOTHING : bias;
    long weightPace = weight == 0 ? 0 : 4;
    long biasPace = bias == 0 ? 0 : 4;
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      FloatVector x =
          fromMemorySegment(SPECIES, ALL, from + 4L * i, LITTLE_ENDIAN).sub(m).mul(scale);
      x.fma(
              fromMemorySegment(SPECIES, ALL, w + weightPace * i, LITTLE_ENDIAN),
              fromMemorySegment(SPECIES, ALL, b + biasPace * i, LITTLE_ENDIAN))
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      int rest = n - i;
      FloatVector x =
          fromMemorySegment(SPECIES, ALL, from + 4L * i, LITTLE_ENDIAN, Lanes.first(rest))
              .sub(m)
              .mul(scale);
      x =
          x.fma(
              fromMemorySegment(SPECIES, ALL, w + weightPace * i, LITTLE_ENDIAN, Lanes.first(rest)),
              fromMemorySegment(SPECIES, ALL, b + biasPace * i, LITTLE_ENDIAN, Lanes.first(rest)));
      x.intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN, Lanes.first(rest));
    }
  }
}
