package dev.baton.runtime.lift;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.graph.Argument;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlainMovesTest {
  private final Graphs g = new Graphs();
  private final Value x = g.input(Graphs.floats(2, 6));

  private List<String> moves(Value result) {
    return Graphs.names(PlainMoves.apply(g.block(result)));
  }

  private Value select(long... rows) {
    return g.node(
        "aten::index_select", Graphs.floats(2, rows.length), x, Argument.of(1), g.constant(rows));
  }

  @Test
  void aCyclicShiftIsTwoSlices() {
    List<Node> nodes = PlainMoves.apply(g.block(select(4, 5, 0, 1, 2, 3))).graph().nodes();
    assertEquals(
        List.of("aten::slice_copy.Tensor", "aten::slice_copy.Tensor", "aten::cat"),
        nodes.stream().map(Node::name).toList());
    assertEquals(4, nodes.get(0).integer("start"));
    assertEquals(6, nodes.get(0).integer("end"));
    assertEquals(0, nodes.get(1).integer("start"));
    assertEquals(4, nodes.get(1).integer("end"));
  }

  @Test
  void everyRowInOrderIsTheTensor() {
    assertEquals(List.of(), moves(select(0, 1, 2, 3, 4, 5)));
  }

  @Test
  void scatteredRowsAndRowsOutsideAreLeft() {
    assertEquals(List.of("aten::index_select"), moves(select(5, 4, 3, 2, 1, 0)));
    assertEquals(List.of("aten::index_select"), moves(select(0, 6)));
    assertEquals(List.of("aten::index_select"), moves(select(-1, 0)));
  }

  private Value slice(int start, long end, int step, int size) {
    return g.node(
        "aten::slice_copy.Tensor",
        Graphs.floats(2, size),
        x,
        Argument.of(-1),
        Argument.of(start),
        Argument.of(end),
        Argument.of(step));
  }

  @Test
  void aStepThatDividesIsAColumn() {
    assertEquals(
        List.of("aten::view_copy", "aten::select_copy.int"), moves(slice(1, Long.MAX_VALUE, 2, 3)));
    assertEquals(List.of("aten::slice_copy.Tensor"), moves(slice(0, Long.MAX_VALUE, 4, 2)));
    assertEquals(List.of("aten::slice_copy.Tensor"), moves(slice(3, Long.MAX_VALUE, 3, 1)));
    assertEquals(List.of("aten::slice_copy.Tensor"), moves(slice(0, 4, 2, 2)));
  }

  @Test
  void aStridedCopyOfEverythingIsAView() {
    Value y =
        g.node(
            "aten::as_strided_copy",
            Graphs.floats(3, 4),
            x,
            Argument.ints(3, 4),
            Argument.ints(4, 1));
    assertEquals(List.of("aten::view_copy"), moves(y));
    Value z =
        g.node(
            "aten::as_strided_copy",
            Graphs.floats(4, 3),
            x,
            Argument.ints(4, 3),
            Argument.ints(1, 4));
    assertEquals(List.of("aten::as_strided_copy"), moves(z));
  }
}
