package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertEquals;
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

/** What quantized programs give in Java, beside the bits that ExecuTorch gives. */
@ExtendWith(NoLeaks.class)
class QuantizedCasesTest {
  private static final Path MODELS = Path.of(System.getProperty("baton.models"));

  /** Sums of real numbers, in another order than ExecuTorch's. */
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

  private static void assertExact(CaseResult result) {
    result.outputs().forEach(o -> assertEquals(0, o.comparison().maxAbsoluteError(), o::toString));
  }

  @ParameterizedTest
  @MethodSource("fixed")
  void fixedParametersGiveTheSameBits(Path folder) throws IOException {
    assertExact(run(folder, Delegates.load(), LoadOptions.javaOnly()));
  }

  @ParameterizedTest
  @MethodSource("dynamic")
  void chosenParametersGiveTheSameNumbers(Path folder) throws IOException {
    CaseResult result = run(folder, Delegates.load(), LoadOptions.javaOnly());
    assertTrue(result.relativeError() <= ROUNDING, () -> "off by " + result.relativeError());
  }

  @ParameterizedTest
  @MethodSource("fixed")
  void aTwinGivesTheSameBits(Path folder) throws IOException {
    Faults faults = Faults.none().named("faulty").failing(Moment.RUN, Failure.runtimeException());
    List<PayloadLifter> lifters = new ArrayList<>(Delegates.load().lifters().values());
    Delegates faulty = Delegates.of(List.of(FaultInjectingDelegate.of(faults)), lifters);

    CaseResult result = run(folder, faulty, LoadOptions.defaults());

    assertTrue(!result.fallenBack().isEmpty(), "the delegate fails");
    assertExact(result);
  }

  @Test
  void weightsAreNeverExpanded() throws IOException {
    for (String name : List.of("int8-linear-xnn8", "int8-tokens-xnn8d")) {
      try (Program program = Program.open(MODELS.resolve(name).resolve("model.pte"));
          ModelMethod method = ModelMethod.load(program, "forward", LoadOptions.javaOnly());
          Execution execution = method.newExecution()) {
        execution.run();
        long weights = 96 * 64 + 96 * 5 + 64 * 8;
        long constants = NativeMemory.byPurpose().getOrDefault("constants", 0L);
        assertTrue(constants < weights, () -> name + " keeps " + constants + " bytes of constants");
      }
    }
  }
}
