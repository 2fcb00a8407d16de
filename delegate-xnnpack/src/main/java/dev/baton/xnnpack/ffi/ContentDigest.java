package dev.baton.xnnpack.ffi;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import java.util.zip.Checksum;

/**
 * Tells contents apart: two checksums of other polynomials, 64 bits together. The JVM computes both
 * by instructions of the CPU from the first call on, at memory's speed, which no digest against
 * forgery comes near. Against forgery it does nothing.
 */
public final class ContentDigest {
  /** Buffers have at most 2 GiB. */
  private static final long PART = 1 << 30;

  private final Checksum first = new CRC32C();
  private final Checksum second = new CRC32();

  public void update(MemorySegment bytes) {
    update(bytes, first);
    update(bytes, second);
  }

  /** With the length, so that parts do not flow into each other. */
  public void update(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    MemorySegment length = MemorySegment.ofArray(new int[] {bytes.length});
    update(length);
    update(MemorySegment.ofArray(bytes));
  }

  /** With the digest of other bytes. */
  public void update(long digest) {
    update(MemorySegment.ofArray(new long[] {digest}));
  }

  /** The 64 bits of everything so far. */
  public long value() {
    return first.getValue() << 32 | second.getValue();
  }

  /** The checksum that tells damage. */
  public static int checksum(MemorySegment bytes) {
    Checksum checksum = new CRC32C();
    update(bytes, checksum);
    return (int) checksum.getValue();
  }

  private static void update(MemorySegment bytes, Checksum checksum) {
    MemorySegment raw = bytes.isNative() ? bytes : MemorySegment.ofArray(toBytes(bytes));
    for (long at = 0; at < raw.byteSize(); at += PART) {
      checksum.update(raw.asSlice(at, Math.min(PART, raw.byteSize() - at)).asByteBuffer());
    }
  }

  private static byte[] toBytes(MemorySegment heap) {
    return heap.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
  }
}
