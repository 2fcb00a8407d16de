package dev.baton.runtime.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.NodeCall;
import java.util.List;
import org.junit.jupiter.api.Test;

class NodeWorkTest {
  private final Graph.Builder builder = new Graph.Builder();

  private Value input(int... sizes) {
    return builder.input(TensorType.of(DType.FLOAT, sizes));
  }

  private NodeWork work(String name, TensorType result, Argument... arguments) {
    return NodeWork.of(
        builder.node(Operators.get(name), List.of(arguments), List.of(result), Origin.HOST),
        NodeCall.declaredTypes());
  }

  private static TensorType floats(int... sizes) {
    return TensorType.of(DType.FLOAT, sizes);
  }

  private NodeWork convolution(boolean transposed, int groups, Value x, Value w, TensorType y) {
    return work(
        "aten::convolution",
        y,
        x,
        w,
        Argument.None.NONE,
        Argument.ints(2, 2),
        Argument.ints(0, 0),
        Argument.ints(1, 1),
        Argument.of(transposed),
        Argument.ints(0, 0),
        Argument.of(groups));
  }

  @Test
  void aConvolutionMultipliesEachResultWithAFilter() {
    NodeWork work = convolution(false, 1, input(1, 3, 9, 9), input(8, 3, 3, 3), floats(1, 8, 4, 4));
    assertEquals(8 * 4 * 4 * 3 * 3 * 3, work.multiplyAdds());
    assertEquals(2 * work.multiplyAdds(), work.operations());
  }

  @Test
  void aDepthwiseConvolutionMultipliesEachResultWithOneChannel() {
    NodeWork work = convolution(false, 8, input(1, 8, 9, 9), input(8, 1, 3, 3), floats(1, 8, 4, 4));
    assertEquals(8 * 4 * 4 * 3 * 3, work.multiplyAdds());
  }

  @Test
  void aTransposedConvolutionMultipliesEachInputWithAFilter() {
    NodeWork work = convolution(true, 1, input(1, 3, 4, 4), input(3, 8, 2, 2), floats(1, 8, 8, 8));
    assertEquals(3 * 4 * 4 * 8 * 2 * 2, work.multiplyAdds());
  }

  @Test
  void productsOfMatrices() {
    assertEquals(
        5 * 6 * 7, work("aten::mm", floats(5, 7), input(5, 6), input(6, 7)).multiplyAdds());
    assertEquals(
        5 * 6 * 7,
        work(
                "aten::addmm",
                floats(5, 7),
                input(7),
                input(5, 6),
                input(6, 7),
                Argument.of(1),
                Argument.of(1))
            .multiplyAdds());
    assertEquals(
        2 * 5 * 6 * 7,
        work("aten::bmm", floats(2, 5, 7), input(2, 5, 6), input(2, 6, 7)).multiplyAdds());
    assertEquals(5 * 6, work("aten::mv", floats(5), input(5, 6), input(6)).multiplyAdds());
  }

  @Test
  void attentionMultipliesTwice() {
    NodeWork work =
        work(
            "aten::scaled_dot_product_attention",
            floats(2, 4, 10, 8),
            input(2, 4, 10, 16),
            input(2, 4, 12, 16),
            input(2, 4, 12, 8),
            Argument.None.NONE,
            Argument.of(0.0),
            Argument.of(false),
            Argument.None.NONE,
            Argument.of(false));
    assertEquals(2 * 4 * 10 * 12 * (16 + 8), work.multiplyAdds());
  }

  @Test
  void elementsAreOneOperationEachAndMovesNone() {
    Value x = input(5, 6);
    assertEquals(30, work("aten::relu", floats(5, 6), x).operations());
    NodeWork moved = work("aten::permute_copy", floats(6, 5), x, Argument.ints(1, 0));
    assertEquals(30, moved.elements());
    assertEquals(0, moved.operations());
  }
}
