package dev.example.openvino;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.CaseResult;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.tck.NoLeaks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Operators that are claimed when a program is loaded, against PyTorch's own answers. */
@ExtendWith(NoLeaks.class)
class GoldensTest {
  static List<Path> cases() throws IOException {
    List<Path> cases = ModelCase.find(Path.of("src/test/resources/cases"));
    assertEquals(7, cases.size());
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void computesWhatPyTorchDoes(Path folder) throws IOException {
    LoadOptions options =
        LoadOptions.defaults()
            .withDelegates(List.of("openvino"))
            .withPolicy(FallbackPolicy.FAIL)
            .withThreads(2);
    CaseResult result = new CaseRunner(Delegates.load(), options).run(ModelCase.read(folder));
    assertTrue(result.passed(), () -> folder + ": " + result.firstFailure());
    assertEquals(List.of(), result.fallenBack());
    List<String> left =
        result.placement().operators().stream()
            .filter(o -> !o.runner().equals("openvino"))
            .map(o -> o.name() + " " + o.declines())
            .toList();
    assertEquals(List.of(), left, folder::toString);
  }
}
