package dev.baton.nativelib;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Integers and strings of a file image. Any offset outside of it is an IndexOutOfBoundsException or
 * an ArithmeticException.
 *
 * <p>Reads through a buffer: the var handles of value layouts are slow to set up in a fresh JVM.
 */
final class ByteReader {
  static final int MAX_STRING = 4096;

  private final ByteBuffer bytes;

  /** The segment has at most {@link Integer#MAX_VALUE} bytes. */
  ByteReader(MemorySegment segment, ByteOrder order) {
    bytes = segment.asByteBuffer().order(order);
  }

  long size() {
    return bytes.capacity();
  }

  int u8(long offset) {
    return bytes.get(Math.toIntExact(offset)) & 0xFF;
  }

  int u16(long offset) {
    return bytes.getShort(Math.toIntExact(offset)) & 0xFFFF;
  }

  int i32(long offset) {
    return bytes.getInt(Math.toIntExact(offset));
  }

  long u32(long offset) {
    return i32(offset) & 0xFFFF_FFFFL;
  }

  /** An unsigned 64-bit offset or size; one that no file can have is an ArithmeticException. */
  long u64(long offset) {
    long value = bytes.getLong(Math.toIntExact(offset));
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
    bytes.get(Math.toIntExact(offset), text);
    return new String(text, StandardCharsets.UTF_8);
  }

  boolean stringEquals(long offset, byte[] expected) {
    for (int i = 0; i < expected.length; i++) {
      if (u8(offset + i) != (expected[i] & 0xFF)) {
        return false;
      }
    }
    return u8(offset + expected.length) == 0;
  }
}
