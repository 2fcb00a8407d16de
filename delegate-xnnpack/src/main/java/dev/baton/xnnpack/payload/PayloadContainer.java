package dev.baton.xnnpack.payload;

import dev.baton.delegate.DelegateException;
import dev.baton.format.FlatBufferVerifier;
import dev.baton.format.FlatBufferVerifier.UnknownMembers;
import dev.baton.format.MalformedException;
import dev.baton.xnnpack.payload.schema.XNNGraph;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.foreign.ValueLayout.OfInt;
import java.lang.foreign.ValueLayout.OfLong;
import java.lang.foreign.ValueLayout.OfShort;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The two parts of a payload, checked: tables that may be read by generated accessors, and the
 * constant data that they refer to by offset (none in recent files).
 *
 * <pre>
 *  0..3   zero
 *  4..7   magic: XH00; without it the payload is the tables alone
 *  8..9   length of this header
 * 10..13  offset of the tables      14..17  bytes of the tables
 * 18..21  offset of constant data   22..29  bytes of constant data
 * </pre>
 *
 * @param hasHeader whether there is this header
 */
record PayloadContainer(ByteBuffer tables, MemorySegment constants, boolean hasHeader) {
  private static final OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int HEADER_BYTES = 30;
  private static final int MAGIC_AT = 4;
  private static final int MAGIC = fourCharacters("XH00");
  private static final int IDENTIFIER_OF_RUNTIME = fourCharacters("XN00");
  private static final int IDENTIFIER_OF_EXPORTER = fourCharacters("XN01");

  /** How often each byte may be visited on average, and room for small files. */
  private static final int SHARING = 8;

  private static final long SHARING_SLACK_BYTES = 64 << 10;

  private static int fourCharacters(String text) {
    return text.charAt(0) | text.charAt(1) << 8 | text.charAt(2) << 16 | text.charAt(3) << 24;
  }

  static PayloadContainer open(MemorySegment payload) throws DelegateException {
    if (payload.byteSize() < MAGIC_AT + 4) {
      throw Failures.damaged(
          "the payload has " + payload.byteSize() + " bytes, expected 8 or more");
    }
    if (payload.get(INT, MAGIC_AT) != MAGIC) {
      return new PayloadContainer(tables(payload), MemorySegment.NULL, false);
    }
    int headerBytes = payload.byteSize() < 10 ? 0 : payload.get(SHORT, 8) & 0xffff;
    if (headerBytes < HEADER_BYTES || headerBytes > payload.byteSize()) {
      throw Failures.damaged(
          "the header states "
              + headerBytes
              + " bytes, expected "
              + HEADER_BYTES
              + " to the payload's "
              + payload.byteSize());
    }
    MemorySegment tables = section(payload, "tables", unsigned(payload, 10), unsigned(payload, 14));
    MemorySegment constants =
        section(payload, "constant data", unsigned(payload, 18), payload.get(LONG, 22));
    return new PayloadContainer(tables(tables), constants, true);
  }

  private static long unsigned(MemorySegment payload, long at) {
    return Integer.toUnsignedLong(payload.get(INT, at));
  }

  private static MemorySegment section(MemorySegment payload, String what, long offset, long size)
      throws DelegateException {
    if (size == 0) {
      return MemorySegment.NULL;
    }
    if (size < 0 || offset > payload.byteSize() || size > payload.byteSize() - offset) {
      throw Failures.damaged(
          "the header puts the "
              + what
              + " at byte "
              + offset
              + ", "
              + Long.toUnsignedString(size)
              + " bytes; the payload has "
              + payload.byteSize());
    }
    return payload.asSlice(offset, size);
  }

  private static ByteBuffer tables(MemorySegment tables) throws DelegateException {
    if (tables.byteSize() < 8 || tables.byteSize() > Integer.MAX_VALUE) {
      throw Failures.damaged(
          "the tables have " + tables.byteSize() + " bytes, expected 8 to " + Integer.MAX_VALUE);
    }
    int identifier = tables.get(INT, MAGIC_AT);
    if (identifier != IDENTIFIER_OF_RUNTIME && identifier != IDENTIFIER_OF_EXPORTER) {
      throw Failures.damaged(
          "the identifier of the tables is 0x%08x, expected XN00 or XN01 (0x%08x)"
              .formatted(identifier, IDENTIFIER_OF_EXPORTER));
    }
    ByteBuffer bytes = tables.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    try {
      FlatBufferVerifier.verify(
          bytes,
          PayloadSchema.GRAPH,
          UnknownMembers.SKIP,
          SHARING_SLACK_BYTES + SHARING * tables.byteSize());
    } catch (MalformedException e) {
      throw Failures.damaged("the tables are malformed: " + e.getMessage(), e);
    }
    return bytes;
  }

  XNNGraph graph() {
    return XNNGraph.getRootAsXNNGraph(tables);
  }
}
