package dev.baton.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.DoubleStream;
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

  /** The first number in each of three runs. */
  private static double[] firsts(Arena arena, Origin origin) {
    Graph.Builder builder = new Graph.Builder();
    Argument size = new Argument.Items(List.of(Argument.of(4)));
    TensorType type = TensorType.of(DType.FLOAT, 4);
    Node node =
        builder.node(
            Operators.get("aten::rand"), List.of(size, Argument.none()), List.of(type), origin);
    Operand out = new Operand(arena.allocate(16, 64), DType.FLOAT, type.shape());
    BoundNodeCall.Buffers buffers =
        new BoundNodeCall.Buffers() {
          @Override
          public Operand operand(Value value) {
            return out;
          }

          @Override
          public MemorySegment scratch(long bytes) {
            return arena.allocate(bytes);
          }

          @Override
          public void heap(long bytes) {}

          @Override
          public void resize(Value result, int... sizes) {
            throw new UnsupportedOperationException();
          }
        };
    Kernel kernel = Objects.requireNonNull(new ReferenceKernels().find("aten::rand"));
    Step step = kernel.bind(new BoundNodeCall(node, NodeCall.declaredTypes(), buffers));
    double[] firsts = new double[3];
    for (int run = 0; run < firsts.length; run++) {
      step.run();
      firsts[run] = Elements.of(out).getDouble(0);
    }
    return firsts;
  }

  @Test
  void eachInstructionAndEachRunHaveTheirOwnNumbers() {
    try (Arena arena = Arena.ofConfined()) {
      double[] one = firsts(arena, new Origin(1, "", -1));
      assertArrayEquals(one, firsts(arena, new Origin(1, "", -1)), "in another execution");
      double[] other = firsts(arena, new Origin(2, "", -1));
      assertEquals(
          6,
          DoubleStream.of(one[0], one[1], one[2], other[0], other[1], other[2]).distinct().count());
    }
  }

  /** Any of them would be one number for all runs if the load computed it. */
  @Test
  void allOfThemAreKnownToBeRandom() {
    for (String operator : Operators.names()) {
      if (operator.matches("aten::(rand|native_dropout).*")) {
        assertTrue(RandomNumbers.makes(operator), operator);
      }
    }
  }
}
