package dev.baton.runtime.lift;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.Kernel;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Step;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What a node may take of memory that is computed by the load. */
class EvaluationTest {
  private static final long BOUND = 1 << 20;

  private static int run(Consumer<BoundCall> asks) {
    Kernel kernel =
        new Kernel() {
          @Override
          public List<TensorType> infer(Call call) {
            return List.of(call.type("self"));
          }

          @Override
          public Step bind(BoundCall call) {
            asks.accept(call);
            return () -> {};
          }
        };
    Graph.Builder builder = new Graph.Builder();
    TensorType type = TensorType.of(DType.FLOAT, 2);
    Value input = builder.input(type);
    Node node =
        builder.node(Operators.get("aten::relu"), List.of(input), List.of(type), Origin.HOST);
    try (Arena arena = Arena.ofConfined()) {
      Operand operand = new Operand(arena.allocate(8, 64), DType.FLOAT, type.shape());
      return Evaluation.run(kernel, node, v -> operand, arena, BOUND).size();
    }
  }

  @Test
  void scratchAndArraysCountTogether() {
    assertEquals(1, run(call -> call.scratch(BOUND)));
    assertThrows(KernelException.class, () -> run(call -> call.scratch(BOUND + 1)));
    assertThrows(KernelException.class, () -> run(call -> call.doubles(BOUND)));
    assertThrows(
        KernelException.class,
        () ->
            run(call -> {
              call.scratch(BOUND - 8);
              call.doubles(2);
            }));
  }
}
