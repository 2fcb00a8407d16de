package dev.baton.kernels.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.baton.runtime.kernel.Operand;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The vectors of this process, and memory by address.
 *
 * <p>Vectors never are arguments or results of this module's own methods; loops call nothing but
 * the Vector API with them, and loops meet in memory. The compiler inlines the API's methods
 * always, others only as long as what it compiles is small; the vectors of a call that it leaves
 * are objects on the heap.
 */
final class Lanes {
  private static final @Nullable MemorySegment MAYBE_ALL = all();

  /** All memory. */
  static final MemorySegment ALL = MAYBE_ALL == null ? MemorySegment.NULL : MAYBE_ALL;

  static final VectorSpecies<Float> SPECIES = species();

  /** Elements of a vector. */
  static final int COUNT = SPECIES.length();

  /** Bytes of a vector. */
  static final int BYTES = COUNT * Float.BYTES;

  /** Mask i has the first i lanes. */
  private static final VectorMask<Float>[] FIRST = masks();

  /** Address of a vector of 1. */
  static final long ONES = constant(1);

  /** Address of a vector of −0, which changes nothing that it is added to. */
  static final long NOTHING = constant(-0f);

  private Lanes() {}

  private static long constant(float value) {
    MemorySegment vector = Arena.global().allocate(BYTES, BYTES);
    for (int i = 0; i < COUNT; i++) {
      vector.setAtIndex(JAVA_FLOAT, i, value);
    }
    return vector.address();
  }

  private static @Nullable MemorySegment all() {
    try {
      return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    } catch (IllegalCallerException e) {
      return null;
    }
  }

  private static VectorSpecies<Float> species() {
    Integer bits = Integer.getInteger("baton.vector.bits");
    return bits == null
        ? FloatVector.SPECIES_PREFERRED
        : VectorSpecies.of(float.class, VectorShape.forBitSize(bits));
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static VectorMask<Float>[] masks() {
    VectorMask<Float>[] masks = new VectorMask[COUNT + 1];
    for (int i = 0; i <= COUNT; i++) {
      masks[i] = SPECIES.indexInRange(0, i);
    }
    return masks;
  }

  /** Why vectors do not serve here. */
  static Optional<String> problem() {
    if (MAYBE_ALL == null) {
      return Optional.of(
          "native access is denied to it. Start the JVM with --enable-native-access=dev.baton.kernels.vector, "
              + "or ALL-UNNAMED on the class path");
    }
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      return Optional.of("this machine is big-endian. The reference kernels run instead");
    }
    return COUNT < 4
        ? Optional.of("this machine has no vectors of 128 bits. The reference kernels run instead")
        : Optional.empty();
  }

  static VectorMask<Float> first(int n) {
    return FIRST[n];
  }

  /** Address of an operand; 0 if it is absent. */
  static long addressOrZero(@Nullable Operand operand) {
    return operand == null ? 0 : operand.data().address();
  }

  static float get(long address) {
    return ALL.get(JAVA_FLOAT_UNALIGNED, address);
  }

  static void set(long address, float value) {
    ALL.set(JAVA_FLOAT_UNALIGNED, address, value);
  }

  static byte getByte(long address) {
    return ALL.get(java.lang.foreign.ValueLayout.JAVA_BYTE, address);
  }

  static void setByte(long address, byte value) {
    ALL.set(java.lang.foreign.ValueLayout.JAVA_BYTE, address, value);
  }

  /** Shuffle i moves lane j + 2^i to lane j. */
  private static final VectorShuffle<Float>[] HALVES = halves();

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static VectorShuffle<Float>[] halves() {
    int steps = Integer.numberOfTrailingZeros(COUNT);
    VectorShuffle<Float>[] halves = new VectorShuffle[steps];
    for (int s = 0; s < steps; s++) {
      int distance = 1 << s;
      halves[s] = VectorShuffle.fromOp(SPECIES, i -> (i + distance) % COUNT);
    }
    return halves;
  }

  /** Sum of a vector in memory, always in the same order. */
  static float sum(long address) {
    FloatVector v = fromMemorySegment(SPECIES, ALL, address, LITTLE_ENDIAN);
    for (int s = HALVES.length - 1; s >= 0; s--) {
      v = v.add(v.rearrange(HALVES[s]));
    }
    return v.lane(0);
  }

  /** Elements that fill whole vectors, of {@code n}. */
  static int whole(int n) {
    return n & -COUNT;
  }

  static void fill(long address, int n, float value) {
    FloatVector v = FloatVector.broadcast(SPECIES, value);
    int i = 0;
    for (; i < whole(n); i += COUNT) {
      v.intoMemorySegment(ALL, address + 4L * i, LITTLE_ENDIAN);
    }
    for (; i < n; i++) {
      set(address + 4L * i, value);
    }
  }

  static void copy(long from, long to, int n) {
    int i = 0;
    for (; i < whole(n); i += COUNT) {
      fromMemorySegment(SPECIES, ALL, from + 4L * i, LITTLE_ENDIAN)
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      fromMemorySegment(SPECIES, ALL, from + 4L * i, LITTLE_ENDIAN, FIRST[n - i])
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN, FIRST[n - i]);
    }
  }

  /** As {@link #copy}, element by element: for a few. */
  static void copyElements(long from, long to, int n) {
    for (int i = 0; i < n; i++) {
      set(to + 4L * i, get(from + 4L * i));
    }
  }

  /** Copies {@code n} elements and what follows them up to a whole vector. */
  static void copyBeyond(long from, long to, int n) {
    for (int i = 0; i < n; i += COUNT) {
      fromMemorySegment(SPECIES, ALL, from + 4L * i, LITTLE_ENDIAN)
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
    }
  }
}
