package dev.baton.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import java.lang.foreign.Arena;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Arguments that PyTorch refuses too, before anything is allocated for them. */
class RefusedArgumentsTest {
  private static void refused(String says, String operator, int[][] tensors, Object... rest) {
    try (Arena arena = Arena.ofConfined()) {
      Kernel kernel = Objects.requireNonNull(Kernels.reference().find(operator));
      KernelHarness harness = new KernelHarness(arena, operator, kernel);
      Object[] arguments = new Object[tensors.length + rest.length];
      for (int i = 0; i < tensors.length; i++) {
        arguments[i] =
            tensors[i] == null ? null : harness.tensor(DType.FLOAT, Shape.of(tensors[i]));
      }
      System.arraycopy(rest, 0, arguments, tensors.length, rest.length);
      var e = assertThrows(KernelException.class, () -> harness.run(arguments));
      assertTrue(e.getMessage().contains(says), e::getMessage);
    }
  }

  @Test
  void aRunningMeanWithoutAVariance() {
    refused(
        "without a running variance",
        "aten::native_batch_norm",
        new int[][] {{2, 3, 4}, null, null, {3}, null},
        false,
        0.1,
        1e-5);
  }
}
