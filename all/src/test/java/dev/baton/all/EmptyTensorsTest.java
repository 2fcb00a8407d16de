package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.delegate.Delegate;
import dev.baton.graph.DType;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.tck.NoLeaks;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Sizes that vary, down to 0, on XNNPACK, which writes no result of nothing. */
@ExtendWith(NoLeaks.class)
class EmptyTensorsTest {
  private static final int BOUND = 512;
  private static final int WIDTH = 256;

  /** Sum, mean and greatest of {@code x @ w} over [n, 256], with ones in w; the last over rows. */
  private static byte[] reductions() {
    float[] ones = new float[WIDTH * WIDTH];
    Arrays.fill(ones, 1);
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot x = m.dynamicInput(DType.FLOAT, BOUND, WIDTH);
              Slot product = m.dynamicTensor(DType.FLOAT, BOUND, WIDTH);
              Slot sum = m.tensor(DType.FLOAT, WIDTH);
              Slot mean = m.tensor(DType.FLOAT, WIDTH);
              Slot greatest = m.dynamicTensor(DType.FLOAT, BOUND);
              m.kernel("aten::mm.out", x, m.constant(ones, WIDTH, WIDTH), product);
              m.kernel(
                  "aten::sum.IntList_out", product, m.integers(0), m.bool(false), m.none(), sum);
              m.kernel("aten::mean.out", product, m.integers(0), m.bool(false), m.none(), mean);
              m.kernel("aten::amax.out", product, m.integers(1), m.bool(false), greatest);
              m.output(sum, mean, greatest);
            })
        .toBytes();
  }

  @Test
  void reductionsOfNothing() {
    Delegate xnnpack = Delegates.load().find("xnnpack");
    assumeTrue(xnnpack != null && xnnpack.availability().isAvailable());
    try (Program program = Program.of(reductions());
        ModelMethod method = ModelMethod.load(program, "forward", LoadOptions.defaults());
        Execution execution = method.newExecution()) {
      assertTrue(method.placement().counts().containsKey("xnnpack"), "XNNPACK takes it");
      for (int n : new int[] {3, 0, 3, 0, 1}) {
        float[] x = new float[n * WIDTH];
        Arrays.fill(x, 1);
        execution.setInput(0, Tensor.fromBlob(x, n, WIDTH));
        execution.run();
        assertAll(execution, 0, WIDTH, n * WIDTH);
        assertAll(execution, 1, WIDTH, n == 0 ? Float.NaN : WIDTH);
        assertAll(execution, 2, n, WIDTH);
      }
      assertEquals(List.of(), execution.fallenBack());
    }
  }

  private static void assertAll(Execution execution, int output, int count, float value) {
    float[] expected = new float[count];
    Arrays.fill(expected, value);
    assertArrayEquals(expected, execution.output(output).toTensor().getDataAsFloatArray());
  }
}
