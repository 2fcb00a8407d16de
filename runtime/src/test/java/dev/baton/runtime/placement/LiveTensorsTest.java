package dev.baton.runtime.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.util.List;
import org.junit.jupiter.api.Test;

class LiveTensorsTest {
  private static final TensorType TEN = TensorType.of(DType.FLOAT, 10);

  private final Graph.Builder builder = new Graph.Builder();

  private Value node(String operator, TensorType type, Argument... arguments) {
    return builder
        .node(Operators.get(operator), List.of(arguments), List.of(type), Origin.HOST)
        .result();
  }

  private static long most(Graph graph) {
    return LiveTensors.mostBytes(graph.nodes(), graph.outputs());
  }

  @Test
  void ofAChainOneTensorLives() {
    Value x = builder.input(TEN);
    for (int i = 0; i < 5; i++) {
      x = node("aten::relu", TEN, x);
    }
    assertEquals(40, most(builder.build(List.of(x))));
  }

  @Test
  void whatIsUsedLaterStays() {
    Value x = builder.input(TEN);
    Value a = node("aten::relu", TEN, x);
    Value b = node("aten::neg", TEN, a);
    Value c = node("aten::abs", TEN, b);
    Value d = node("aten::mul.Tensor", TEN, c, a);
    assertEquals(80, most(builder.build(List.of(d, d))));
  }

  @Test
  void outputsStayAndVaryingOrUnusedResultsCountNothing() {
    Value x = builder.input(TEN);
    Value a = node("aten::relu", TEN, x);
    node("aten::exp", TEN, x);
    Value b = node("aten::neg", new TensorType(DType.FLOAT, Shape.of(1000), true), a);
    Value c = node("aten::abs", TEN, a);
    assertEquals(80, most(builder.build(List.of(a, b, c))));
  }
}
