package dev.baton.nativelib;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Integers and strings of a file image. Any offset outside of it is an IndexOutOfBoundsException.
 */
final class ByteReader {
  static final int MAX_STRING = 4096;

  private final MemorySegment bytes;
  private final ValueLayout.OfShort u16;
  private final ValueLayout.OfInt u32;
  private final ValueLayout.OfLong u64;

  ByteReader(MemorySegment bytes, ByteOrder order) {
    this.bytes = bytes;
    this.u16 = JAVA_SHORT_UNALIGNED.withOrder(order);
    this.u32 = JAVA_INT_UNALIGNED.withOrder(order);
    this.u64 = JAVA_LONG_UNALIGNED.withOrder(order);
  }

  long size() {
    return bytes.byteSize();
  }

  int u8(long offset) {
    return bytes.get(JAVA_BYTE, offset) & 0xFF;
  }

  int u16(long offset) {
    return bytes.get(u16, offset) & 0xFFFF;
  }

  int i32(long offset) {
    return bytes.get(u32, offset);
  }

  long u32(long offset) {
    return bytes.get(u32, offset) & 0xFFFF_FFFFL;
  }

  /** An unsigned 64-bit offset or size; one that no file can have is an ArithmeticException. */
  long u64(long offset) {
    long value = bytes.get(u64, offset);
    if (value < 0) {
      throw new ArithmeticException("64-bit value at offset " + offset + " is out of range");
    }
    return value;
  }

  /** The NUL-terminated string at an offset. */
  String string(long offset) {
    int length = 0;
    while (u8(Math.addExact(offset, length)) != 0) {
      if (++length > MAX_STRING) {
        throw new ArithmeticException("string at offset " + offset + " has no end");
      }
    }
    byte[] text = new byte[length];
    MemorySegment.copy(bytes, JAVA_BYTE, offset, text, 0, length);
    return new String(text, StandardCharsets.UTF_8);
  }

  boolean stringEquals(long offset, byte[] expected) {
    for (int i = 0; i < expected.length; i++) {
      if (bytes.get(JAVA_BYTE, offset + i) != expected[i]) {
        return false;
      }
    }
    return u8(offset + expected.length) == 0;
  }
}
