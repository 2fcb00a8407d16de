package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.CaseResult;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.LoadOptions;
import dev.baton.tck.NoLeaks;
import dev.baton.tck.conformance.Goldens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Stored programs of few operators against PyTorch: ExecuTorch's own operator suite, orders of
 * dimensions, types and shapes.
 */
@ExtendWith(NoLeaks.class)
class OperatorSuiteTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"portable, 500", "xnnpack, 150", "dim-orders, 200", "types, 250"})
  void asPyTorch(String suite, int atLeast) throws IOException {
    List<Path> cases = Goldens.unpack(suite, folder);
    assertTrue(cases.size() > atLeast, "cases: " + cases.size());
    assertEquals(List.of(), failures(cases, LoadOptions.javaOnly()), "in Java alone");
    assertEquals(List.of(), failures(cases, LoadOptions.defaults()), "with delegates");
  }

  private static List<String> failures(List<Path> cases, LoadOptions options) throws IOException {
    CaseRunner runner = new CaseRunner(Delegates.load(), options);
    List<String> failures = new ArrayList<>();
    for (Path at : cases) {
      try {
        CaseResult result = runner.run(ModelCase.read(at));
        if (!result.passed()) {
          failures.add(at.getFileName() + ": " + result.firstFailure());
        }
      } catch (RuntimeException e) {
        failures.add(at.getFileName() + ": " + e);
      }
    }
    return failures;
  }
}
