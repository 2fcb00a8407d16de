package dev.baton.xnnpack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.Decline;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.SymbolType;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.graph.ValueType;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What is declined, and why. */
class ClaimTest {
  private static final TensorType MATRIX = TensorType.of(DType.FLOAT, 4, 6);

  /** One node, its results all used. */
  private static Optional<Decline.Kind> decline(
      String operator,
      Function<Graph.Builder, List<? extends Argument>> arguments,
      ValueType... results)
      throws DelegateException {
    Graph.Builder builder = new Graph.Builder();
    Node node =
        builder.node(
            Operators.get(operator), arguments.apply(builder), List.of(results), Origin.HOST);
    try (DelegateSession session = Rig.open()) {
      return Optional.ofNullable(
              Rig.claim(session, builder.build(node.results())).declined.get(node))
          .map(Decline::kind);
    }
  }

  private static void assertDeclines(
      Decline.Kind kind,
      String operator,
      Function<Graph.Builder, List<? extends Argument>> arguments,
      ValueType... results)
      throws DelegateException {
    assertEquals(Optional.of(kind), decline(operator, arguments, results));
  }

  private static TensorType dynamic(int... sizes) {
    return new TensorType(DType.FLOAT, dev.baton.graph.Shape.of(sizes), true);
  }

  @Test
  void kinds() throws DelegateException {
    TensorType longs = TensorType.of(DType.INT64, 4, 6);
    assertDeclines(Decline.Kind.OPERATOR, "aten::erf", b -> List.of(b.input(MATRIX)), MATRIX);
    assertDeclines(Decline.Kind.DTYPE, "aten::abs", b -> List.of(b.input(longs)), longs);
    TensorType big = TensorType.of(DType.FLOAT, 1, 1, 1, 1, 1, 1, 2);
    assertDeclines(Decline.Kind.SHAPE, "aten::abs", b -> List.of(b.input(big)), big);
    TensorType empty = TensorType.of(DType.FLOAT, 0, 3);
    assertDeclines(Decline.Kind.SHAPE, "aten::abs", b -> List.of(b.input(empty)), empty);
    assertDeclines(
        Decline.Kind.ARGUMENT,
        "aten::add.Tensor",
        b -> List.of(b.input(MATRIX), b.input(MATRIX), Argument.of(2)),
        MATRIX);
    assertDeclines(
        Decline.Kind.ARGUMENT,
        "aten::mul.Scalar",
        b -> List.of(b.input(MATRIX), b.input(SymbolType.DOUBLE)),
        MATRIX);
    assertDeclines(
        Decline.Kind.NOT_CONSTANT,
        "aten::linear",
        b -> List.of(b.input(MATRIX), b.input(MATRIX)),
        TensorType.of(DType.FLOAT, 4, 4));
    assertDeclines(
        Decline.Kind.ARGUMENT,
        "aten::_softmax",
        b -> List.of(b.input(MATRIX), Argument.of(0), Argument.of(false)),
        MATRIX);
    assertDeclines(
        Decline.Kind.ARGUMENT,
        "aten::constant_pad_nd",
        b -> List.of(b.input(MATRIX), Argument.ints(-1, 0)),
        TensorType.of(DType.FLOAT, 4, 5));
    assertDeclines(
        Decline.Kind.ARGUMENT,
        "aten::clamp",
        b -> List.of(b.input(MATRIX), Argument.of(2.0), Argument.of(1.0)),
        MATRIX);
  }

  @Test
  void indicesOfAMaximumAreNotTaken() throws DelegateException {
    TensorType image = TensorType.of(DType.FLOAT, 1, 2, 4, 4);
    TensorType half = TensorType.of(DType.FLOAT, 1, 2, 2, 2);
    assertDeclines(
        Decline.Kind.DTYPE,
        "aten::max_pool2d_with_indices",
        b -> List.of(b.input(image), Argument.ints(2, 2)),
        half,
        TensorType.of(DType.INT64, 1, 2, 2, 2));
  }

  @Test
  void oneSizeOfAViewMayVary() throws DelegateException {
    assertEquals(
        Optional.empty(),
        decline(
            "aten::view_copy",
            b ->
                List.of(
                    b.input(dynamic(4, 6)),
                    new Argument.Items(List.of(b.input(SymbolType.INT), Argument.of(3)))),
            dynamic(8, 3)));
    assertDeclines(
        Decline.Kind.DYNAMIC_SHAPE,
        "aten::view_copy",
        b ->
            List.of(
                b.input(dynamic(4, 6)),
                new Argument.Items(List.of(b.input(SymbolType.INT), b.input(SymbolType.INT)))),
        dynamic(8, 3));
  }

  @Test
  void batchNormGoesWithItsConvolution() throws DelegateException {
    try (Arena arena = Arena.ofConfined();
        DelegateSession session = Rig.open()) {
      Graph graph = Cases.build(Cases.named("convolution_batch_norm_relu"), arena, false).graph();
      Rig.Record record = Rig.claim(session, graph);
      assertEquals(3, record.taken.size());
      assertTrue(record.costs.get(graph.nodes().get(0)).nanos() > 0);
    }
  }

  @Test
  void aMoveTakesLittle() throws DelegateException {
    Graph.Builder builder = new Graph.Builder();
    Value x = builder.input(MATRIX);
    Node node =
        builder.node(
            Operators.get("aten::permute_copy"),
            List.of(x, Argument.ints(1, 0)),
            List.of(TensorType.of(DType.FLOAT, 6, 4)),
            Origin.HOST);
    try (DelegateSession session = Rig.open()) {
      Rig.Record record = Rig.claim(session, builder.build(node.results()));
      assertTrue(record.costs.get(node).isKnown());
      assertTrue(record.costs.get(node).nanos() < 1000);
    }
  }
}
