package dev.baton.qnn.payload;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.baton.delegate.DelegateException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** A payload, taken apart. Graphs are compiled already, or written portably. */
public sealed interface Container {
  /** What is to be given to the library: a part of the payload. */
  MemorySegment bytes();

  /** Graphs that were compiled for a device when the program was exported. */
  record ContextBinary(MemorySegment bytes) implements Container {}

  /** Graphs that are compiled when they are loaded: a file that the vendor calls DLC, a zip. */
  record Portable(MemorySegment bytes) implements Container {}

  private static DelegateException damaged(String what) {
    return new DelegateException(
        DelegateException.Kind.BAD_PAYLOAD,
        "the QNN payload is damaged: " + what,
        "Copy or export the program again.",
        null);
  }

  /**
   * Takes a payload apart. A context binary lies behind a header of 256 bytes: a magic number, a
   * signature, its size.
   *
   * @throws DelegateException of {@link DelegateException.Kind#BAD_PAYLOAD} if it is none, or cut
   *     off
   */
  static Container of(MemorySegment payload) throws DelegateException {
    final int magic = 0x5678ABCD;
    final int zip = 0x04034B50; // PK 3 4
    final long headerBytes = 256;
    final long sizeAt = 12;
    ValueLayout.OfInt u32 = JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    ValueLayout.OfLong u64 = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    if (payload.byteSize() < 4) {
      throw damaged("it has " + payload.byteSize() + " bytes");
    }
    int first = payload.get(u32, 0);
    if (first == zip) {
      requireWholeZip(payload);
      return new Portable(payload);
    }
    if (first != magic) {
      throw damaged(
          "it begins with 0x%08x, which is neither a context binary's header nor a portable graph"
              .formatted(first));
    }
    if (payload.byteSize() < headerBytes) {
      throw damaged("its header of 256 bytes is cut off after " + payload.byteSize());
    }
    long size = payload.get(u64, sizeAt);
    if (size <= 0 || size > payload.byteSize() - headerBytes) {
      throw damaged(
          "its header tells of a context binary of "
              + Long.toUnsignedString(size)
              + " bytes, and "
              + (payload.byteSize() - headerBytes)
              + " follow");
    }
    return new ContextBinary(payload.asSlice(headerBytes, size));
  }

  /** A zip ends with a record that tells where its directory is, or that another record does. */
  private static void requireWholeZip(MemorySegment payload) throws DelegateException {
    final int end = 0x06054B50; // PK 5 6
    final int end64 = 0x07064B50; // PK 6 7, 20 bytes before
    final long endBytes = 22;
    final long maxBehind = 65535 + 8; // a comment, and padding
    ValueLayout.OfInt u32 = JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    long last = payload.byteSize() - endBytes;
    for (long at = last; at >= Math.max(0, last - maxBehind); at--) {
      if (payload.get(u32, at) == end) {
        long size = Integer.toUnsignedLong(payload.get(u32, at + 12));
        long offset = Integer.toUnsignedLong(payload.get(u32, at + 16));
        boolean elsewhere = at >= 20 && payload.get(u32, at - 20) == end64;
        if (elsewhere || offset + size <= at) {
          return;
        }
      }
    }
    throw damaged("the portable graph is cut off");
  }
}
