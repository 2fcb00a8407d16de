package dev.baton.runtime.lift;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecompositionTest {
  private final Graphs g = new Graphs();
  private final Value x = g.input(Graphs.floats(2, 3));

  private Value above(Value of, double bound) {
    return g.node("aten::gt.Scalar", Graphs.bools(2, 3), of, Argument.of(bound));
  }

  private Value where(Value condition, Value self, Value other) {
    return g.node("aten::where.self", Graphs.floats(2, 3), condition, self, other);
  }

  private Value times(Value of, Argument factor) {
    String name = factor instanceof Value ? "aten::mul.Tensor" : "aten::mul.Scalar";
    return g.node(name, Graphs.floats(2, 3), of, factor);
  }

  private Value slope() {
    return g.constant(new float[] {0.25f});
  }

  private List<Node> recomposed(Value result) {
    return Recomposition.apply(g.block(result)).graph().nodes();
  }

  @Test
  void aComparisonAndAProductAreALeakyRelu() {
    Node node = recomposed(where(above(x, 0), x, times(x, slope()))).getLast();
    assertEquals("aten::leaky_relu", node.name());
    assertEquals(0.25, node.number("negative_slope"));
  }

  @Test
  void theSlopeMayComeFirstOrBeALiteral() {
    Value first = g.node("aten::mul.Tensor", Graphs.floats(2, 3), slope(), x);
    assertEquals("aten::leaky_relu", recomposed(where(above(x, 0), x, first)).getLast().name());
    Graphs other = new Graphs();
    Value y = other.input(Graphs.floats(2, 3));
    Value positive = other.node("aten::gt.Scalar", Graphs.bools(2, 3), y, Argument.of(0.0));
    Value product = other.node("aten::mul.Scalar", Graphs.floats(2, 3), y, Argument.of(0.5));
    Value result = other.node("aten::where.self", Graphs.floats(2, 3), positive, y, product);
    Node node = Recomposition.apply(other.block(result)).graph().nodes().getLast();
    assertEquals("aten::leaky_relu", node.name());
    assertEquals(0.5, node.number("negative_slope"));
  }

  @Test
  void otherSelectionsAreLeft() {
    Value y = g.input(Graphs.floats(2, 3));
    for (Value result :
        List.of(
            where(above(x, 1), x, times(x, slope())),
            where(above(y, 0), x, times(x, slope())),
            where(above(x, 0), x, times(y, slope())),
            where(above(x, 0), y, times(x, slope())),
            where(above(x, 0), times(x, slope()), x),
            where(above(x, 0), x, times(x, g.constant(new float[] {1, 2}, 2, 1))))) {
      List<Node> nodes = Recomposition.apply(g.block(result)).graph().nodes();
      assertEquals("aten::where.self", nodes.getLast().name());
    }
  }

  @Test
  void slopesOfChannelsAreAPrelu() {
    Value x4 = g.input(Graphs.floats(2, 3, 3));
    for (int[] sizes : new int[][] {{3, 1}, {1, 3, 1}, {3}, {1, 1, 3}}) {
      Value slopes = g.constant(new float[] {1, 2, 3}, sizes);
      Value positive = g.node("aten::gt.Scalar", Graphs.bools(2, 3, 3), x4, Argument.of(0.0));
      Value product = g.node("aten::mul.Tensor", Graphs.floats(2, 3, 3), slopes, x4);
      Value result = g.node("aten::where.self", Graphs.floats(2, 3, 3), positive, x4, product);
      boolean channels = sizes.length > 1 && sizes[sizes.length - 2] == 3;
      assertEquals(
          channels ? "aten::_prelu_kernel" : "aten::where.self",
          recomposed(result).getLast().name());
    }
  }

  private List<Value> extreme(String name) {
    return g.builder
        .node(
            Operators.get(name),
            List.of(x, Argument.of(-1), Argument.of(true)),
            List.of(Graphs.floats(2, 1), TensorType.of(DType.INT64, 2, 1)),
            Origin.HOST)
        .results();
  }

  @Test
  void anExtremeWithoutItsIndicesIsAReduction() {
    for (String name : List.of("max", "min")) {
      Value most = extreme("aten::" + name + ".dim").get(0);
      Node node = Recomposition.apply(g.block(most)).graph().nodes().getLast();
      assertEquals("aten::a" + name, node.name());
      assertArrayEquals(new long[] {-1}, node.integers("dim"));
      assertTrue(node.bool("keepdim"));
    }
  }

  @Test
  void indicesThatAreTakenKeepTheOperator() {
    List<Value> both = extreme("aten::max.dim");
    assertEquals(
        List.of("aten::max.dim"),
        Graphs.names(Recomposition.apply(g.block(both.get(0), both.get(1)))));
  }
}
