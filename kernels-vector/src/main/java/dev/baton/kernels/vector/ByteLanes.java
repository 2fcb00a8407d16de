package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static dev.baton.kernels.vector.Lanes.SPECIES;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;

import dev.baton.runtime.kernel.Affine;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * int8 elements in memory and vectors of as many numbers as {@link Lanes} have. Four bytes are less
 * than the least vector; they pass through an int. Methods that take or give vectors are short
 * enough to be compiled into every caller.
 */
final class ByteLanes {
  private static final boolean NARROW = Lanes.COUNT < 8;

  private static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(NARROW ? 64 : 8 * Lanes.COUNT));

  static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, Lanes.SPECIES.vectorShape());

  private ByteLanes() {}

  private static ByteVector bytes(long address) {
    return NARROW
        ? fourBytes(address)
        : ByteVector.fromMemorySegment(BYTES, ALL, address, LITTLE_ENDIAN);
  }

  private static ByteVector fourBytes(long address) {
    long four = Integer.toUnsignedLong(ALL.get(JAVA_INT_UNALIGNED, address));
    return LongVector.broadcast(LongVector.SPECIES_64, four).reinterpretAsBytes();
  }

  /** Numbers of a vector of bytes. */
  static FloatVector load(long address) {
    return (FloatVector) bytes(address).convertShape(VectorOperators.B2F, Lanes.SPECIES, 0);
  }

  static IntVector loadInts(long address) {
    return (IntVector) bytes(address).convertShape(VectorOperators.B2I, INTS, 0);
  }

  /** Writes the low bytes of a vector. */
  static void store(IntVector vector, long address) {
    store((ByteVector) vector.convertShape(VectorOperators.I2B, BYTES, 0), address);
  }

  private static void store(ByteVector bytes, long address) {
    if (NARROW) {
      storeFour(bytes, address);
    } else {
      bytes.intoMemorySegment(ALL, address, LITTLE_ENDIAN);
    }
  }

  private static void storeFour(ByteVector bytes, long address) {
    ALL.set(JAVA_INT_UNALIGNED, address, bytes.reinterpretAsInts().lane(0));
  }

  /** Bits of {@link Affine#ROUNDING}: what a rounded 0 is as an integer, before its neighbours. */
  private static final int ROUNDED_ZERO = Float.floatToRawIntBits(Affine.ROUNDING);

  /**
   * Integers whose low 16 bits are right: numbers rounded to even, between two bounds of 8 bits and
   * a zero point; 0 for NaN, whatever its bits. The bounds are put to the integers, whose order is
   * that of the numbers.
   */
  static IntVector round(FloatVector x, int low, int high) {
    return bounded(zeroIfNaN(x).add(Affine.ROUNDING).reinterpretAsInts(), low, high);
  }

  private static IntVector bounded(IntVector x, int low, int high) {
    return x.max(ROUNDED_ZERO + low).min(ROUNDED_ZERO + high);
  }

  private static FloatVector zeroIfNaN(FloatVector x) {
    return x.blend(0f, x.test(VectorOperators.IS_NAN));
  }

  static IntVector toInts(FloatVector x) {
    return (IntVector) x.convertShape(VectorOperators.F2I, INTS, 0);
  }

  static FloatVector toFloats(IntVector x) {
    return (FloatVector) x.convertShape(VectorOperators.I2F, Lanes.SPECIES, 0);
  }

  static IntVector intsAt(long address) {
    return IntVector.fromMemorySegment(INTS, ALL, address, LITTLE_ENDIAN);
  }

  static void storeInts(IntVector vector, long address) {
    vector.intoMemorySegment(ALL, address, LITTLE_ENDIAN);
  }

  /** Writes {@code n} bytes as numbers without their zero point. */
  static void widen(long from, long to, int n, int zeroPoint) {
    FloatVector zero = broadcast(SPECIES, (float) zeroPoint);
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      load(from + i).sub(zero).intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
    }
    for (; i < n; i++) {
      Lanes.set(to + 4L * i, Lanes.getByte(from + i) - zeroPoint);
    }
  }

  /** Copies bytes. */
  static void copy(long from, long to, int n) {
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      if (NARROW) {
        ALL.set(JAVA_INT_UNALIGNED, to + i, ALL.get(JAVA_INT_UNALIGNED, from + i));
      } else {
        ByteVector.fromMemorySegment(BYTES, ALL, from + i, LITTLE_ENDIAN)
            .intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
      }
    }
    copyFew(from + i, to + i, n - i);
  }

  /** Copies less than a vector of bytes. */
  static void copyFew(long from, long to, int n) {
    for (int i = 0; i < n; i++) {
      Lanes.setByte(to + i, Lanes.getByte(from + i));
    }
  }

  /** Bounded bytes. */
  static void clamp(long from, long to, int n, byte low, byte high) {
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      store(loadInts(from + i).max(low).min(high), to + i);
    }
    for (; i < n; i++) {
      Lanes.setByte(to + i, (byte) Math.clamp(Lanes.getByte(from + i), low, high));
    }
  }
}
