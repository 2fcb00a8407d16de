package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.cases.CaseResult;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.delegate.Availability;
import dev.baton.delegate.Delegate;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.kernel.KernelProvider;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.tck.NoLeaks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every case of the folder {@code models}, on XNNPACK and in Java alone, against ExecuTorch's own
 * answers.
 */
@ExtendWith(NoLeaks.class)
class GoldenCasesTest {
  /** Cases too small for XNNPACK to be worth entering. */
  private static final Set<String> JAVA_ONLY =
      Set.of(
          "add-portable",
          "bundled-state-portable.bpte",
          "cond-portable",
          "int8-conv1d-portable8",
          "map-portable");

  static List<Path> cases() throws IOException {
    List<Path> cases = ModelCase.find(Path.of(System.getProperty("baton.models")));
    assertTrue(cases.size() > 30, "cases are found");
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void javaAlone(Path folder) throws IOException {
    CaseResult result = run(folder, LoadOptions.javaOnly());
    assertTrue(result.passed(), () -> folder + ": " + result.firstFailure());
    assertEquals(Set.of(), delegates(result));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void xnnpack(Path folder) throws IOException {
    Delegate xnnpack = Delegates.load().find("xnnpack");
    assertTrue(xnnpack != null, "the delegate is on the class path");
    // No library is made for some platforms; everywhere else it must be there.
    assumeTrue(hasLibrary(xnnpack.availability()), () -> xnnpack.availability().toString());
    assertTrue(xnnpack.availability().isAvailable(), () -> xnnpack.availability().toString());
    CaseResult result = run(folder, LoadOptions.defaults());
    assertTrue(result.passed(), () -> folder + ": " + result.firstFailure());
    assertEquals(List.of(), result.fallenBack());
    if (!JAVA_ONLY.contains(folder.getFileName().toString())) {
      assertEquals(Set.of("xnnpack"), delegates(result), folder::toString);
    }
  }

  private static boolean hasLibrary(Availability availability) {
    return availability.isAvailable() || availability.reason() != Availability.Reason.PLATFORM;
  }

  private static CaseResult run(Path folder, LoadOptions options) throws IOException {
    return new CaseRunner(Delegates.load(), options).run(ModelCase.read(folder));
  }

  private static Set<String> delegates(CaseResult result) {
    Set<String> runners = new java.util.TreeSet<>(result.placement().counts().keySet());
    runners.removeAll(Set.of("reference", "vector", "plan"));
    return runners;
  }

  @Test
  void javaHasTheKernelsThatAreAskedFor() {
    List<String> providers = Kernels.load().providers().stream().map(KernelProvider::name).toList();
    assertEquals(
        "reference".equals(System.getProperty("baton.kernels"))
            ? List.of("reference")
            : List.of("vector", "reference"),
        providers);
  }
}
