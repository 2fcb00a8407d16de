package dev.baton.devtools.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ReadOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgramSizeTest {
  private static final Path EXTERNAL = Path.of("../runtime/src/test/resources/programs");

  @ParameterizedTest
  @ValueSource(
      strings = {"digits-portable", "digits-xnn", "digits-xnn8", "digits-coreml", "groups-xnn"})
  void everyByteIsCountedOnce(String name) throws IOException {
    try (Program program = Programs.open(name)) {
      ProgramSize size = ProgramSize.of(program);
      assertEquals(program.layout().fileBytes(), size.fileBytes());
      assertEquals(
          size.fileBytes(), size.items().stream().mapToLong(ProgramSize.Item::bytes).sum());
      assertEquals(
          size.fileBytes(), size.byKind().values().stream().mapToLong(Long::longValue).sum());
    }
  }

  @Test
  void weightsSayWhoTakesThem() throws IOException {
    try (Program program = Programs.open("digits-portable")) {
      List<ProgramSize.Item> constants =
          ProgramSize.of(program).items().stream()
              .filter(i -> i.kind() == ProgramSize.Kind.CONSTANT)
              .toList();
      assertTrue(
          constants.stream().anyMatch(c -> c.users().contains("aten::convolution.out")),
          constants::toString);
    }
  }

  @Test
  void payloadsAndWhatTheyShareAreApart() throws IOException {
    try (Program program = Programs.open("digits-xnn")) {
      ProgramSize size = ProgramSize.of(program);
      assertEquals(
          program.methods().get("forward").delegates().getFirst().payload().byteSize(),
          size.byKind().get(ProgramSize.Kind.PAYLOAD));
      assertEquals(
          program.namedData().values().stream().mapToLong(b -> b.byteSize()).sum(),
          size.byKind().get(ProgramSize.Kind.NAMED_DATA));
    }
  }

  @Test
  void dataFilesAreCountedApart() throws IOException {
    ReadOptions options =
        ReadOptions.defaults()
            .withDataFiles(List.of(EXTERNAL.resolve("xor-training-external-weights.ptd")));
    try (Program program =
        Program.open(EXTERNAL.resolve("xor-training-external-weights.pte"), options)) {
      ProgramSize size = ProgramSize.of(program);
      assertTrue(size.dataFileBytes() > 0);
      assertEquals(
          size.fileBytes() + size.dataFileBytes(),
          size.items().stream().mapToLong(ProgramSize.Item::bytes).sum());
    }
  }
}
