package dev.baton.runtime.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProgramHeaderTest {
  private static final int HEADER_LENGTH = 12;
  private static final int PROGRAM_SIZE = 16;
  private static final int SEGMENT_BASE = 24;
  private static final int SEGMENT_BYTES = 32;

  @Test
  void aHeaderOfTheFutureIsReadAsFarAsItIsKnown() {
    try (Program today = Program.of(Samples.program("cond-portable"));
        Program future = Program.of(withLongerHeader(Samples.program("cond-portable"), 16))) {
      assertEquals(48, future.layout().headerBytes());
      assertEquals(today.layout().programBytes() + 16, future.layout().programBytes());
      assertEquals(today.layout().segmentBytes(), future.layout().segmentBytes());
      assertEquals(today.method("forward").chains(), future.method("forward").chains());
      for (int i = 0; i < today.segments().size(); i++) {
        assertEquals(-1, today.segments().get(i).mismatch(future.segments().get(i)));
      }
    }
  }

  /**
   * Inserts bytes behind the header's known fields; all other offsets of a FlatBuffer are relative.
   */
  private static byte[] withLongerHeader(byte[] program, int more) {
    ByteBuffer from = littleEndian(program);
    int end = 8 + from.getInt(HEADER_LENGTH);
    byte[] longer = new byte[program.length + more];
    System.arraycopy(program, 0, longer, 0, end);
    System.arraycopy(program, end, longer, end + more, program.length - end);
    ByteBuffer to = littleEndian(longer);
    to.putInt(0, from.getInt(0) + more);
    to.putInt(HEADER_LENGTH, from.getInt(HEADER_LENGTH) + more);
    to.putLong(PROGRAM_SIZE, from.getLong(PROGRAM_SIZE) + more);
    to.putLong(SEGMENT_BASE, from.getLong(SEGMENT_BASE) + more);
    return longer;
  }

  @Test
  void aHeaderOf24BytesHasNoSegmentSize() {
    byte[] program = Samples.program("cond-portable");
    littleEndian(program).putInt(HEADER_LENGTH, 24);
    try (Program old = Program.of(program)) {
      assertEquals(24, old.layout().headerBytes());
      assertEquals(0, old.layout().segmentBytes());
      assertEquals(40, old.segments().getFirst().byteSize());
    }
  }

  @Test
  void headerLengthBelow24() {
    ProgramFormatException e = refused("cond-portable", b -> b.putInt(HEADER_LENGTH, 23));
    assertEquals("a length of 23, expected 24 or more", e.problem());
    assertEquals(HEADER_LENGTH, e.byteOffset().orElseThrow());
  }

  @ParameterizedTest
  @CsvSource({
    "16, 9223372036854775807", // program size
    "16, -1",
    "16, 0",
    "16, 39",
    "24, 16", // segment base
    "24, -1",
    "24, 9223372036854775807",
    "24, 0",
    "32, -1", // segment bytes
    "32, 41",
    "32, 9223372036854775807"
  })
  void sizesThatDoNotFit(int at, long value) {
    ProgramFormatException e = refused("cond-portable", b -> b.putLong(at, value));
    assertTrue(e.getMessage().startsWith("program in memory (2856 bytes)"), e::getMessage);
  }

  @Test
  void aFileCutShortSaysSo() {
    byte[] whole = Samples.program("cond-portable");
    ProgramFormatException e =
        assertThrows(
            ProgramFormatException.class,
            () -> Program.of(java.util.Arrays.copyOf(whole, 2855)).close());
    assertEquals("The file has 2855 bytes, its header announces 2856", e.problem());
    assertEquals("It was cut short: fetch it or export it again.", e.remedy());
  }

  @Test
  void anotherIdentifier() {
    assertEquals(
        "program in memory (1072 bytes), file identifier, at byte 4: found \"TFL3\", expected \"ET12\"."
            + " This is no ExecuTorch program: export the model with ExecuTorch to a .pte.",
        withText("TFL3", 4).getMessage());
    assertEquals("found \"ET13\", expected \"ET12\"", withText("ET13", 4).problem());
    assertTrue(withText("ET13", 4).getMessage().contains("another format version"));
    assertEquals("found \"a\\x00\\xffb\", expected \"ET12\"", withText("a\0\377b", 4).problem());
  }

  @ParameterizedTest
  @CsvSource({
    "'PK\3\4', 0, zip",
    "GGUF, 0, GGUF",
    "'\u0093NUMPY', 0, NumPy",
    "version https://git-lfs, 0, Git LFS",
    "ED00, 8, ETDump",
    "BP07, 4, another version than BP08"
  })
  void filesOfOtherFormats(String magic, int at, String named) {
    assertTrue(withText(magic, at).getMessage().contains(named));
  }

  @Test
  void dataFilesHaveTheirOwnSentence() {
    assertTrue(
        assertThrows(
                ProgramFormatException.class,
                () -> Program.of(Samples.bytes("xor-training-external-weights.ptd")).close())
            .problem()
            .startsWith("This is a data file (.ptd)"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7})
  void tooShortToBeAnything(int length) {
    String problem =
        assertThrows(ProgramFormatException.class, () -> Program.of(new byte[length]).close())
            .problem();
    assertEquals(
        length == 0 ? "The file is empty" : "The file has only " + length + " bytes", problem);
  }

  private static ProgramFormatException withText(String text, int at) {
    return refused("add-portable", b -> b.put(at, text.getBytes(StandardCharsets.ISO_8859_1)));
  }

  private static ProgramFormatException refused(
      String sample, java.util.function.Consumer<ByteBuffer> edit) {
    byte[] bytes = Samples.program(sample);
    edit.accept(littleEndian(bytes));
    return assertThrows(ProgramFormatException.class, () -> Program.of(bytes).close());
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
