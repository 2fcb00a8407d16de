package dev.baton.format;

import static dev.baton.format.TableFacts.blob;
import static dev.baton.format.TableFacts.many;
import static dev.baton.format.TableFacts.one;
import static dev.baton.format.TableFacts.scalar;
import static dev.baton.format.TableFacts.scalars;
import static dev.baton.format.TableFacts.table;
import static dev.baton.format.TableFacts.text;
import static dev.baton.format.TableFacts.union;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.flatbuffers.FlatBufferBuilder;
import dev.baton.format.FlatBufferVerifier.UnknownMembers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A small schema with a field of every kind, written by the format's own library. */
class FlatBufferVerifierTest {
  private static final long PLENTY = 1 << 20;
  private static final int BLOB_BYTES = 5_000;

  private static final TableFacts LEAF = table("Leaf", scalar(4, "id"), text("label"));
  private static final TableFacts ROOT =
      table(
          "Root",
          scalar(8, "version"),
          text("name"),
          blob("data"),
          scalars(4, "sizes"),
          one(LEAF, "leaf"),
          many(LEAF, "leaves"),
          union("choice", LEAF, table("Other", scalars(8, "items"))));

  private static final int NAME = 1;
  private static final int DATA = 2;
  private static final int SIZES = 3;
  private static final int LEAVES = 5;
  private static final int CHOICE_TYPE = 6;
  private static final int CHOICE = 7;

  private final ByteBuffer bytes = sample();
  private final int root = bytes.getInt(0);

  private static ByteBuffer sample() {
    FlatBufferBuilder b = new FlatBufferBuilder();
    int name = b.createString("größer than eight bytes");
    int data = b.createByteVector(new byte[BLOB_BYTES]);
    b.startVector(4, 3, 4);
    for (int i = 0; i < 3; i++) {
      b.addInt(i);
    }
    int sizes = b.endVector();
    int leaf = leaf(b, "alone");
    int leaves = b.createVectorOfTables(new int[] {leaf(b, "first"), leaf(b, "second")});
    b.startVector(8, 2, 8);
    b.addLong(1);
    b.addLong(2);
    int items = b.endVector();
    b.startTable(1);
    b.addOffset(0, items, 0);
    int other = b.endTable();
    b.startTable(8);
    b.addLong(0, 7, 0);
    b.addOffset(NAME, name, 0);
    b.addOffset(DATA, data, 0);
    b.addOffset(SIZES, sizes, 0);
    b.addOffset(4, leaf, 0);
    b.addOffset(LEAVES, leaves, 0);
    b.addByte(CHOICE_TYPE, (byte) 2, 0);
    b.addOffset(CHOICE, other, 0);
    b.finish(b.endTable());
    return ByteBuffer.wrap(b.sizedByteArray()).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int leaf(FlatBufferBuilder b, String label) {
    int text = b.createString(label);
    b.startTable(2);
    b.addInt(0, 5, 0);
    b.addOffset(1, text, 0);
    return b.endTable();
  }

  private int vtable(int table) {
    return table - bytes.getInt(table);
  }

  /** Where a table holds a field. */
  private int field(int table, int slot) {
    return table + bytes.getShort(vtable(table) + 4 + 2 * slot);
  }

  /** Where the offset in a field leads. */
  private int target(int table, int slot) {
    int at = field(table, slot);
    return at + bytes.getInt(at);
  }

  private void verify(UnknownMembers unknown) throws MalformedException {
    FlatBufferVerifier.verify(bytes, ROOT, unknown, PLENTY);
  }

  private MalformedException refused() {
    return assertThrows(MalformedException.class, () -> verify(UnknownMembers.REFUSE));
  }

  private void isDamagedAt(String path, long byteOffset, String problem) {
    MalformedException e = refused();
    assertEquals(MalformedException.Kind.DAMAGED, e.kind());
    assertEquals(path, e.path());
    assertEquals(byteOffset, e.byteOffset());
    assertEquals(problem, e.problem());
    assertEquals(path + ", byte " + byteOffset + ": " + problem, e.getMessage());
  }

  @Test
  void whatTheLibraryWrites() throws MalformedException {
    verify(UnknownMembers.REFUSE);
    verify(UnknownMembers.SKIP);
    VerifiedReader.read(bytes, ROOT);
  }

  @Test
  void aBufferIsReadFromItsPositionInItsOwnOrder() throws MalformedException {
    ByteBuffer shifted = ByteBuffer.allocate(bytes.capacity() + 12);
    shifted.position(12).put(bytes.duplicate()).position(12);
    FlatBufferVerifier.verify(shifted, ROOT, UnknownMembers.REFUSE, PLENTY);
    assertEquals(12, shifted.position());
    assertEquals(ByteOrder.BIG_ENDIAN, shifted.order());
  }

  @Test
  void noRootOffset() {
    MalformedException e =
        assertThrows(
            MalformedException.class,
            () ->
                FlatBufferVerifier.verify(
                    ByteBuffer.allocate(3), ROOT, UnknownMembers.REFUSE, PLENTY));
    assertEquals(
        "root table, byte 0: the tables need 4 bytes or more, there are 3", e.getMessage());
  }

  @Test
  void rootOffset() {
    bytes.putInt(0, 0);
    isDamagedAt("root table", 0, "an offset leads to byte 0 of " + bytes.capacity());
    bytes.putInt(0, -1);
    isDamagedAt("root table", 0, "an offset leads to byte 4294967295 of " + bytes.capacity());
  }

  @Test
  void vtableOutside() {
    bytes.putInt(root, root + 1);
    isDamagedAt("root table", root, "the vtable of this Root would be at byte -1");
  }

  @Test
  void vtableOfAnOddSize() {
    int vtable = vtable(root);
    bytes.putShort(vtable, (short) 21);
    isDamagedAt("root table", vtable, "a vtable of 21 bytes");
    bytes.putShort(vtable, (short) 0x8000);
    isDamagedAt("root table", vtable, "a vtable of 32768 bytes");
  }

  @Test
  void tableTooSmallForAField() {
    int vtable = vtable(root);
    int tableBytes = bytes.getShort(vtable + 2);
    bytes.putShort(vtable + 4 + 2 * NAME, (short) (tableBytes - 3));
    isDamagedAt(
        "name",
        vtable,
        "a field of 4 bytes at " + (tableBytes - 3) + " in a table of " + tableBytes);
  }

  @Test
  void vectorLongerThanTheBuffer() {
    int sizes = target(root, SIZES);
    bytes.putInt(sizes, -1);
    isDamagedAt(
        "sizes",
        sizes,
        "a vector of 4294967295 of 17179869180 bytes does not fit into "
            + (bytes.capacity() - sizes - 4)
            + " bytes");
  }

  @Test
  void blobLongerThanTheBuffer() {
    int data = target(root, DATA);
    bytes.putInt(data, bytes.capacity());
    assertEquals("data", refused().path());
  }

  @Test
  void stringWithoutItsZero() {
    int name = target(root, NAME);
    int length = bytes.getInt(name);
    bytes.put(name + 4 + length, (byte) 1);
    isDamagedAt("name", name, "a string of " + length + " bytes does not end in a zero");
  }

  @Test
  void stringThatIsNotUtf8() {
    int name = target(root, NAME);
    bytes.put(name + 4, (byte) 0xc0);
    isDamagedAt("name", name, "a string of " + bytes.getInt(name) + " bytes is not UTF-8");
  }

  @Test
  void pathsHaveIndices() {
    int second = target(root, LEAVES) + 8;
    int leaf = second + bytes.getInt(second);
    bytes.putInt(field(leaf, 1), 0);
    assertEquals("leaves[1].label", refused().path());
  }

  @Test
  void unknownMemberIsRefusedOrSkipped() throws MalformedException {
    bytes.put(field(root, CHOICE_TYPE), (byte) 3);
    MalformedException e = refused();
    assertEquals(MalformedException.Kind.UNKNOWN_MEMBER, e.kind());
    assertEquals("choice", e.path());
    assertEquals(root, e.byteOffset());
    assertEquals("kind 3 is unknown, the highest known is 2", e.problem());
    // What the value is cannot be known, so it may be anything.
    bytes.putInt(field(root, CHOICE), 0);
    verify(UnknownMembers.SKIP);
    VerifiedReader.read(bytes, ROOT);
  }

  @Test
  void aKnownMemberIsLookedIntoEitherWay() {
    bytes.putInt(field(root, CHOICE), 0);
    for (UnknownMembers unknown : UnknownMembers.values()) {
      assertEquals("choice", assertThrows(MalformedException.class, () -> verify(unknown)).path());
    }
  }

  @Test
  void ofABlobOnlyTheLengthIsVisited() throws MalformedException {
    FlatBufferVerifier.verify(bytes, ROOT, UnknownMembers.REFUSE, bytes.capacity() - BLOB_BYTES);
  }

  @Test
  void visitsAreLimitedToTheByte() throws MalformedException {
    TableFacts version = table("Root", scalar(8, "version"));
    int tableBytes = bytes.getShort(vtable(root) + 2);
    FlatBufferVerifier.verify(bytes, version, UnknownMembers.REFUSE, tableBytes);
    MalformedException e =
        assertThrows(
            MalformedException.class,
            () ->
                FlatBufferVerifier.verify(bytes, version, UnknownMembers.REFUSE, tableBytes - 1L));
    assertEquals(MalformedException.Kind.TOO_MANY_VISITS, e.kind());
    assertTrue(e.problem().contains("so often"), e.problem());
  }

  /** Twenty levels of ten offsets to one table each: 10^20 visits in a kilobyte. */
  @Test
  void sharedTablesCauseNoExponentialWork() {
    FlatBufferBuilder b = new FlatBufferBuilder();
    TableFacts facts = table("Leaf");
    b.startTable(0);
    int shared = b.endTable();
    for (int level = 0; level < 20; level++) {
      int[] tenTimes = new int[10];
      Arrays.fill(tenTimes, shared);
      int vector = b.createVectorOfTables(tenTimes);
      b.startTable(1);
      b.addOffset(0, vector, 0);
      shared = b.endTable();
      facts = table("Level", many(facts, "next"));
    }
    b.finish(shared);
    byte[] hostile = b.sizedByteArray();
    TableFacts levels = facts;
    MalformedException e =
        assertTimeoutPreemptively(
            Duration.ofSeconds(5),
            () ->
                assertThrows(
                    MalformedException.class,
                    () ->
                        FlatBufferVerifier.verify(
                            ByteBuffer.wrap(hostile), levels, UnknownMembers.REFUSE, PLENTY)));
    assertEquals(MalformedException.Kind.TOO_MANY_VISITS, e.kind());
    assertTrue(e.path().startsWith("next[0].next[0]."), e.path());
  }

  @Test
  void whatIsAcceptedCanBeRead() {
    Random random = new Random(20260823);
    int accepted = 0;
    int rounds = 50_000;
    byte[] whole = bytes.array();
    int dataAt = target(root, DATA) + 4;
    for (int round = 0; round < rounds; round++) {
      byte[] changed = whole.clone();
      for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
        int at;
        do {
          at = random.nextInt(changed.length);
        } while (at >= dataAt && at < dataAt + BLOB_BYTES);
        changed[at] = (byte) (random.nextBoolean() ? random.nextInt() : random.nextInt(16));
      }
      try {
        FlatBufferVerifier.verify(
            ByteBuffer.wrap(changed),
            ROOT,
            random.nextBoolean() ? UnknownMembers.REFUSE : UnknownMembers.SKIP,
            PLENTY);
      } catch (MalformedException e) {
        assertTrue(e.byteOffset() >= 0 && e.byteOffset() < changed.length, e::getMessage);
        continue;
      }
      accepted++;
      VerifiedReader.read(ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN), ROOT);
    }
    assertTrue(accepted > rounds / 20 && accepted < rounds * 19 / 20, "accepted: " + accepted);
  }
}
