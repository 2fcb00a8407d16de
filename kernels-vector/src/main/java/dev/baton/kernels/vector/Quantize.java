package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static dev.baton.kernels.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.baton.runtime.kernel.Affine;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Loops between float32 and int8. */
final class Quantize {
  private static final int MANY = 1 << 12;

  private Quantize() {}

  static void run(long from, long to, int n, float inverse, Affine by) {
    run(from, to, n, inverse, by.zeroPoint(), by.min(), by.max());
  }

  /** {@code clamp(rint(x · inverse) + zero)}. */
  static void run(long from, long to, int n, float inverse, int zero, long min, long max) {
    int low = (int) (min - zero);
    int high = (int) (max - zero);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      ByteLanes.store(
          ByteLanes.round(
                  fromMemorySegment(SPECIES, ALL, from + 4L * i, LITTLE_ENDIAN).mul(inverse),
                  low,
                  high)
              .add(zero),
          to + i);
    }
    for (; i < n; i++) {
      float x = Math.min(Math.max(Lanes.get(from + 4L * i) * inverse, min - zero), max - zero);
      Lanes.setByte(to + i, (byte) ((int) Math.rint(x) + zero));
    }
  }

  /**
   * {@code (x − zero) · scale}; fewer than {@link #MANY} one by one. The results of a model are
   * often as few: a loop over their vectors runs once in each run, the compiler sees it late, and
   * until then vectors are objects.
   */
  static void back(long from, long to, int n, float scale, int zero) {
    FloatVector z = broadcast(SPECIES, (float) zero);
    int whole = n < MANY ? 0 : Lanes.whole(n);
    int i = 0;
    for (; i < whole; i += Lanes.COUNT) {
      ByteLanes.load(from + i).sub(z).mul(scale).intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
    }
    for (; i < n; i++) {
      Lanes.set(to + 4L * i, (Lanes.getByte(from + i) - zero) * scale);
    }
  }

  /** Widens a range to hold some elements. */
  static void range(long from, int n, float[] range) {
    FloatVector low = broadcast(SPECIES, range[0]);
    FloatVector high = broadcast(SPECIES, range[1]);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      FloatVector x = fromMemorySegment(SPECIES, ALL, from + 4L * i, LITTLE_ENDIAN);
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
