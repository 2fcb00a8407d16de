package dev.baton.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.Delegates;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.program.ProgramFormatException;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bundled programs as cases. */
class BundledCaseTest {
  private static final Path MODELS = Path.of("../models");

  @TempDir Path folder;

  private static CaseResult run(Path bundle) throws IOException {
    return run(ModelCase.read(bundle));
  }

  private static CaseResult run(ModelCase tests) throws IOException {
    return new CaseRunner(Delegates.of(List.of(), List.of()), LoadOptions.javaOnly()).run(tests);
  }

  @Test
  void testsOfSeveralMethodsWithPlainValuesAndDimOrders() throws IOException {
    ModelCase bundle = ModelCase.read(MODELS.resolve("bundled-portable.bpte"));
    assertEquals(5, bundle.calls().size());
    assertEquals(
        Set.of("forward", "pooled"),
        bundle.calls().stream().map(ModelCase.Call::method).collect(Collectors.toSet()));
    assertTrue(bundle.independent());
    CaseResult result = run(MODELS.resolve("bundled-portable.bpte"));
    assertTrue(result.passed(), () -> result.firstFailure().toString());
    assertEquals(3 + 2 * 2, result.outputs().size());
  }

  @Test
  void eachTestBeginsWithFreshState() throws IOException {
    CaseResult result = run(MODELS.resolve("bundled-state-portable.bpte"));
    assertTrue(result.passed(), () -> result.firstFailure().toString());
  }

  @Test
  void freshStateIsThatOfOtherMethodsToo() throws IOException {
    ModelCase read = ModelCase.read(MODELS.resolve("shared-portable"));
    ModelCase.Call first = read.calls().get(0); // before anything is written
    ModelCase.Call write = read.calls().get(1);
    ModelCase tests =
        new ModelCase(
            read.path(),
            read.name(),
            read.model(),
            List.of(),
            write.method(),
            read.tolerance(),
            true,
            List.of(write, first, write, first));
    CaseResult result = run(tests);
    assertTrue(result.passed(), () -> result.firstFailure().toString());
  }

  @Test
  void aWrongExpectationFails() throws IOException {
    byte[] bytes = Files.readAllBytes(MODELS.resolve("bundled-state-portable.bpte"));
    ModelCase right = ModelCase.read(MODELS.resolve("bundled-state-portable.bpte"));
    byte[] expected =
        right.calls().getFirst().expected().getFirst().read().data().toArray(ValueLayout.JAVA_BYTE);
    int at = 0;
    while (!Arrays.equals(expected, Arrays.copyOfRange(bytes, at, at + expected.length))) {
      at++;
    }
    bytes[at + 3] ^= 0x40;
    Path wrong = Files.write(folder.resolve("wrong.bpte"), bytes);
    assertFalse(run(wrong).passed());
  }

  @Test
  void isFoundInFoldersAndRefusedWhenDamaged() throws IOException {
    Path damaged =
        Files.write(folder.resolve("cut.bpte"), new byte[] {8, 0, 0, 0, 'B', 'P', '0', '8'});
    assertEquals(List.of(damaged), ModelCase.find(folder));
    assertEquals(List.of(damaged), ModelCase.find(damaged));
    assertThrows(ProgramFormatException.class, () -> ModelCase.read(damaged));
  }
}
