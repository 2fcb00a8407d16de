package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.nativelib.NativeAccess;
import java.lang.foreign.MemorySegment;

/** Reads what a library points to. What it says of itself is believed within bounds. */
final class NativeMemory {
  private static final long MAX_TEXT = 1 << 16;
  private static final int MAX_COUNT = 1 << 20;

  private NativeMemory() {}

  /** The bytes at an address. */
  static MemorySegment at(long address, long bytes) {
    if (address == 0) {
      throw new IllegalStateException("the library gave a null pointer");
    }
    return NativeAccess.reinterpret(MemorySegment.ofAddress(address), bytes);
  }

  /** The text that a field points to; empty where it points to nothing. */
  static String text(MemorySegment structure, long field) {
    return text(structure.get(JAVA_LONG, field));
  }

  static String text(long address) {
    return address == 0 ? "" : at(address, MAX_TEXT).getString(0);
  }

  /**
   * A count.
   *
   * @throws IllegalStateException if nothing has so many
   */
  static int count(MemorySegment structure, long field) {
    int count = structure.get(JAVA_INT, field);
    if (count < 0 || count > MAX_COUNT) {
      throw new IllegalStateException(
          "the library counts " + Integer.toUnsignedString(count) + " of something");
    }
    return count;
  }
}
