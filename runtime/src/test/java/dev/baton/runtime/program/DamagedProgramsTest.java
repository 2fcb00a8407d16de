package dev.baton.runtime.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Any bytes give a program or one ProgramFormatException. */
class DamagedProgramsTest {
  private static final int MUTATIONS = 10_000;
  private static final int LARGEST_MUTATED = 20_000;
  private static final int LONGEST_MESSAGE = 1_000;
  private static final long SEED = 20260823;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "add-xnn",
        "add-portable",
        "cond-portable",
        "add-without-extended-header",
        "linear-with-constant-buffer",
        "xor-training-external-weights",
        "bundled_program.bpte"
      })
  void noPrefixIsAProgram(String name) {
    byte[] whole = name.endsWith(".bpte") ? Samples.bytes(name) : Samples.program(name);
    List<Integer> accepted = new ArrayList<>();
    for (int length = 0; length < whole.length; length++) {
      byte[] prefix = Arrays.copyOf(whole, length);
      try {
        Program.of(prefix).close();
        accepted.add(length);
      } catch (ProgramFormatException e) {
        assertTrue(e.getMessage().contains(e.problem()), e::getMessage);
      }
    }
    assertEquals(List.of(), accepted);
  }

  @Test
  void mutationsGiveAProgramOrOneFormatException() {
    List<byte[]> samples =
        Stream.concat(
                Samples.PROGRAMS.stream().map(Samples::program),
                Stream.of(Samples.bytes("bundled_program.bpte")))
            .filter(bytes -> bytes.length <= LARGEST_MUTATED)
            .toList();
    Random random = new Random(SEED);
    int read = 0;
    int refused = 0;
    for (int round = 0; round < MUTATIONS; round++) {
      byte[] bytes = mutate(samples.get(round % samples.size()).clone(), random);
      if (isRead(bytes, round)) {
        read++;
      } else {
        refused++;
      }
    }
    // Both sides must be exercised.
    assertTrue(read > MUTATIONS / 20, "read: " + read);
    assertTrue(refused > MUTATIONS / 20, "refused: " + refused);
  }

  private static boolean isRead(byte[] bytes, int round) {
    return assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> {
          try (Program program = Program.of(bytes)) {
            Samples.walk(program);
            return true;
          } catch (ProgramFormatException e) {
            assertTrue(e.getMessage().length() < LONGEST_MESSAGE, e::getMessage);
            return false;
          }
        },
        () -> "round " + round);
  }

  private static byte[] mutate(byte[] bytes, Random random) {
    // The first kilobyte or three hold the tables that most mutations should meet.
    int reach = random.nextBoolean() ? bytes.length : Math.min(bytes.length, 3_000);
    int edits = 1 + random.nextInt(4);
    for (int i = 0; i < edits; i++) {
      int at = random.nextInt(reach);
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt();
        case 2 -> bytes[at] = (byte) random.nextInt(4);
        case 3 -> fill(bytes, at, 4, (byte) 0xff);
        case 4 -> fill(bytes, at, 4, (byte) 0);
        default -> {
          int from = random.nextInt(bytes.length);
          int length = Math.min(1 + random.nextInt(16), bytes.length - Math.max(at, from));
          System.arraycopy(bytes, from, bytes, at, length);
        }
      }
    }
    return bytes;
  }

  private static void fill(byte[] bytes, int at, int length, byte value) {
    Arrays.fill(bytes, at, Math.min(at + length, bytes.length), value);
  }

  @Test
  void randomTablesBehindAGoodIdentifier() {
    Random random = new Random(SEED);
    for (int round = 0; round < 2_000; round++) {
      byte[] bytes = new byte[8 + random.nextInt(200)];
      random.nextBytes(bytes);
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (bytes[i] & 0x1f);
      }
      System.arraycopy("ET12".getBytes(java.nio.charset.StandardCharsets.US_ASCII), 0, bytes, 4, 4);
      isRead(bytes, round);
    }
  }

  @Test
  void aBrokenOffsetIsNamedByItsPathInTheSchema() {
    byte[] bytes = Samples.program("add-portable");
    int root = Byte.toUnsignedInt(bytes[0]) | (Byte.toUnsignedInt(bytes[1]) << 8);
    bytes[root + 3] = 0x7f;
    ProgramFormatException e =
        assertThrows(ProgramFormatException.class, () -> Program.of(bytes).close());
    assertEquals("root table", e.element());
    assertEquals(root, e.byteOffset().orElseThrow());
  }
}
