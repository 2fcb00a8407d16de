package dev.baton.coreml.mil;

import dev.baton.delegate.DelegateException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Reads the fields of a protobuf message, one after the other, without copying it. Everything is
 * checked against the message's end; a message in a message counts against a budget of messages and
 * of depth that all share.
 */
final class ProtoReader {
  /** More than any model has. */
  private static final int MOST_MESSAGES = 1 << 22;

  private static final int GREATEST_DEPTH = 100;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int VARINT = 0;
  private static final int EIGHT_BYTES = 1;
  private static final int BYTES = 2;
  private static final int FOUR_BYTES = 5;

  private static final class Budget {
    int messages;
  }

  private final MemorySegment message;
  private final int depth;
  private final Budget budget;
  private long position;
  private int field;
  private int wireType;

  private ProtoReader(MemorySegment message, int depth, Budget budget) {
    this.message = message;
    this.depth = depth;
    this.budget = budget;
  }

  static ProtoReader of(MemorySegment message) {
    return new ProtoReader(message, 0, new Budget());
  }

  /** Goes to the next field; false at the end. The one before must have been read or skipped. */
  boolean next() throws DelegateException {
    if (position == message.byteSize()) {
      return false;
    }
    long tag = readVarint();
    field = (int) (tag >>> 3);
    wireType = (int) (tag & 7);
    if (tag >>> 32 != 0 || field == 0) {
      throw damaged("has a field of number " + Long.toUnsignedString(tag >>> 3));
    }
    return true;
  }

  /** The number of the field. */
  int field() {
    return field;
  }

  boolean isPacked() {
    return wireType == BYTES;
  }

  /** An integer, a bool, or the number of an enum's constant. */
  long varint() throws DelegateException {
    expect(VARINT);
    return readVarint();
  }

  float real() throws DelegateException {
    expect(FOUR_BYTES);
    return Float.intBitsToFloat(message.get(INT, take(Integer.BYTES)));
  }

  double longReal() throws DelegateException {
    expect(EIGHT_BYTES);
    return Double.longBitsToDouble(message.get(LONG, take(Long.BYTES)));
  }

  MemorySegment bytes() throws DelegateException {
    expect(BYTES);
    long size = readVarint();
    return message.asSlice(take(size), size);
  }

  String text() throws DelegateException {
    MemorySegment bytes = bytes();
    return new String(bytes.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }

  /** A message inside of this one. */
  ProtoReader message() throws DelegateException {
    if (depth == GREATEST_DEPTH || ++budget.messages > MOST_MESSAGES) {
      throw damaged("holds too many messages");
    }
    return new ProtoReader(bytes(), depth + 1, budget);
  }

  /** The numbers of a packed field, one after the other: unnamed fields of a message. */
  ProtoReader packed() throws DelegateException {
    return new ProtoReader(bytes(), depth, budget);
  }

  boolean hasMore() {
    return position < message.byteSize();
  }

  long bytesLeft() {
    return message.byteSize() - position;
  }

  long packedVarint() throws DelegateException {
    return readVarint();
  }

  float packedReal() throws DelegateException {
    return Float.intBitsToFloat(message.get(INT, take(Integer.BYTES)));
  }

  double packedLongReal() throws DelegateException {
    return Double.longBitsToDouble(message.get(LONG, take(Long.BYTES)));
  }

  void skip() throws DelegateException {
    switch (wireType) {
      case VARINT -> readVarint();
      case EIGHT_BYTES -> take(Long.BYTES);
      case BYTES -> bytes();
      case FOUR_BYTES -> take(Integer.BYTES);
      default -> throw damaged("has a field " + field + " of the wire type " + wireType);
    }
  }

  private void expect(int expected) throws DelegateException {
    if (wireType != expected) {
      throw damaged("has a field " + field + " of the wire type " + wireType + ", not " + expected);
    }
  }

  /** Moves past so many bytes, and returns where they begin. */
  private long take(long size) throws DelegateException {
    long at = position;
    if (size < 0 || size > message.byteSize() - at) {
      throw damaged("ends within its field " + field);
    }
    position += size;
    return at;
  }

  private long readVarint() throws DelegateException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte b = message.get(ValueLayout.JAVA_BYTE, take(1));
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw damaged("has a number of more than 10 bytes");
  }

  private DelegateException damaged(String problem) {
    return Failures.damaged(
        "a message of " + message.byteSize() + " bytes in its model " + problem);
  }
}
