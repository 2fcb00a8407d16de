package dev.baton.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.baton.runtime.kernel.Kernel;
import dev.baton.runtime.kernel.KernelGoldenTest;
import dev.baton.runtime.kernel.KernelGoldens;
import dev.baton.runtime.kernel.KernelHarness;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.Operand;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The vector kernels against PyTorch, with tensors that come in and with constants. */
class VectorGoldenTest {
  private static final VectorKernels VECTOR = new VectorKernels();
  private static final Kernels KERNELS = Kernels.of(List.of(VECTOR));

  static Stream<KernelGoldens.Case> goldens() {
    return KernelGoldens.all()
        .filter(c -> VECTOR.faster(c.operator()) != null && c.results() != null);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("goldens")
  void asPyTorch(KernelGoldens.Case golden) {
    Kernel kernel = KERNELS.find(golden.operator());
    assertNotNull(kernel);
    try (Arena arena = Arena.ofConfined()) {
      List<Object> arguments = new ArrayList<>();
      golden.arguments().forEach(a -> arguments.add(KernelGoldens.argument(arena, a)));
      KernelHarness harness = new KernelHarness(arena, golden.operator(), kernel);
      check(golden, harness.run(arguments).results(), arena);
      if (harness.canRunInPlace(arguments)) {
        check(golden, harness.runInPlace(arguments).results(), arena);
      }
    }
  }

  private static void check(KernelGoldens.Case golden, List<Operand> results, Arena arena) {
    for (int i = 0; i < results.size(); i++) {
      if (golden.results().get(i) == null) {
        continue; // undefined in PyTorch
      }
      Operand expected = KernelGoldens.tensor(arena, (Map<?, ?>) golden.results().get(i));
      KernelGoldenTest.check(expected, results.get(i), golden.tolerance());
    }
  }
}
