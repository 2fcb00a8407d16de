package dev.baton.coreml;

import dev.baton.graph.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Copies of tensors in another dtype: Core ML has no arrays of 64-bit integers and of bools. */
final class Conversion {
  private Conversion() {}

  static boolean convertible(DType from, DType to) {
    return from == to || (isNumber(from) && isNumber(to));
  }

  private static boolean isNumber(DType dtype) {
    return switch (dtype) {
      case BOOL, UINT8, INT8, INT16, INT32, INT64, HALF, FLOAT, DOUBLE -> true;
      default -> false;
    };
  }

  /** Writes so many elements of one memory into another. */
  static void copy(MemorySegment from, DType source, MemorySegment to, DType target, long count) {
    if (source == target) {
      to.asSlice(0, count * target.byteSize()).copyFrom(from.asSlice(0, count * source.byteSize()));
      return;
    }
    for (long i = 0; i < count; i++) {
      if (source.isFloatingPoint() || target.isFloatingPoint()) {
        put(to, target, i, real(from, source, i));
      } else {
        put(to, target, i, integer(from, source, i));
      }
    }
  }

  private static long integer(MemorySegment data, DType dtype, long i) {
    return switch (dtype) {
      case BOOL, INT8 -> data.get(ValueLayout.JAVA_BYTE, i);
      case UINT8 -> data.get(ValueLayout.JAVA_BYTE, i) & 0xff;
      case INT16 -> data.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i);
      case INT32 -> data.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i);
      case INT64 -> data.getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i);
      default -> throw new IllegalArgumentException(dtype + " is no integer type");
    };
  }

  private static double real(MemorySegment data, DType dtype, long i) {
    return switch (dtype) {
      case HALF -> Float.float16ToFloat(data.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i));
      case FLOAT -> data.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
      case DOUBLE -> data.getAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, i);
      default -> integer(data, dtype, i);
    };
  }

  private static void put(MemorySegment data, DType dtype, long i, double value) {
    switch (dtype) {
      case HALF ->
          data.setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, Float.floatToFloat16((float) value));
      case FLOAT -> data.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, (float) value);
      case DOUBLE -> data.setAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, i, value);
      default -> put(data, dtype, i, (long) value);
    }
  }

  private static void put(MemorySegment data, DType dtype, long i, long value) {
    switch (dtype) {
      case BOOL -> data.set(ValueLayout.JAVA_BYTE, i, (byte) (value == 0 ? 0 : 1));
      case INT8, UINT8 -> data.set(ValueLayout.JAVA_BYTE, i, (byte) value);
      case INT16 -> data.setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, (short) value);
      case INT32 ->
          data.setAtIndex(
              ValueLayout.JAVA_INT_UNALIGNED,
              i,
              Math.clamp(value, Integer.MIN_VALUE, Integer.MAX_VALUE));
      default -> data.setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i, value);
    }
  }
}
