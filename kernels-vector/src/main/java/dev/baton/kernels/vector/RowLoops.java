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
