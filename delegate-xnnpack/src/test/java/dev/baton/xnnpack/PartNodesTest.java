package dev.baton.xnnpack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.xnnpack.ffi.XnnNode;
import dev.baton.xnnpack.ffi.XnnNode.BinaryOperator;
import dev.baton.xnnpack.ffi.XnnNode.Range;
import dev.baton.xnnpack.ffi.XnnNode.ReduceOperator;
import dev.baton.xnnpack.ffi.XnnNode.UnaryOperator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Each node is defined for a node of the subgraph of its own. */
class PartNodesTest {
  private static final XnnNode.Softmax SOFTMAX = new XnnNode.Softmax(0, 1);

  private static XnnNode unary(UnaryOperator operator, int input, int output) {
    return new XnnNode.Unary(operator, List.of(), input, output);
  }

  private static XnnNode reshape(int input, int output) {
    return new XnnNode.Reshape(new long[] {2, 3}, input, output);
  }

  private static List<List<Integer>> match(List<XnnNode> defined, String... names) {
    List<List<Integer>> purposes = IntStream.range(0, defined.size()).mapToObj(List::of).toList();
    return PartNodes.of(defined, purposes, List.of(names));
  }

  @Test
  void operatorsAreInTheOrderOfTheNodes() {
    assertEquals(
        List.of(List.of(0), List.of(1), List.of(2)),
        match(
            List.of(SOFTMAX, unary(UnaryOperator.TANH, 1, 2), reshape(2, 3)),
            "Softmax (NC, F32)",
            "TanH (NC)",
            "Static Reshape (NC)"));
  }

  @Test
  void aClampIsInTheOperatorBeforeIt() {
    assertEquals(
        List.of(List.of(0, 1), List.of(2)),
        match(
            List.of(SOFTMAX, unary(UnaryOperator.CLAMP, 1, 2), unary(UnaryOperator.ABS, 2, 3)),
            "Softmax (NC, F32)",
            "Abs (NC)"));
  }

  @Test
  void whatIsSquaredIsInTheMean() {
    assertEquals(
        List.of(List.of(0, 1)),
        match(
            List.of(
                unary(UnaryOperator.SQUARE, 0, 1),
                new XnnNode.Reduce(ReduceOperator.MEAN, new long[] {1}, 1, 2, 0)),
            "Mean Squared (ND)"));
  }

  @Test
  void reshapesInARowBecomeOne() {
    assertEquals(
        List.of(List.of(0, 1)),
        match(List.of(reshape(0, 1), reshape(1, 2)), "Static Reshape (NC)"));
  }

  @Test
  void oneOfTwoAlikeIsNotGuessed() {
    assertEquals(
        List.of(List.of(0), List.of(), List.of(3)),
        match(
            List.of(SOFTMAX, reshape(1, 2), reshape(1, 3), unary(UnaryOperator.ABS, 3, 4)),
            "Softmax (NC, F32)",
            "Static Reshape (NC)",
            "Abs (NC)"));
  }

  @Test
  void boundsOfASumAreAnOperatorOfTheirOwn() {
    assertEquals(
        List.of(List.of(0), List.of(0), List.of(1)),
        match(
            List.of(
                new XnnNode.Binary(BinaryOperator.ADD, new Range(0, 6), 0, 1, 2),
                new XnnNode.Softmax(2, 3)),
            "Add (ND)",
            "Clamp (NC)",
            "Softmax (NC, F32)"));
  }

  @Test
  void nothingIsKnownWhereAnOperatorIsOfNoNode() {
    assertEquals(List.of(), match(List.of(SOFTMAX), "Pack LH (X32)", "Softmax (NC, F32)"));
  }

  @Test
  void theVersionOf2024HasOneNameForAllUnaryOperators() {
    assertEquals(
        List.of(List.of(0), List.of(1)),
        match(
            List.of(unary(UnaryOperator.ABS, 0, 1), unary(UnaryOperator.TANH, 1, 2)),
            "Unary Elementwise (NC)",
            "Unary Elementwise (NC)"));
  }
}
