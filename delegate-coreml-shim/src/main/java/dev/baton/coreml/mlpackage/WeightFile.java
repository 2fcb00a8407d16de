package dev.baton.coreml.mlpackage;

import dev.baton.coreml.mil.Failures;
import dev.baton.coreml.mil.MilType;
import dev.baton.delegate.DelegateException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A file of weights, of the second version of the format.
 *
 * <pre>
 * 0..3 number of blobs   4..7 version: 2   8..63 nothing
 * then records of 64 bytes, at multiples of 64, each before its blob:
 *   0..3 0xDEADBEEF   4..7 type   8..15 bytes   16..23 where the blob begins in the file
 * </pre>
 */
public final class WeightFile {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int RECORD_BYTES = 64;
  private static final int VERSION_AT = 4;
  private static final int VERSION = 2;
  private static final int SENTINEL = 0xDEADBEEF;

  private final String name;
  private final MemorySegment bytes;

  private WeightFile(String name, MemorySegment bytes) {
    this.name = name;
    this.bytes = bytes;
  }

  static WeightFile open(String name, MemorySegment bytes) throws DelegateException {
    if (bytes.byteSize() < RECORD_BYTES) {
      throw Failures.damaged(
          "'%s' has %d bytes, expected %d or more".formatted(name, bytes.byteSize(), RECORD_BYTES));
    }
    int version = bytes.get(INT, VERSION_AT);
    if (version != VERSION) {
      throw Failures.damaged("'%s' is of version %d, expected 2".formatted(name, version));
    }
    return new WeightFile(name, bytes);
  }

  /**
   * The bytes of a blob, without copying them.
   *
   * @param offset of its record
   * @param type that its elements must be of
   * @param needed how many bytes the elements take
   */
  public MemorySegment blob(long offset, MilType.Element type, long needed)
      throws DelegateException {
    if (offset < 0 || offset > bytes.byteSize() - RECORD_BYTES) {
      throw Failures.damaged(
          "'%s' has %d bytes, none are at %s"
              .formatted(name, bytes.byteSize(), Long.toUnsignedString(offset)));
    }
    MemorySegment record = bytes.asSlice(offset, RECORD_BYTES);
    if (record.get(INT, 0) != SENTINEL) {
      throw Failures.damaged("'%s' has no record at byte %d".formatted(name, offset));
    }
    int stored = record.get(INT, 4);
    if (stored != type.blobCode()) {
      throw Failures.damaged(
          "'%s', record at byte %d: the elements are of type %d, expected %d (%s)"
              .formatted(name, offset, stored, type.blobCode(), type));
    }
    long size = record.get(LONG, 8);
    long at = record.get(LONG, 16);
    if (size < needed || at < 0 || at > bytes.byteSize() || size > bytes.byteSize() - at) {
      throw Failures.damaged(
          "'%s', record at byte %d: %s bytes at %s; needed are %d, the file has %d"
              .formatted(
                  name,
                  offset,
                  Long.toUnsignedString(size),
                  Long.toUnsignedString(at),
                  needed,
                  bytes.byteSize()));
    }
    return bytes.asSlice(at, needed);
  }
}
