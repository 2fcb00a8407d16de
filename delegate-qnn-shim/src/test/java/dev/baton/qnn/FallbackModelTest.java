package dev.baton.qnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.DelegateFailedException;
import dev.baton.runtime.DelegateUnavailableException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackModel;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.program.Program;
import dev.baton.tck.NoLeaks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A program for QNN without the library, beside one that runs everywhere. */
@ExtendWith(NoLeaks.class)
final class FallbackModelTest {
  private static final Path MODELS = Path.of("..", "models");

  private static final LoadOptions WITHOUT =
      LoadOptions.defaults()
          .withDelegateOption(
              QnnDelegate.NAME, QnnDelegate.LIBRARY_OPTION, "/nowhere/libQnnHtp.so");

  private static Delegates delegates() {
    return Delegates.of(List.of(new QnnDelegate()), List.of());
  }

  private static Program open(Path folder) throws IOException {
    return Program.open(folder.resolve("model.pte"));
  }

  @Test
  void theOtherProgramRuns() throws IOException {
    ModelCase golden = Cases.golden("digits");
    try (Program program = Program.open(golden.model());
        Program portable = open(MODELS.resolve("digits-portable"))) {
      DelegateFailedException alone =
          assertThrows(
              DelegateFailedException.class,
              () -> ModelMethod.load(program, "forward", WITHOUT, delegates()));
      assertTrue(alone.getMessage().contains("QNN_SDK_ROOT"), alone::getMessage);
      try (ModelMethod method =
              FallbackModel.load(program, portable, "forward", WITHOUT, delegates());
          Execution execution = method.newExecution()) {
        assertEquals(0, method.placement().subgraphs().size());
        CaseRunner.setInputs(execution, golden.calls().get(0).inputs());
        execution.run();
        float[] expected = golden.calls().get(0).expected().get(0).read().getDataAsFloatArray();
        float[] actual = execution.output(0).toTensor().getDataAsFloatArray();
        assertEquals(best(expected), best(actual));
      }
    }
  }

  @Test
  void theOtherProgramRunsWithoutTheDelegateThatWasNamed() throws IOException {
    LoadOptions named = WITHOUT.withDelegates(List.of(QnnDelegate.NAME));
    try (Program program = Program.open(Cases.golden("digits").model());
        Program portable = open(MODELS.resolve("digits-portable"));
        ModelMethod method = FallbackModel.load(program, portable, "forward", named, delegates())) {
      assertEquals(0, method.placement().subgraphs().size());
      assertEquals(Set.of(QnnDelegate.NAME), method.placement().unavailable().keySet());
      LoadOptions strict = named.withPolicy(FallbackPolicy.FAIL);
      assertThrows(
          DelegateUnavailableException.class,
          () -> FallbackModel.load(program, portable, "forward", strict, delegates()));
    }
  }

  private static int best(float[] scores) {
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      best = scores[i] > scores[best] ? i : best;
    }
    return best;
  }

  @Test
  void otherInputsAreRefusedBeforeAnythingIsLoaded() throws IOException {
    try (Program program = Program.open(Cases.golden("digits").model());
        Program other = open(MODELS.resolve("add-portable"))) {
      BatonException e =
          assertThrows(
              BatonException.class,
              () -> FallbackModel.load(program, other, "forward", WITHOUT, delegates()));
      assertTrue(e.getMessage().contains("cannot stand in for"), e::getMessage);
      assertTrue(e.getMessage().contains("input"), e::getMessage);
    }
  }

  @Test
  void bothRefusedTellsBoth() throws IOException {
    try (Program program = Program.open(Cases.golden("digits").model())) {
      DelegateFailedException e =
          assertThrows(
              DelegateFailedException.class,
              () -> FallbackModel.load(program, program, "forward", WITHOUT, delegates()));
      assertEquals(1, e.getSuppressed().length);
    }
  }
}
