package dev.baton.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.runtime.kernel.Elements;
import dev.baton.runtime.kernel.Kernel;
import dev.baton.runtime.kernel.KernelHarness;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.Operand;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Sums of a million positive elements: rounding must not add up. */
class LongSumsTest {
  private static final Kernels VECTOR = Kernels.of(List.of(new VectorKernels()));
  private static final int N = 1_000_003;

  /** Relative: some dozen units in the last place. */
  private static final double TOLERANCE = 5e-6;

  /** Of elements 0.1 and 0.3 by turns, in a shape. */
  private static double run(String operator, int[] sizes, Object... arguments) {
    try (Arena arena = Arena.ofConfined()) {
      Shape shape = Shape.of(sizes);
      Operand x = new Operand(arena.allocate(shape.numel() * Float.BYTES, 64), DType.FLOAT, shape);
      for (long i = 0; i < shape.numel(); i++) {
        x.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, i % 2 == 0 ? 0.1f : 0.3f);
      }
      Object[] all = new Object[arguments.length + 1];
      all[0] = x;
      System.arraycopy(arguments, 0, all, 1, arguments.length);
      Kernel kernel = Objects.requireNonNull(VECTOR.find(operator));
      Operand result =
          new KernelHarness(arena, operator, kernel).run(Arrays.asList(all)).results().get(0);
      return Elements.of(result).getDouble(0);
    }
  }

  /** Sum of the elements' powers. */
  private static double power(int exponent) {
    return Math.pow(0.1f, exponent) * ((N + 1) / 2) + Math.pow(0.3f, exponent) * (N / 2);
  }

  private static void near(double expected, double actual) {
    near(expected, actual, TOLERANCE);
  }

  private static void near(double expected, double actual, double tolerance) {
    assertEquals(expected, actual, tolerance * expected);
  }

  @Test
  void alongRows() {
    int[] row = {N};
    near(power(1), run("aten::sum.dim_IntList", row, List.of(0), false, null));
    near(power(1) / N, run("aten::mean", row, (Object) null));
    near(Math.sqrt(power(2)), run("aten::linalg_vector_norm", row, 2, List.of(0), false, null));
    double mean = power(1) / N;
    near(power(2) / N - mean * mean, run("aten::var.correction", row, List.of(0), 0, false));
    near(mean, run("aten::_adaptive_avg_pool2d", new int[] {1, 1, N}, List.of(1, 1)));
  }

  /** Sums of 256 elements, one after the other. */
  @Test
  void alongColumns() {
    int[] column = {N, 2}; // whose first column has one of the elements only
    near(0.1f * (double) N, run("aten::sum.dim_IntList", column, List.of(0), false, null), 1e-4);
    near(
        0.1f * Math.sqrt(N),
        run("aten::linalg_vector_norm", column, 2, List.of(0), false, null),
        1e-4);
  }

  @Test
  void ofALayerNorm() {
    try (Arena arena = Arena.ofConfined()) {
      Shape shape = Shape.of(N);
      Operand[] x = new Operand[3];
      for (int i = 0; i < 3; i++) {
        x[i] = new Operand(arena.allocate(4L * N, 64), DType.FLOAT, shape);
      }
      for (long i = 0; i < N; i++) {
        x[0].data().setAtIndex(ValueLayout.JAVA_FLOAT, i, i % 2 == 0 ? 100.1f : 100.3f);
        x[1].data().setAtIndex(ValueLayout.JAVA_FLOAT, i, 1);
      }
      Kernel kernel = Objects.requireNonNull(VECTOR.find("aten::native_layer_norm"));
      Operand y =
          new KernelHarness(arena, "aten::native_layer_norm", kernel)
              .run(Arrays.asList(x[0], List.of(N), x[1], x[2], 1e-5))
              .results()
              .get(0);
      assertEquals(-1, Elements.of(y).getDouble(0), 1e-3);
      assertEquals(1, Elements.of(y).getDouble(1), 1e-3);
    }
  }
}
