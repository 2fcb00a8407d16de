package dev.baton.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import dev.baton.graph.TensorType;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reference kernels against PyTorch. */
public class KernelGoldenTest {
  private final KernelProvider provider = new ReferenceKernels();

  static Stream<KernelGoldens.Case> goldens() {
    return KernelGoldens.all().filter(golden -> !golden.isScalar());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("goldens")
  void asPyTorch(KernelGoldens.Case golden) {
    Kernel kernel = provider.find(golden.operator());
    assertNotNull(kernel, "no kernel for " + golden.operator());
    try (Arena arena = Arena.ofConfined()) {
      KernelHarness harness = new KernelHarness(arena, golden.operator(), kernel);
      if (golden.results() == null) {
        assertThrows(KernelException.class, () -> harness.run(arguments(arena, golden)));
        return;
      }
      harness.withDeclared(types(golden, arena));
      List<Object> arguments = arguments(arena, golden);
      KernelHarness.Run run = harness.run(arguments);
      check(golden, run.results(), arena);
      if (run.view()) {
        Operand first = (Operand) arguments.get(0);
        assertEquals(-1, first.data().mismatch(run.results().get(0).data()), "is no view");
      }
      if (harness.canRunInPlace(arguments)) {
        check(golden, harness.runInPlace(arguments).results(), arena);
      }
    }
  }

  private static List<Object> arguments(Arena arena, KernelGoldens.Case golden) {
    List<Object> arguments = new ArrayList<>();
    golden.arguments().forEach(a -> arguments.add(KernelGoldens.argument(arena, a)));
    return arguments;
  }

  /** Types of the results; none if one is undefined. */
  private static List<TensorType> types(KernelGoldens.Case golden, Arena arena) {
    List<TensorType> types = new ArrayList<>();
    for (Object result : golden.results()) {
      if (result == null) {
        return List.of();
      }
      Operand expected = KernelGoldens.tensor(arena, (Map<?, ?>) result);
      types.add(new TensorType(expected.dtype(), expected.shape(), true));
    }
    return types;
  }

  private static void check(KernelGoldens.Case golden, List<Operand> results, Arena arena) {
    assertEquals(golden.results().size(), results.size(), "number of results");
    for (int i = 0; i < results.size(); i++) {
      if (golden.results().get(i) == null) {
        continue; // undefined in PyTorch
      }
      Map<?, ?> result = (Map<?, ?>) golden.results().get(i);
      Operand expected = KernelGoldens.tensor(arena, result);
      if (KernelGoldens.isUndefined(result)) {
        assertEquals(expected.dtype(), results.get(i).dtype(), "dtype");
        assertEquals(expected.shape(), results.get(i).shape(), "shape");
      } else {
        check(expected, results.get(i), golden.tolerance());
      }
    }
  }

  /** Fails if a result is not what is expected. */
  public static void check(Operand expected, Operand actual, double tolerance) {
    assertEquals(expected.dtype(), actual.dtype(), "dtype");
    assertEquals(expected.shape(), actual.shape(), "shape");
    double relative =
        Math.max(
            tolerance,
            switch (expected.dtype().part()) {
              case FLOAT -> 2e-6;
              case DOUBLE -> 1e-12;
              case HALF -> 1e-3;
              case BFLOAT16 -> 8e-3;
              default -> 0;
            });
    Elements e = Elements.parts(expected);
    Elements a = Elements.parts(actual);
    long n = expected.data().byteSize() / expected.dtype().part().byteSize();
    for (long i = 0; i < n; i++) {
      if (relative == 0) {
        assertEquals(e.getLong(i), a.getLong(i), "element " + i);
        continue;
      }
      double want = e.getDouble(i);
      double got = a.getDouble(i);
      // Beside the relative error, the one of a sum of terms near 1.
      double error = relative * (Math.abs(want) + 0.1);
      if (Double.compare(want, got) != 0 && want != got && !(Math.abs(want - got) <= error)) {
        fail("element " + i + ": " + got + ", expected " + want);
      }
    }
  }
}
