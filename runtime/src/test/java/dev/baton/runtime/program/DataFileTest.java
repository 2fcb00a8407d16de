package dev.baton.runtime.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.Delegates;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.lift.LiftException;
import dev.baton.runtime.program.DataFile.TensorLayout;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Data files, of ExecuTorch 0.6 ({@code linear}) and of today ({@code xor}). */
class DataFileTest {
  private static final String OLD = "linear-external-weights";
  private static final String NEW = "xor-training-external-weights";
  private static final int MUTATIONS = 6_000;

  private static Program open(byte[] program, byte[]... data) {
    return Program.of(
        MemorySegment.ofArray(program),
        Arrays.stream(data).map(MemorySegment::ofArray).toList(),
        ReadBudget.defaults());
  }

  private static Program open(String name) {
    return open(Samples.program(name), Samples.bytes(name + ".ptd"));
  }

  private static TensorSpec named(Program program, String method, String name) {
    return program.method(method).values().stream()
        .filter(v -> v instanceof TensorSpec t && t.external() && name.equals(t.name()))
        .map(v -> (TensorSpec) v)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void theLayoutOfVersion06() {
    try (Program program = open(OLD)) {
      DataFile file = program.dataFiles().getFirst();
      assertEquals(List.of("linear.weight", "linear.bias"), List.copyOf(file.entries().keySet()));
      assertEquals(
          new TensorLayout(ScalarType.FLOAT, Ints.of(3, 3), Ints.of(0, 1)),
          file.entries().get("linear.weight").layout());
      TensorSpec weight = named(program, "forward", "linear.weight");
      MemorySegment data = weight.data();
      assertNotNull(data);
      assertEquals(36, data.byteSize());
      assertTrue(data.isReadOnly());
      assertEquals(TensorSpec.Source.EXTERNAL, weight.source());
      assertTrue(program.namedData().containsKey("linear.bias"));
    }
  }

  @Test
  void theLayoutOfToday() {
    try (Program program = open(NEW)) {
      DataFile file = program.dataFiles().getFirst();
      assertEquals(4, file.entries().size());
      TensorSpec weight = named(program, "forward", "net.linear.weight");
      assertNotNull(weight.data());
      assertEquals(TensorSpec.Source.PLANNED_EXTERNAL, weight.source());
      assertTrue(Float.isFinite(weight.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0)));
    }
  }

  @Test
  void withoutItsFileATensorHasNoData() {
    try (Program program = open(Samples.program(OLD), Samples.bytes(NEW + ".ptd"))) {
      assertNull(named(program, "forward", "linear.weight").data());
    }
  }

  @Test
  void aMethodWithoutItsFileSaysHowToGiveIt() {
    try (Program program = Program.of(Samples.program(OLD))) {
      LiftException e =
          assertThrows(
              LiftException.class,
              () ->
                  ModelMethod.load(
                      program,
                      "forward",
                      LoadOptions.javaOnly(),
                      Delegates.of(List.of(), List.of())));
      assertTrue(e.getMessage().contains("('linear."), e.getMessage());
      assertTrue(e.getMessage().contains("ReadOptions.withDataFiles"), e.getMessage());
      assertTrue(e.getMessage().contains("--data"), e.getMessage());
    }
  }

  @Test
  void oneKeyInTwoFiles() {
    byte[] data = Samples.bytes(OLD + ".ptd");
    ProgramFormatException e =
        assertThrows(
            ProgramFormatException.class, () -> open(Samples.program(OLD), data, data).close());
    assertTrue(e.getMessage().contains("'linear.weight'"), e.getMessage());
    assertTrue(e.getMessage().contains("data file 0"), e.getMessage());
    assertTrue(e.getMessage().contains("data file 1"), e.getMessage());
  }

  @Test
  void anotherTensorOfTheSameName() {
    byte[] data = Samples.bytes(OLD + ".ptd");
    byte[] half = data.clone();
    int changed = 0;
    for (int at = 0; at < half.length; at++) { // one element type after the other is another one
      half = data.clone();
      half[at] = half[at] == 6 ? 3 : half[at];
      try {
        open(Samples.program(OLD), half).close();
      } catch (ProgramFormatException e) {
        changed += e.getMessage().contains("is INT") ? 1 : 0;
      }
    }
    assertEquals(2, changed);
  }

  @Test
  void filesAreMappedOrCopied(@TempDir Path folder) throws IOException {
    Path program = Files.write(folder.resolve("m.pte"), Samples.program(OLD));
    Path data = Files.write(folder.resolve("m.ptd"), Samples.bytes(OLD + ".ptd"));
    byte[] weights = null;
    for (ReadOptions.Access access : ReadOptions.Access.values()) {
      ReadOptions options = ReadOptions.defaults().withAccess(access).withDataFiles(List.of(data));
      Program opened = Program.open(program, options);
      MemorySegment found = named(opened, "forward", "linear.weight").data();
      Program.Lease lease = opened.lease();
      opened.close();
      assertNotNull(found);
      byte[] bytes = found.toArray(ValueLayout.JAVA_BYTE);
      assertArrayEquals(weights == null ? bytes : weights, bytes);
      weights = bytes;
      lease.close();
      assertThrows(IllegalStateException.class, () -> found.toArray(ValueLayout.JAVA_BYTE));
    }
    Path missing = folder.resolve("none.ptd");
    IOException e =
        assertThrows(
            IOException.class,
            () ->
                Program.open(program, ReadOptions.defaults().withDataFiles(List.of(missing)))
                    .close());
    assertTrue(e.getMessage().contains("none.ptd"), e.getMessage());
  }

  @Test
  void aProgramIsNoDataFile() {
    ProgramFormatException e =
        assertThrows(
            ProgramFormatException.class,
            () -> open(Samples.program(OLD), Samples.program(OLD)).close());
    assertTrue(e.getMessage().contains(".ptd"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {OLD, NEW})
  void noPrefixIsADataFile(String name) {
    byte[] program = Samples.program(name);
    byte[] whole = Samples.bytes(name + ".ptd");
    for (int length = 0; length < whole.length; length++) {
      byte[] prefix = Arrays.copyOf(whole, length);
      assertThrows(ProgramFormatException.class, () -> open(program, prefix).close());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {OLD, NEW})
  void mutationsAreReadOrGiveOneFormatException(String name) {
    byte[] program = Samples.program(name);
    byte[] whole = Samples.bytes(name + ".ptd");
    Random random = new Random(7);
    int read = 0;
    for (int round = 0; round < MUTATIONS; round++) {
      byte[] bytes = whole.clone();
      for (int edit = random.nextInt(4); edit >= 0; edit--) {
        int at = random.nextInt(bytes.length);
        switch (random.nextInt(4)) {
          case 0 -> bytes[at] = (byte) random.nextInt();
          case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
          case 2 -> Arrays.fill(bytes, at, Math.min(at + 4, bytes.length), (byte) 0xff);
          default -> Arrays.fill(bytes, at, Math.min(at + 4, bytes.length), (byte) 0);
        }
      }
      try (Program opened = open(program, bytes)) {
        Samples.walk(opened);
        opened.dataFiles().forEach(f -> f.entries().values().forEach(e -> e.bytes().byteSize()));
        read++;
      } catch (ProgramFormatException e) {
        assertTrue(e.getMessage().length() < 1_000, e::getMessage);
      }
    }
    assertTrue(read > MUTATIONS / 20 && read < MUTATIONS * 19 / 20, "read: " + read);
  }
}
