package dev.baton.tck.conformance;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.Delegate;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.program.Program;
import dev.baton.tck.FaultOptions;
import dev.baton.tck.PureJavaDelegate;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Faults that end the process, in a child. */
@EnabledOnOs(OS.LINUX)
class DyingDelegateTest {
  private static final String FAULTS = "faults";

  /** Two runs with the faults that an option names. */
  static final class TwoRuns implements ChildJvm.Question {
    TwoRuns() {}

    @Override
    public List<String> breaches(Delegate delegate, Map<String, String> options) {
      Delegate faulty = FaultOptions.parse(options.getOrDefault(FAULTS, "")).around(delegate);
      try (Program file = Program.of(Cases.mixed());
          ModelMethod method =
              ModelMethod.load(
                  file,
                  "forward",
                  LoadOptions.defaults(),
                  Delegates.of(List.of(faulty), List.of()));
          Execution execution = method.newExecution()) {
        for (int run = 1; run <= 2; run++) {
          Numbers.run(execution, List.of(Cases.numbers(run, Cases.MIXED)));
          System.out.println("run " + run + " ended");
        }
      }
      return List.of();
    }
  }

  @ParameterizedTest
  @CsvSource({"halts-run=2, ended with 137", "segfaults-run=2, SIGSEGV"})
  void theProcessDiesInTheSecondRun(String faults, String how) {
    AssertionError e =
        assertThrows(
            AssertionError.class,
            () ->
                ChildJvm.ask(
                    TwoRuns.class,
                    PureJavaDelegate.class,
                    List.of(Map.of(FAULTS, PureJavaDelegate.NAME + ":" + faults))));
    assertTrue(e.getMessage().contains(how), e::getMessage);
    assertTrue(e.getMessage().contains("run 1 ended"), e::getMessage);
  }
}
