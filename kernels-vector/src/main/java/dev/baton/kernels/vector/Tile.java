package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static dev.baton.kernels.vector.Lanes.BYTES;
import static dev.baton.kernels.vector.Lanes.SPECIES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost loops of a matrix product: C (4, w·L) += A (4, k) · B (k, w·L), with L lanes and w
 * of 1 to 3, all of C in registers: 12 of them, beside 3 for B and 1 for A, which fits what every
 * machine has. Rows of A are contiguous, B is packed, rows of C lie anywhere; two rows may be one,
 * with the same A.
 *
 * <p>Each method is about as much as the compiler takes as one. It inlines the Vector API's methods
 * always, and others only until then: a call that it leaves makes objects of vectors. So there are
 * none but the API's here.
 */
final class Tile {
  /** Rows of C. */
  static final int ROWS = 4;

  /** Vectors in a row of C, at most. */
  static final int VECTORS = 3;

  private Tile() {}

  /**
   * @param width vectors in a row of C, 1 to 3
   */
  static void run(
      int width,
      long a0,
      long a1,
      long a2,
      long a3,
      long b,
      int k,
      long c0,
      long c1,
      long c2,
      long c3) {
    switch (width) {
      case 1 -> one(a0, a1, a2, a3, b, k, c0, c1, c2, c3);
      case 2 -> two(a0, a1, a2, a3, b, k, c0, c1, c2, c3);
      default -> three(a0, a1, a2, a3, b, k, c0, c1, c2, c3);
    }
  }

  private static void one(
      long a0, long a1, long a2, long a3, long b, int k, long c0, long c1, long c2, long c3) {
    FloatVector s00 = fromMemorySegment(SPECIES, ALL, c0, LITTLE_ENDIAN);
    FloatVector s10 = fromMemorySegment(SPECIES, ALL, c1, LITTLE_ENDIAN);
    FloatVector s20 = fromMemorySegment(SPECIES, ALL, c2, LITTLE_ENDIAN);
    FloatVector s30 = fromMemorySegment(SPECIES, ALL, c3, LITTLE_ENDIAN);
    for (int i = 0; i < k; i++) {
      FloatVector b0 = fromMemorySegment(SPECIES, ALL, b, LITTLE_ENDIAN);
      FloatVector x0 = broadcast(SPECIES, ALL.get(JAVA_FLOAT_UNALIGNED, a0 + 4L * i));
      s00 = x0.fma(b0, s00);
      FloatVector x1 = broadcast(SPECIES, ALL.get(JAVA_FLOAT_UNALIGNED, a1 + 4L * i));
      s10 = x1.fma(b0, s10);
      FloatVector x2 = broadcast(SPECIES, ALL.get(JAVA_FLOAT_UNALIGNED, a2 + 4L * i));
      s20 = x2.fma(b0, s20);
      FloatVector x3 = broadcast(SPECIES, ALL.get(JAVA_FLOAT_UNALIGNED, a3 + 4L * i));
      s30 = x3.fma(b0, s30);
      b += BYTES;
    }
    s00.intoMemorySegment(ALL, c0, LITTLE_ENDIAN);
    s10.intoMemorySegment(ALL, c1, LITTLE_ENDIAN);
    s20.intoMemorySegment(ALL, c2, LITTLE_ENDIAN);
    s30.intoMemorySegment(ALL, c3, LITTLE_ENDIAN);
  }

  private static void two(
      long a0, long a1, long a2, long a3, long b, int k, long c0, long c1, long c2, long c3) {
    FloatVector s00 = fromMemorySegment(SPECIES, ALL, c0, LITTLE_ENDIAN);
    FloatVector s01 = fromMemorySegment(SPECIES, ALL, c0 + BYTES, LITTLE_ENDIAN);
    FloatVector s10 = fromMemorySegment(SPECIES, ALL, c1, LITTLE_ENDIAN);
    FloatVector s11 = fromMemorySegment(SPECIES, ALL, c1 + BYTES, LITTLE_ENDIAN);
    FloatVector s20 = fromMemorySegment(SPECIES, ALL, c2, LITTLE_ENDIAN);
    FloatVector s21 = fromMemorySegment(SPECIES, ALL, c2 + BYTES, LITTLE_ENDIAN);
    FloatVector s30 = fromMemorySegment(SPECIES, ALL, c3, LITTLE_ENDIAN);
    FloatVector s31 = fromMemorySegment(SPECIES, ALL, c3 + BYTES, LITTLE_ENDIAN);
    for (int i = 0; i < k; i++) {
      FloatVector b0 = fromMemorySegment(SPECIES, ALL, b, LITTLE_ENDIAN);
      FloatVector b1 = fromMemorySegment(SPECIES, ALL, b + BYTES, LITTLE_ENDIAN);
      FloatVector x0 = broadcast(SPECIES, ALL.get(JAVA_FLOAT_UNALIGNED, a0 + 4L * i));
      s00 = x0.fma(b0, s00);
      s01 = x0.fma(b1, s01);
      FloatVector x1 = broadcast(SPECIES, ALL.get(JAVA_FLOAT_UNALIGNED, a1 + 4L * i));
      s10 = x1.fma(b0, s10);
      s11 = x1.fma(b1, s11);
      FloatVector x2 = broadcast(SPECIES, ALL.get(JAVA_FLOAT_UNALIGNED, a2 + 4L * i));
      s20 = x2.fma(b0, s20);
      s21 = x2.fma(b1, s21);
      FloatVector x3 = broadcast(SPECIES, ALL.get(JAVA_FLOAT_UNALIGNED, a3 + 4L * i));
      s30 = x3.fma(b0, s30);
      s31 = x3.fma(b1, s31);
      b += 2 * BYTES;
    }
    s00.intoMemorySegment(ALL, c0, LITTLE_ENDIAN);
    s01.intoMemorySegment(ALL, c0 + BYTES, LITTLE_ENDIAN);
    s10.intoMemorySegment(ALL, c1, LITTLE_ENDIAN);
    s11.intoMemorySegment(ALL, c1 + BYTES, LITTLE_ENDIAN);
    s20.intoMemorySegment(ALL, c2, LITTLE_ENDIAN);
    s21.intoMemorySegment(ALL, c2 + BYTES, LITTLE_ENDIAN);
    s30.intoMemorySegment(ALL, c3, LITTLE_ENDIAN);
    s31.intoMemorySegment(ALL, c3 + BYTES, LITTLE_ENDIAN);
  }

  private static void three(
      long a0, long a1, long a2, long a3, long b, int k, long c0, long c1, long c2, long c3) {
    FloatVector s00 = fromMemorySegment(SPECIES, ALL, c0, LITTLE_ENDIAN);
    FloatVector s01 = fromMemorySegment(SPECIES, ALL, c0 + BYTES, LITTLE_ENDIAN);
    FloatVector s02 = fromMemorySegment(SPECIES, ALL, c0 + 2 * BYTES, LITTLE_ENDIAN);
    FloatVector s10 = fromMemorySegment(SPECIES, ALL, c1, LITTLE_ENDIAN);
    FloatVector s11 = fromMemorySegment(SPECIES, ALL, c1 + BYTES, LITTLE_ENDIAN);
    FloatVector s12 = fromMemorySegment(SPECIES, ALL, c1 + 2 * BYTES, LITTLE_ENDIAN);
    FloatVector s20 = fromMemorySegment(SPECIES, ALL, c2, LITTLE_ENDIAN);
    FloatVector s21 = fromMemorySegment(SPECIES, ALL, c2 + BYTES, LITTLE_ENDIAN);
    FloatVector s22 = fromMemorySegment(SPECIES, ALL, c2 + 2 * BYTES, LITTLE_ENDIAN);
    FloatVector s30 = fromMemorySegment(SPECIES, ALL, c3, LITTLE_ENDIAN);
    FloatVector s31 = fromMemorySegment(SPECIES, ALL, c3 + BYTES, LITTLE_ENDIAN);
    FloatVector s32 = fromMemorySegment(SPECIES, ALL, c3 + 2 * BYTES, LITTLE_ENDIAN);
    for (int i = 0; i < k; i++) {
      FloatVector b0 = fromMemorySegment(SPECIES, ALL, b, LITTLE_ENDIAN);
      FloatVector b1 = fromMemorySegment(SPECIES, ALL, b + BYTES, LITTLE_ENDIAN);
      FloatVector b2 = fromMemorySegment(SPECIES, ALL, b + 2 * BYTES, LITTLE_ENDIAN);
      FloatVector x0 = broadcast(SPECIES, ALL.get(JAVA_FLOAT_UNALIGNED, a0 + 4L * i));
      s00 = x0.fma(b0, s00);
      s01 = x0.fma(b1, s01);
      s02 = x0.fma(b2, s02);
      FloatVector x1 = broadcast(SPECIES, ALL.get(JAVA_FLOAT_UNALIGNED, a1 + 4L * i));
      s10 = x1.fma(b0, s10);
      s11 = x1.fma(b1, s11);
      s12 = x1.fma(b2, s12);
      FloatVector x2 = broadcast(SPECIES, ALL.get(JAVA_FLOAT_UNALIGNED, a2 + 4L * i));
      s20 = x2.fma(b0, s20);
      s21 = x2.fma(b1, s21);
      s22 = x2.fma(b2, s22);
      FloatVector x3 = broadcast(SPECIES, ALL.get(JAVA_FLOAT_UNALIGNED, a3 + 4L * i));
      s30 = x3.fma(b0, s30);
      s31 = x3.fma(b1, s31);
      s32 = x3.fma(b2, s32);
      b += 3 * BYTES;
    }
    s00.intoMemorySegment(ALL, c0, LITTLE_ENDIAN);
    s01.intoMemorySegment(ALL, c0 + BYTES, LITTLE_ENDIAN);
    s02.intoMemorySegment(ALL, c0 + 2 * BYTES, LITTLE_ENDIAN);
    s10.intoMemorySegment(ALL, c1, LITTLE_ENDIAN);
    s11.intoMemorySegment(ALL, c1 + BYTES, LITTLE_ENDIAN);
    s12.intoMemorySegment(ALL, c1 + 2 * BYTES, LITTLE_ENDIAN);
    s20.intoMemorySegment(ALL, c2, LITTLE_ENDIAN);
    s21.intoMemorySegment(ALL, c2 + BYTES, LITTLE_ENDIAN);
    s22.intoMemorySegment(ALL, c2 + 2 * BYTES, LITTLE_ENDIAN);
    s30.intoMemorySegment(ALL, c3, LITTLE_ENDIAN);
    s31.intoMemorySegment(ALL, c3 + BYTES, LITTLE_ENDIAN);
    s32.intoMemorySegment(ALL, c3 + 2 * BYTES, LITTLE_ENDIAN);
  }
}
