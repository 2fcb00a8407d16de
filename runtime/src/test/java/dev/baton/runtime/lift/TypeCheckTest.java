package dev.baton.runtime.lift;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.baton.graph.Graph;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.Kernels;
import java.util.List;
import org.junit.jupiter.api.Test;

class TypeCheckTest {
  private static final int BYTES = 4 * 6 * 100;
  private static final Kernels KERNELS = Kernels.reference();

  private static Graph relu(TensorType type) {
    Graphs g = new Graphs();
    Value x = g.input(type);
    return g.builder.build(List.of(g.node("aten::relu", type, x)));
  }

  @Test
  void aTensorHasNoMoreBytesThanTheBound() {
    Graph graph = relu(Graphs.floats(6, 100));
    assertDoesNotThrow(() -> TypeCheck.check("forward", graph, KERNELS, BYTES));
    var e =
        assertThrows(
            LiftException.class, () -> TypeCheck.check("forward", graph, KERNELS, BYTES - 1));
    assertEquals(
        "method 'forward', "
            + graph.nodes().getFirst()
            + " gives "
            + Graphs.floats(6, 100)
            + ", more than the bound of 2399 bytes; LoadOptions.withMaxMemoryBytes raises it",
        e.getMessage());
  }

  @Test
  void ofSizesThatVaryOnlyThoseOfACallCount() {
    Graph graph = relu(Graphs.varying(6, 100));
    assertDoesNotThrow(() -> TypeCheck.check("forward", graph, KERNELS, 8));
  }

  @Test
  void whatIsDeclaredIsWhatTheOperatorGives() {
    Graphs g = new Graphs();
    Value x = g.input(Graphs.floats(2, 3));
    Graph graph = g.builder.build(List.of(g.node("aten::relu", Graphs.floats(3, 2), x)));
    assertThrows(
        LiftException.class, () -> TypeCheck.check("forward", graph, KERNELS, Long.MAX_VALUE));
  }
}
