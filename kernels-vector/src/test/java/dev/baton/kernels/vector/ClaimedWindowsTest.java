package dev.baton.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.kernel.Kernel;
import dev.baton.runtime.kernel.KernelGoldens;
import dev.baton.runtime.kernel.KernelHarness;
import dev.baton.runtime.kernel.Kernels;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Strides, dilations and paddings are what a program says, and no extents. {@link VectorGoldenTest}
 * looks at what comes out.
 */
class ClaimedWindowsTest {
  private static final Kernels VECTOR = Kernels.of(List.of(new VectorKernels()));

  static Stream<KernelGoldens.Case> windows() {
    return KernelGoldens.of("compute-windows");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("windows")
  void scratchIsSmall(KernelGoldens.Case golden) {
    Kernel kernel = VECTOR.find(golden.operator());
    try (Arena arena = Arena.ofConfined()) {
      List<Object> arguments = new ArrayList<>();
      golden.arguments().forEach(a -> arguments.add(KernelGoldens.argument(arena, a)));
      KernelHarness harness = new KernelHarness(arena, golden.operator(), kernel);
      harness.run(arguments);
      assertTrue(harness.scratchBytes() < 1 << 20, harness.scratchBytes() + " bytes");
    }
  }
}
