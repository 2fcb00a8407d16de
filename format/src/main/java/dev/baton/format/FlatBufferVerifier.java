package dev.baton.format;

import dev.baton.format.TableFacts.Field;
import dev.baton.format.TableFacts.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Checks every offset, vtable, vector, string and union that is reachable from a root table, so
 * that generated accessors, which trust their bytes, stay inside the buffer.
 *
 * <p>Shared tables are checked each time they are met; the bytes of every visit are counted, and
 * the caller's limit bounds the work. Positions are exact longs until proven to lie in the buffer.
 * Metadata need not be aligned: Java reads it either way.
 */
public final class FlatBufferVerifier {
  private static final int NO_INDEX = -1;
  private static final int USUAL_DEPTH = 16;

  /** The accessors read the numbers of a vtable as signed shorts. */
  private static final int MAX_VTABLE_NUMBER = Short.MAX_VALUE;

  private static final long NON_ASCII = 0x8080808080808080L;

  /** What becomes of a union whose type is beyond the members that the facts know. */
  public enum UnknownMembers {
    /** Its type is a failure. */
    REFUSE,
    /** Its value is not looked into: the caller must not read it either. */
    SKIP
  }

  private final ByteBuffer bytes;
  private final int size;
  private final UnknownMembers unknown;
  private final long maxVisitedBytes;
  private long visitedBytes;

  private String[] names = new String[USUAL_DEPTH];
  private int[] indices = new int[USUAL_DEPTH];
  private int depth;

  private FlatBufferVerifier(ByteBuffer bytes, UnknownMembers unknown, long maxVisitedBytes) {
    this.bytes = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    this.size = this.bytes.capacity();
    this.unknown = unknown;
    this.maxVisitedBytes = maxVisitedBytes;
  }

  /**
   * Checks a buffer, whose position and order stay as they are.
   *
   * @param bytes from the offset of the root table, at the position, to the limit
   * @param maxVisitedBytes how many bytes of tables, strings and vectors may be visited, shared
   *     ones counted each time; of a blob only its length is visited
   * @throws MalformedException at the first failure
   */
  public static void verify(
      ByteBuffer bytes, TableFacts root, UnknownMembers unknown, long maxVisitedBytes)
      throws MalformedException {
    new FlatBufferVerifier(bytes, unknown, maxVisitedBytes).root(root);
  }

  private void root(TableFacts facts) throws MalformedException {
    if (size < 4) {
      throw fail(0, "the tables need 4 bytes or more, there are " + size);
    }
    table(facts, target(0));
  }

  private void table(TableFacts facts, int at) throws MalformedException {
    require(at, 4, "a table", at);
    long vtable = (long) at - bytes.getInt(at);
    if (vtable < 0 || vtable > size - 4L) {
      throw fail(at, "the vtable of this " + facts.name() + " would be at byte " + vtable);
    }
    int vtableBytes = u16(vtable);
    int tableBytes = u16(vtable + 2);
    if (vtableBytes < 4 || vtableBytes % 2 != 0 || vtableBytes > MAX_VTABLE_NUMBER) {
      throw fail(vtable, "a vtable of " + vtableBytes + " bytes");
    }
    require(vtable, vtableBytes, "a vtable", at);
    if (tableBytes < 4) {
      throw fail(vtable, "a table of " + tableBytes + " bytes");
    }
    require(at, tableBytes, "a table", at);
    visit(tableBytes, at);

    int slots = vtableBytes / 2 - 2;
    for (Field field : facts.fields()) {
      if (field.slot() >= slots) {
        break;
      }
      enter(field.name());
      field(field, at, vtable, slots, tableBytes);
      depth--;
    }
  }

  private void field(Field field, int at, long vtable, int slots, int tableBytes)
      throws MalformedException {
    if (field.kind() instanceof Kind.Union union) {
      union(union, field.slot(), at, vtable, slots, tableBytes);
      return;
    }
    int width = field.kind() instanceof Kind.Scalar scalar ? scalar.bytes() : 4;
    int offset = fieldOffset(vtable, field.slot(), width, tableBytes);
    if (offset == 0 || field.kind() instanceof Kind.Scalar) {
      return;
    }
    int target = target(at + offset);
    switch (field.kind()) {
      case Kind.Text() -> text(target);
      case Kind.Blob() -> {
        vector(target, 1);
        visit(4, target);
      }
      case Kind.Scalars(int elementBytes) ->
          visit(4 + (long) vector(target, elementBytes) * elementBytes, target);
      case Kind.Table(TableFacts facts) -> table(facts, target);
      case Kind.Tables(TableFacts facts) -> tables(facts, target);
      case Kind.Scalar _, Kind.Union _ -> throw new AssertionError(field);
    }
  }

  private void union(Kind.Union union, int slot, int at, long vtable, int slots, int tableBytes)
      throws MalformedException {
    int typeOffset = fieldOffset(vtable, slot, 1, tableBytes);
    int type = typeOffset == 0 ? 0 : bytes.get(at + typeOffset) & 0xff;
    int known = union.members().size();
    if (type > known && unknown == UnknownMembers.REFUSE) {
      throw new MalformedException(
          MalformedException.Kind.UNKNOWN_MEMBER,
          path(),
          at,
          "kind " + type + " is unknown, the highest known is " + known);
    }
    int offset = slot + 1 < slots ? fieldOffset(vtable, slot + 1, 4, tableBytes) : 0;
    if (offset != 0 && type > 0 && type <= known) {
      table(union.members().get(type - 1), target(at + offset));
    }
  }

  /** Offset of a field in its table, or 0 if it is absent. */
  private int fieldOffset(long vtable, int slot, int width, int tableBytes)
      throws MalformedException {
    int offset = u16(vtable + 4 + 2L * slot);
    if (offset != 0 && (offset < 4 || offset > tableBytes - width || offset > MAX_VTABLE_NUMBER)) {
      throw fail(
          vtable, "a field of " + width + " bytes at " + offset + " in a table of " + tableBytes);
    }
    return offset;
  }

  private void tables(TableFacts facts, int at) throws MalformedException {
    int count = vector(at, 4);
    visit(4 + 4L * count, at);
    for (int i = 0; i < count; i++) {
      indices[depth - 1] = i;
      table(facts, target(at + 4 + 4 * i));
    }
  }

  private void text(int at) throws MalformedException {
    int length = vector(at, 1);
    visit(4L + length, at);
    int start = at + 4;
    require(start, length + 1L, "a string with its final zero", at);
    if (bytes.get(start + length) != 0) {
      throw fail(at, "a string of " + length + " bytes does not end in a zero");
    }
    if (!isAscii(start, length)) {
      try {
        StandardCharsets.UTF_8.newDecoder().decode(bytes.slice(start, length));
      } catch (CharacterCodingException e) {
        throw fail(at, "a string of " + length + " bytes is not UTF-8");
      }
    }
  }

  private boolean isAscii(int start, int length) {
    int end = start + length;
    int i = start;
    for (; i <= end - 8; i += 8) {
      if ((bytes.getLong(i) & NON_ASCII) != 0) {
        return false;
      }
    }
    for (; i < end; i++) {
      if (bytes.get(i) < 0) {
        return false;
      }
    }
    return true;
  }

  /** The number of elements, all of which lie in the buffer. */
  private int vector(int at, int elementBytes) throws MalformedException {
    require(at, 4, "a vector", at);
    long count = bytes.getInt(at) & 0xffffffffL;
    require(at + 4L, count * elementBytes, "a vector of " + count, at);
    return (int) count;
  }

  /** Where the offset at a position leads, which is in the buffer. */
  private int target(int at) throws MalformedException {
    long target = at + (bytes.getInt(at) & 0xffffffffL);
    if (target == at || target > size - 4L) {
      throw fail(at, "an offset leads to byte " + target + " of " + size);
    }
    return (int) target;
  }

  private void require(long at, long length, String what, long place) throws MalformedException {
    if (length > size - at) {
      throw fail(
          place, what + " of " + length + " bytes does not fit into " + (size - at) + " bytes");
    }
  }

  private void visit(long visited, long at) throws MalformedException {
    visitedBytes += visited;
    if (visitedBytes > maxVisitedBytes) {
      throw new MalformedException(
          MalformedException.Kind.TOO_MANY_VISITS,
          path(),
          at,
          "the tables refer to each other so often that reading them visits more than "
              + maxVisitedBytes
              + " bytes of "
              + size);
    }
  }

  private int u16(long at) {
    return bytes.getShort((int) at) & 0xffff;
  }

  private void enter(String name) {
    if (depth == names.length) {
      names = Arrays.copyOf(names, 2 * depth);
      indices = Arrays.copyOf(indices, 2 * depth);
    }
    names[depth] = name;
    indices[depth] = NO_INDEX;
    depth++;
  }

  private String path() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < depth; i++) {
      text.append(i == 0 ? "" : ".").append(names[i]);
      if (indices[i] != NO_INDEX) {
        text.append('[').append(indices[i]).append(']');
      }
    }
    return text.isEmpty() ? "root table" : text.toString();
  }

  private MalformedException fail(long at, String problem) {
    return new MalformedException(MalformedException.Kind.DAMAGED, path(), at, problem);
  }
}
