package dev.baton.runtime.lift;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.graph.ValueType;
import dev.baton.runtime.kernel.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SimplifierTest {
  private static final String Q = "quantized_decomposed::";
  private static final Kernels KERNELS = Kernels.reference();

  private final Graph.Builder builder = new Graph.Builder();

  private List<Value> node(String name, List<? extends ValueType> types, Argument... arguments) {
    return builder.node(Operators.get(name), List.of(arguments), types, Origin.HOST).results();
  }

  private static TensorType type(DType dtype, int... sizes) {
    return TensorType.of(dtype, sizes);
  }

  private Value weights(byte[] data, int... sizes) {
    return builder.constant(
        Constant.of(MemorySegment.ofArray(data), TensorType.of(DType.INT8, sizes)));
  }

  private Value dequantizedChannels(Value weights, long axis, float... scales) {
    Value scale =
        builder.constant(
            Constant.of(MemorySegment.ofArray(scales), type(DType.FLOAT, scales.length)));
    return node(
            Q + "dequantize_per_channel",
            List.of(type(DType.FLOAT, weights.shape().sizes())),
            weights,
            scale,
            Argument.none(),
            Argument.of(axis),
            Argument.of(-127L),
            Argument.of(127L),
            Argument.of(DType.INT8))
        .get(0);
  }

  private Value relu(Value x) {
    return node("aten::relu", List.of(x.type()), x).get(0);
  }

  private Graph simplified(Arena arena, Value... results) {
    Block block =
        new Block(
            builder.build(List.of(results)), List.of(), List.of(), Map.of(), new Block.Return());
    return Simplifier.simplify(block, KERNELS, arena, Long.MAX_VALUE).graph();
  }

  private static List<Node> named(Graph graph, String name) {
    return graph.nodes().stream().filter(n -> n.name().equals(name)).toList();
  }

  @Test
  void eachUserOfADequantizedConstantHasItsOwnOperator() {
    try (Arena arena = Arena.ofConfined()) {
      Value w = dequantizedChannels(weights(new byte[] {1, 2}, 2, 1), 0, 1, 10);

      Graph graph = simplified(arena, relu(w), relu(w), w);

      List<Node> copies = named(graph, Q + "dequantize_per_channel");
      assertEquals(3, copies.size());
      copies.forEach(c -> assertTrue(graph.users(c.result()).size() <= 1));
    }
  }

  @Test
  void usersShareNoQuantizationThatIsChosenAtRunTime() {
    try (Arena arena = Arena.ofConfined()) {
      Value x = builder.input(type(DType.FLOAT, 2, 3));
      List<Value> chosen =
          node(
              Q + "choose_qparams_per_token_asymmetric",
              List.of(type(DType.DOUBLE, 2, 1), type(DType.INT64, 2, 1)),
              x,
              Argument.of(DType.INT8));
      Value quantized =
          node(
                  Q + "quantize_per_token",
                  List.of(type(DType.INT8, 2, 3)),
                  x,
                  chosen.get(0),
                  chosen.get(1),
                  Argument.of(-128L),
                  Argument.of(127L),
                  Argument.of(DType.INT8))
              .get(0);
      Value back =
          node(
                  Q + "dequantize_per_token",
                  List.of(type(DType.FLOAT, 2, 3)),
                  quantized,
                  chosen.get(0),
                  chosen.get(1),
                  Argument.of(-128L),
                  Argument.of(127L),
                  Argument.of(DType.INT8),
                  Argument.of(DType.FLOAT))
              .get(0);

      Graph graph = simplified(arena, relu(back), relu(back));

      List<Node> copies = named(graph, Q + "dequantize_per_token");
      assertEquals(2, copies.size());
      Node first = copies.get(0).tensor("input").producer();
      Node second = copies.get(1).tensor("input").producer();
      assertNotSame(first, second);
      assertEquals(2, named(graph, Q + "choose_qparams_per_token_asymmetric").size());
      assertEquals(first.tensor("scales"), copies.get(0).tensor("scales"));
      assertEquals(second.tensor("zero_points"), copies.get(1).tensor("zero_points"));
    }
  }

  @Test
  void weightsArePermutedAndViewedBeforeTheyAreDequantized() {
    try (Arena arena = Arena.ofConfined()) {
      Value w = dequantizedChannels(weights(new byte[] {1, 2, 3, 4, 5, 6}, 3, 2), 0, 1, 10, 100);
      Value permuted =
          node("aten::permute_copy", List.of(type(DType.FLOAT, 2, 3)), w, Argument.ints(1, 0))
              .get(0);
      Value viewed =
          node("aten::view_copy", List.of(type(DType.FLOAT, 1, 3, 2)), w, Argument.ints(1, 3, 2))
              .get(0);

      Graph graph = simplified(arena, relu(permuted), relu(viewed));

      assertTrue(named(graph, "aten::permute_copy").isEmpty());
      assertTrue(named(graph, "aten::view_copy").isEmpty());
      List<Node> copies = named(graph, Q + "dequantize_per_channel");
      assertEquals(2, copies.size());
      copies.forEach(c -> assertEquals(1, c.integer("axis")));
      LateConstants late = new LateConstants(KERNELS, arena, Long.MAX_VALUE);
      assertArrayEquals(new float[] {1, 30, 500, 2, 40, 600}, floats(late, copies.get(0).result()));
      assertArrayEquals(new float[] {1, 2, 30, 40, 500, 600}, floats(late, copies.get(1).result()));
    }
  }

  @Test
  void whatDependsOnDequantizedConstantsAloneIsComputedOnce() {
    try (Arena arena = Arena.ofConfined()) {
      Value w = dequantizedChannels(weights(new byte[] {1, -2}, 2, 1), 0, 1, 10);
      Value x = builder.input(type(DType.FLOAT, 2, 1));
      Value sum = node("aten::add.Tensor", List.of(x.type()), x, relu(w)).get(0);
      Graph graph = simplified(arena, sum);
      LateConstants late = new LateConstants(KERNELS, arena, Long.MAX_VALUE);

      Set<Value> found = late.among(graph.nodes());

      assertEquals(2, found.size());
      Value relu = named(graph, "aten::relu").get(0).result();
      assertArrayEquals(new float[] {1, 0}, floats(late, relu));
      assertEquals(late.operand(relu).data().address(), late.operand(relu).data().address());
      assertTrue(new LateConstants(KERNELS, arena, 7).among(graph.nodes()).isEmpty());
    }
  }

  @Test
  void whatIsSharedIsComputedOnce() {
    try (Arena arena = Arena.ofConfined()) {
      Value sum = relu(dequantizedChannels(weights(new byte[] {1, -2}, 2, 1), 0, 1, 10));
      for (int i = 0; i < 60; i++) { // twice as much work each time, were it done for each use
        sum = node("aten::add.Tensor", List.of(sum.type()), sum, sum).get(0);
      }
      Value x = builder.input(type(DType.FLOAT, 2, 1));
      Graph graph = simplified(arena, node("aten::add.Tensor", List.of(x.type()), x, sum).get(0));
      LateConstants late = new LateConstants(KERNELS, arena, Long.MAX_VALUE);

      Set<Value> found = late.among(graph.nodes());

      Value last = graph.nodes().getLast().tensor("other");
      assertTrue(found.contains(last));
      assertArrayEquals(new float[] {0x1p60f, 0}, floats(late, last));
    }
  }

  private static float[] floats(LateConstants late, Value value) {
    return late.operand(value).data().toArray(ValueLayout.JAVA_FLOAT);
  }
}
