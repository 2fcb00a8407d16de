package dev.baton.kernels.vector;

import dev.baton.runtime.kernel.Affine;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Loops between float32 and int8. */
final class Quantize {
  private Quantize() {}

  static void run(long from, long to, int n, float inverse, Affine by) {
    run(from, to, n, inverse, by.zeroPoint(), by.min(), by.max());
  }

  /** {@code clamp(rint(x · inverse) + zero)}. */
  static void run(long from, long to, int n, float inverse, int zero, long min, long max) {
    FloatVector low = Lanes.splat((float) (min - zero));
    FloatVector high = Lanes.splat((float) (max - zero));
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      ByteLanes.store(
          ByteLanes.round(Lanes.load(from + 4L * i).mul(inverse), low, high).add(zero), to + i);
    }
    for (; i < n; i++) {
      float x = Math.min(Math.max(Lanes.get(from + 4L * i) * inverse, min - zero), max - zero);
      Lanes.setByte(to + i, (byte) ((int) Math.rint(x) + zero));
    }
  }

  /** {@code (x − zero) · scale}. */
  static void back(long from, long to, int n, float scale, int zero) {
    FloatVector z = Lanes.splat((float) zero);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      Lanes.store(ByteLanes.load(from + i).sub(z).mul(scale), to + 4L * i);
    }
    for (; i < n; i++) {
      Lanes.set(to + 4L * i, (Lanes.getByte(from + i) - zero) * scale);
    }
  }

  /** Widens a range to hold some elements. */
  static void range(long from, int n, float[] range) {
    FloatVector low = Lanes.splat(range[0]);
    FloatVector high = Lanes.splat(range[1]);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      FloatVector x = Lanes.load(from + 4L * i);
      low = low.min(x);
      high = high.max(x);
    }
    range[0] = low.reduceLanes(VectorOperators.MIN);
    range[1] = high.reduceLanes(VectorOperators.MAX);
    for (; i < n; i++) {
      range[0] = Math.min(range[0], Lanes.get(from + 4L * i));
      range[1] = Math.max(range[1], Lanes.get(from + 4L * i));
    }
  }
}
