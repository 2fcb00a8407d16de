package dev.baton.benchmarks.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KernelProgramsTest {
  static Set<String> names() {
    return KernelPrograms.names();
  }

  /** With XNNPACK, and with the Java kernels that this process has. */
  @ParameterizedTest
  @MethodSource("names")
  void agreesWithReference(String name) {
    KernelProgram program = KernelPrograms.get(name);
    for (KernelRunner runner : KernelRunner.values()) {
      try (LoadedProgram loaded = runner.load(program, 2)) {
        loaded.checkAgreement();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void aResultThatDiffersFails(String name) {
    KernelProgram p = KernelPrograms.get(name);
    KernelProgram strict = new KernelProgram(p.pte(), p.inputs(), -1, p.unit(), p.work());
    try (LoadedProgram loaded = KernelRunner.VECTOR.load(strict, 1)) {
      assertThrows(IllegalStateException.class, loaded::checkAgreement);
    }
  }

  @Test
  void runnersTakeWhatTheyHaveKernelsFor() {
    KernelProgram linear = KernelPrograms.get("linear-197x192x768");
    assertTrue(KernelRunner.VECTOR.takes(linear), "vector kernels are in use in this test");
    assertTrue(KernelRunner.REFERENCE.takes(linear));
    assertEquals(2.0 * 197 * 192 * 768, linear.work());
  }
}
