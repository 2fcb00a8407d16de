package dev.baton.xnnpack.payload;

import dev.baton.xnnpack.payload.TableFacts.Field;
import dev.baton.xnnpack.payload.TableFacts.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Checks every offset, vtable, vector, string and union that is reachable from a root table, so
 * that generated accessors, which trust their bytes, stay inside the buffer.
 *
 * <p>A table that several offsets lead to is checked each time; the bytes visited are bounded, and
 * so is the work. The schema has no recursive table, so nesting is bounded too.
 */
final class FlatBufferVerifier {
  private static final int MAX_DEPTH = 16;

  /** The accessors read the numbers of a vtable as signed shorts. */
  private static final int MAX_VTABLE_NUMBER = Short.MAX_VALUE;

  /** How often each byte may be visited on average, and room for small files. */
  private static final int SHARING = 8;

  private static final long SHARING_SLACK_BYTES = 64 << 10;

  /** The bytes are not what the schema says: where in the tables, and what is wrong. */
  static final class Malformed extends Exception {
    private static final long serialVersionUID = 1;

    Malformed(String message) {
      super(message);
    }
  }

  private final ByteBuffer bytes;
  private final int size;
  private long allowance;

  private final String[] names = new String[MAX_DEPTH];
  private final int[] indices = new int[MAX_DEPTH];
  private int depth;

  private FlatBufferVerifier(ByteBuffer bytes) {
    this.bytes = bytes;
    this.size = bytes.capacity();
    this.allowance = SHARING_SLACK_BYTES + (long) SHARING * size;
  }

  /**
   * @param bytes little endian, position 0
   */
  static void verify(ByteBuffer bytes, TableFacts root) throws Malformed {
    FlatBufferVerifier verifier = new FlatBufferVerifier(bytes);
    verifier.require(0, 4, "the root offset", 0);
    verifier.table(root, verifier.target(0));
  }

  private void table(TableFacts facts, int at) throws Malformed {
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
    charge(4L + tableBytes, at);

    int slots = vtableBytes / 2 - 2;
    for (Field field : facts.fields()) {
      if (field.slot() >= slots) {
        break;
      }
      names[depth] = field.name();
      indices[depth] = -1;
      depth++;
      field(field, at, vtable, slots, tableBytes);
      depth--;
    }
  }

  private void field(Field field, int at, long vtable, int slots, int tableBytes) throws Malformed {
    int slot = field.slot();
    switch (field.kind()) {
      case Kind.Scalar(int width) -> fieldOffset(vtable, slot, width, tableBytes);
      case Kind.Union(var members) -> {
        int typeOffset = fieldOffset(vtable, slot, 1, tableBytes);
        int type = typeOffset == 0 ? 0 : bytes.get(at + typeOffset) & 0xff;
        int offset = slot + 1 < slots ? fieldOffset(vtable, slot + 1, 4, tableBytes) : 0;
        if (offset != 0 && type > 0 && type <= members.size()) {
          table(members.get(type - 1), target(at + offset));
        }
      }
      case Kind.Text(), Kind.Scalars(_), Kind.Table(_), Kind.Tables(_) -> {
        int offset = fieldOffset(vtable, slot, 4, tableBytes);
        if (offset != 0) {
          reference(field.kind(), target(at + offset));
        }
      }
    }
  }

  private void reference(Kind kind, int target) throws Malformed {
    switch (kind) {
      case Kind.Text() -> text(target);
      case Kind.Scalars(int elementBytes) -> vector(target, elementBytes);
      case Kind.Table(var facts) -> table(facts, target);
      case Kind.Tables(var facts) -> {
        int count = vector(target, 4);
        for (int i = 0; i < count; i++) {
          indices[depth - 1] = i;
          table(facts, target(target + 4 + 4 * i));
        }
      }
      case Kind.Scalar(_), Kind.Union(_) -> throw new AssertionError(kind);
    }
  }

  /** Offset of a field in its table, or 0 if it is absent. */
  private int fieldOffset(long vtable, int slot, int width, int tableBytes) throws Malformed {
    int offset = u16(vtable + 4 + 2L * slot);
    if (offset != 0 && (offset < 4 || offset > tableBytes - width || offset > MAX_VTABLE_NUMBER)) {
      throw fail(
          vtable, "a field of " + width + " bytes at " + offset + " in a table of " + tableBytes);
    }
    return offset;
  }

  private void text(int at) throws Malformed {
    int length = vector(at, 1);
    int start = at + 4;
    require(start, length + 1L, "a string with its final zero", at);
    charge(length, at);
    try {
      StandardCharsets.UTF_8.newDecoder().decode(bytes.slice(start, length));
    } catch (CharacterCodingException e) {
      throw fail(at, "a string of " + length + " bytes is not UTF-8");
    }
  }

  /** The number of elements, all of which lie in the buffer. */
  private int vector(int at, int elementBytes) throws Malformed {
    require(at, 4, "a vector", at);
    long count = bytes.getInt(at) & 0xffffffffL;
    require(at + 4L, count * elementBytes, "a vector of " + count, at);
    charge(4, at);
    return (int) count;
  }

  /** Where the offset at a position leads, which is in the buffer. */
  private int target(int at) throws Malformed {
    long target = at + (bytes.getInt(at) & 0xffffffffL);
    if (target == at || target > size - 4L) {
      throw fail(at, "an offset leads to byte " + target + " of " + size);
    }
    return (int) target;
  }

  private void require(long at, long length, String what, long place) throws Malformed {
    if (length > size - at) {
      throw fail(
          place, what + " of " + length + " bytes does not fit into " + (size - at) + " bytes");
    }
  }

  private void charge(long visited, long at) throws Malformed {
    allowance -= visited;
    if (allowance < 0) {
      throw fail(
          at,
          "the tables refer to each other so often that reading them visits more than "
              + SHARING
              + " times their bytes");
    }
  }

  private int u16(long at) {
    return bytes.getShort((int) at) & 0xffff;
  }

  private Malformed fail(long at, String problem) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < depth; i++) {
      path.append(i == 0 ? "" : ".").append(names[i]);
      if (indices[i] >= 0) {
        path.append('[').append(indices[i]).append(']');
      }
    }
    return new Malformed((path.isEmpty() ? "root table" : path) + ", byte " + at + ": " + problem);
  }
}
