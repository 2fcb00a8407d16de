package dev.baton.runtime.lift;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.Argument;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.SymbolType;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.util.List;
import org.junit.jupiter.api.Test;

class VaryingViewsTest {
  private static final String VIEW = "executorch_prim::et_view";
  private final Graphs g = new Graphs();

  private static Argument list(Argument... items) {
    return new Argument.Items(List.of(items));
  }

  private static Argument n(int number) {
    return Argument.of(number);
  }

  private static List<Node> nodes(Block block) {
    return VaryingViews.apply(block).graph().nodes();
  }

  @Test
  void anExpansionToItsOwnSizesGoes() {
    Value x = g.input(Graphs.varying(1, 9, 4));
    Value y = g.node("aten::relu", Graphs.varying(1, 9, 4), x);
    Value z =
        g.node(
            "aten::expand_copy",
            Graphs.varying(1, 9, 4),
            y,
            list(n(1), g.size(x, 1), g.size(x, 2)),
            Argument.of(false));
    assertEquals(List.of("aten::relu"), Graphs.names(VaryingViews.apply(g.block(z))));
  }

  @Test
  void anExpansionThatMayExpandStays() {
    Value x = g.input(Graphs.varying(2, 9));
    Value other = g.input(Graphs.varying(2, 9));
    Value z =
        g.node(
            "aten::expand_copy",
            Graphs.varying(2, 9),
            x,
            list(n(-1), g.size(other, 1)),
            Argument.of(false));
    assertTrue(Graphs.names(VaryingViews.apply(g.block(z))).contains("aten::expand_copy"));
  }

  @Test
  void oneSizeThatVariesIsInferred() {
    Value x = g.input(Graphs.varying(1, 9, 8));
    Value y = g.node("aten::linear", Graphs.varying(1, 9, 8), x, weight(), Argument.none());
    Value z = g.node(VIEW, Graphs.varying(1, 9, 2, 4), y, list(n(1), g.size(x, 1), n(-1), n(4)));
    Node view = nodes(g.block(z)).getLast();
    assertEquals(VIEW, view.name());
    assertEquals(
        List.of(1L, -1L, 2L, 4L), java.util.Arrays.stream(view.integers("size")).boxed().toList());
  }

  private Value weight() {
    return g.constant(new float[64], 8, 8);
  }

  /** x[n, s, 8] as [n, s, 2, 4]: only the last dim is divided. */
  @Test
  void aViewOfTwoSizesThatVaryNamesDims() {
    Value x = g.input(Graphs.varying(5, 9, 8));
    Value y = g.node("aten::linear", Graphs.varying(5, 9, 8), x, weight(), Argument.none());
    Value z =
        g.node(VIEW, Graphs.varying(5, 9, 2, 4), y, list(g.size(x, 0), g.size(x, 1), n(-1), n(4)));
    Node last = nodes(g.block(z)).getLast();
    assertEquals("aten::unflatten.int", last.name());
    assertEquals(2, last.integer("dim"));
    assertEquals(z.type(), last.result().type());
  }

  /** Sizes that are the same number at their most, but not the same: [s, 9] is not [9, s]. */
  @Test
  void equalBoundsAreNoEqualSizes() {
    TensorType square = Graphs.varying(9, 9);
    Value x = g.input(square);
    Value z = g.node(VIEW, square, x, list(g.size(x, 1), g.size(x, 0)));
    assertEquals(
        List.of(VIEW),
        Graphs.names(VaryingViews.apply(g.block(z))).stream().filter(VIEW::equals).toList());
  }

  @Test
  void dimsOfOneComeAndGo() {
    Value x = g.input(Graphs.varying(3, 9, 9));
    TensorType four = Graphs.varying(1, 3, 9, 9);
    Value a = g.node(VIEW, four, x, list(n(1), g.size(x, 0), g.size(x, 1), g.size(x, 2)));
    Value b =
        g.node(
            VIEW,
            Graphs.varying(3, 9, 9),
            g.node("aten::relu", four, a),
            list(g.size(x, 0), g.size(x, 1), g.size(x, 2)));
    assertEquals(
        List.of("aten::unsqueeze_copy", "aten::relu", "aten::squeeze_copy.dims"),
        Graphs.names(VaryingViews.apply(g.block(b))));
  }

  @Test
  void partsOfComputedSizesAreFollowed() {
    Value x = g.input(Graphs.varying(1, 9, 8));
    Value rest =
        g.builder
            .node(
                Operators.get("executorch_prim::sub.Scalar"),
                List.of(g.size(x, 1), n(1)),
                List.of(SymbolType.INT),
                Origin.HOST)
            .result();
    Value first =
        g.builder
            .node(
                Operators.get("aten::split_with_sizes_copy"),
                List.of(x, list(rest, n(1)), n(1)),
                List.of(Graphs.varying(1, 9, 8), Graphs.varying(1, 1, 8)),
                Origin.HOST)
            .result();
    Value z = g.node(VIEW, Graphs.varying(1, 9, 2, 4), first, list(n(1), rest, n(2), n(4)));
    assertEquals(VIEW, nodes(g.block(z)).getLast().name());
  }
}
