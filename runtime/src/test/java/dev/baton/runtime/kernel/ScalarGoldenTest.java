package dev.baton.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.Argument;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.SymbolType;
import dev.baton.graph.TensorType;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The arithmetic of sizes against ExecuTorch's definitions. */
class ScalarGoldenTest {
  @Test
  void asExecuTorch() {
    List<KernelGoldens.Case> goldens =
        KernelGoldens.all().filter(KernelGoldens.Case::isScalar).toList();
    for (KernelGoldens.Case golden : goldens) {
      Call call = call(golden);
      if (golden.results() == null) {
        assertThrows(KernelException.class, () -> ScalarOperators.evaluate(call), golden::name);
        continue;
      }
      Argument expected = argument(golden.results().get(0));
      assertEquals(expected, ScalarOperators.evaluate(call).toArgument(), golden::name);
    }
    assertTrue(goldens.size() > 500, "cases: " + goldens.size());
  }

  private static Argument argument(Object json) {
    try (Arena arena = Arena.ofConfined()) {
      return KernelHarness.argument(KernelGoldens.argument(arena, json), null);
    }
  }

  private static Call call(KernelGoldens.Case golden) {
    Graph.Builder builder = new Graph.Builder();
    List<Argument> arguments = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      for (Object json : golden.arguments()) {
        arguments.add(
            KernelHarness.argument(
                KernelGoldens.argument(arena, json),
                o -> builder.input(new TensorType(o.dtype(), o.shape(), false))));
      }
    }
    Node node =
        builder.node(
            Operators.get(golden.operator()), arguments, List.of(SymbolType.INT), Origin.HOST);
    return new NodeCall(node, NodeCall.declaredTypes());
  }
}
