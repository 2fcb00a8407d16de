package dev.baton.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Operators of random numbers: their ranges, since their values are nobody else's. */
class RandomKernelsTest {
  private static Operand run(Arena arena, String operator, Object... arguments) {
    Kernel kernel = new ReferenceKernels().find(operator);
    return new KernelHarness(arena, operator, kernel)
        .run(Arrays.asList(arguments))
        .results()
        .get(0);
  }

  private static long[] longs(Operand operand) {
    Elements elements = Elements.of(operand);
    return LongStream.range(0, operand.shape().numel()).map(elements::getLong).toArray();
  }

  @Test
  void aPermutationHasEachNumberOnce() {
    try (Arena arena = Arena.ofConfined()) {
      long[] numbers = longs(run(arena, "aten::randperm", 100));
      assertTrue(!Arrays.equals(numbers, LongStream.range(0, 100).toArray()), "is in order");
      Arrays.sort(numbers);
      assertTrue(Arrays.equals(numbers, LongStream.range(0, 100).toArray()));
      assertEquals(0, longs(run(arena, "aten::randperm", 0)).length);
    }
  }

  @Test
  void integersAreInTheirRange() {
    try (Arena arena = Arena.ofConfined()) {
      Operand low = run(arena, "aten::randint.low", -3, 4, List.of(20, 50));
      assertEquals(DType.INT64, low.dtype());
      var summary = Arrays.stream(longs(low)).summaryStatistics();
      assertEquals(-3, summary.getMin());
      assertEquals(3, summary.getMax());
      Operand self = new KernelHarness(arena, "aten::relu", null).tensor(DType.INT32, Shape.of(7));
      Operand like = run(arena, "aten::randint_like", self, 5);
      assertEquals(DType.INT32, like.dtype());
      assertEquals(self.shape(), like.shape());
      assertTrue(Arrays.stream(longs(like)).allMatch(i -> i >= 0 && i < 5));
      assertThrows(KernelException.class, () -> run(arena, "aten::randint", 0, List.of(2)));
    }
  }

  @Test
  void likeTakesShapeAndDtype() {
    try (Arena arena = Arena.ofConfined()) {
      Operand self =
          new KernelHarness(arena, "aten::relu", null).tensor(DType.DOUBLE, Shape.of(2, 3));
      for (String operator : List.of("aten::rand_like", "aten::randn_like")) {
        Operand like = run(arena, operator, self);
        assertEquals(self.dtype(), like.dtype());
        assertEquals(self.shape(), like.shape());
      }
    }
  }
}
