package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.CaseResult;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.delegate.PayloadLifter;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.NativeMemory;
import dev.baton.runtime.program.Program;
import dev.baton.tck.Failure;
import dev.baton.tck.FaultInjectingDelegate;
import dev.baton.tck.Faults;
import dev.baton.tck.Moment;
import dev.baton.tck.NoLeaks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What quantized programs give in Java, beside what ExecuTorch gives. */
@ExtendWith(NoLeaks.class)
class QuantizedCasesTest {
  private static final Path MODELS = Path.of(System.getProperty("baton.models"));

  /** Of real numbers, whose sums have another order than ExecuTorch's; a step is 4e-3 or more. */
  private static final double ROUNDING = 5e-7;

  private static Stream<Path> cases(String... kinds) throws IOException {
    return ModelCase.find(MODELS).stream()
        .filter(f -> Stream.of(kinds).anyMatch(k -> f.getFileName().toString().endsWith("-" + k)));
  }

  static List<Path> fixed() throws IOException {
    List<Path> cases = cases("xnn8", "portable8").toList();
    assertTrue(cases.size() >= 12, "cases are found");
    return cases;
  }

  static List<Path> dynamic() throws IOException {
    List<Path> cases = cases("xnn8d", "xnn4").toList();
    assertTrue(cases.size() >= 6, "cases are found");
    return cases;
  }

  private static CaseResult run(Path folder, Delegates delegates, LoadOptions options)
      throws IOException {
    return new CaseRunner(delegates, options).run(ModelCase.read(folder));
  }

  private static void assertSameSteps(CaseResult result) {
    assertTrue(!result.outputs().isEmpty(), "there are outputs");
    assertTrue(result.passed(), result::toString);
    assertTrue(result.relativeError() <= ROUNDING, () -> "off by " + result.relativeError());
  }

  @ParameterizedTest
  @MethodSource("fixed")
  void fixedParametersGiveTheSameIntegers(Path folder) throws IOException {
    assertSameSteps(run(folder, Delegates.load(), LoadOptions.javaOnly()));
  }

  @ParameterizedTest
  @MethodSource("dynamic")
  void chosenParametersGiveTheSameNumbers(Path folder) throws IOException {
    assertSameSteps(run(folder, Delegates.load(), LoadOptions.javaOnly()));
  }

  @ParameterizedTest
  @MethodSource("fixed")
  void aTwinGivesTheSameIntegers(Path folder) throws IOException {
    Faults faults = Faults.none().named("faulty").failing(Moment.RUN, Failure.runtimeException());
    List<PayloadLifter> lifters = new ArrayList<>(Delegates.load().lifters().values());
    Delegates faulty = Delegates.of(List.of(FaultInjectingDelegate.of(faults)), lifters);

    CaseResult result = run(folder, faulty, LoadOptions.defaults());

    assertTrue(!result.fallenBack().isEmpty(), "the delegate fails");
    assertSameSteps(result);
  }

  @Test
  void weightsAreNeverExpanded() throws IOException {
    for (String name : List.of("int8-linear-xnn8", "int8-tokens-xnn8d")) {
      try (Program program = Program.open(MODELS.resolve(name).resolve("model.pte"));
          ModelMethod method = ModelMethod.load(program, "forward", LoadOptions.javaOnly());
          Execution execution = method.newExecution()) {
        execution.run();
        // Channels are packed in whole vectors, of 16 at most.
        long weights = 96 * 64 + 96 * 16 + 64 * 16;
        long constants = method.constantBytes();
        assertTrue(NativeMemory.byPurpose().containsKey("constants"), "constants are counted");
        assertTrue(
            constants <= weights, () -> name + " keeps " + constants + " bytes of constants");
      }
    }
  }
}
