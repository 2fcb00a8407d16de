package dev.baton.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Copies of operands in arrays are asked for, so that the bound on memory holds for them. */
class KernelArraysTest {
  private static final Object NONE = null;

  /** Numbers that a call copies; the arguments behind the shapes are the operator's other ones. */
  private static long arrays(String operator, List<Shape> tensors, Object... others) {
    try (Arena arena = Arena.ofConfined()) {
      KernelHarness harness =
          new KernelHarness(arena, operator, new ReferenceKernels().find(operator));
      List<Object> arguments = new ArrayList<>();
      for (Shape shape : tensors) {
        Operand tensor = harness.tensor(DType.FLOAT, shape);
        tensor.data().fill((byte) 0);
        arguments.add(tensor);
      }
      arguments.addAll(Arrays.asList(others));
      harness.run(arguments);
      return harness.arrays();
    }
  }

  @Test
  void attentionAsksForKeysValuesAndRows() {
    Shape query = Shape.of(1, 2, 3, 8);
    Shape key = Shape.of(1, 2, 50, 8);
    Shape value = Shape.of(1, 2, 50, 6);
    long expected = 50 * 8 + 50 * 6 + 8 + 50 + 6;
    assertEquals(
        expected, arrays("aten::scaled_dot_product_attention", List.of(query, key, value)));
  }

  @Test
  void normsAskForWeightsAndRows() {
    Shape input = Shape.of(2, 6, 5);
    List<Shape> only = List.of(input);
    assertEquals(
        3 * 30, arrays("aten::native_layer_norm", only, List.of(6L, 5L), NONE, NONE, 1e-5));
    assertEquals(
        2 * 6 + 10, arrays("aten::native_group_norm", only, NONE, NONE, 2L, 6L, 5L, 3L, 1e-5));
    assertEquals(
        4 * 6 + 5,
        arrays("aten::_native_batch_norm_legit.no_stats", only, NONE, NONE, true, 0.1, 1e-5));
    assertEquals(2 * 5, arrays("aten::rms_norm", only, List.of(5L)));
  }
}
