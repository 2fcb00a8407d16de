package dev.baton.runtime.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.BufferRequirements;
import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.SymbolType;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.KernelProvider;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Packer;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.ReferenceKernels;
import dev.baton.runtime.kernel.Step;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.placement.JavaUnits;
import dev.baton.runtime.placement.Unit;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** y = −(x + n): the scalar n is another in each call. */
class RevisionTest {
  private static final TensorType TYPE = TensorType.of(DType.FLOAT, 4);

  private final Kernels reference = Kernels.reference();
  private final Host host = new Host();

  private BoundPlan bind(Kernels kernels) throws Exception {
    Graph.Builder builder = new Graph.Builder();
    Value x = builder.input(TYPE);
    Value n = builder.input(SymbolType.INT);
    Value sum = node(builder, "aten::add.Scalar", x, n, Argument.of(1));
    Graph graph = builder.build(List.of(node(builder, "aten::neg", sum)));
    BlockPlan plan =
        BlockPlan.make(
            graph,
            JavaUnits.of(graph, graph.nodes(), kernels, e -> {}),
            List.of(
                new Variable(0, "x", Variable.Kind.INPUT, TYPE, null, null),
                new Variable(1, "n", Variable.Kind.INPUT, SymbolType.INT, null, null)),
            List.of(new Variable(2, "y", Variable.Kind.OUTPUT, TYPE, null, null)),
            Set.of(),
            host,
            kernels,
            1 << 20);
    return BoundPlan.bind(plan, host);
  }

  private static Value node(Graph.Builder builder, String operator, Argument... arguments) {
    return builder
        .node(Operators.get(operator), List.of(arguments), List.of(TYPE), Origin.HOST)
        .result();
  }

  private void assertResult(BoundPlan plan) {
    host.x.setAtIndex(ValueLayout.JAVA_FLOAT, 3, 0.5f);
    plan.run();
    assertEquals(-0.5f - host.n, host.y.getAtIndex(ValueLayout.JAVA_FLOAT, 3));
  }

  @Test
  void aReaderIsBoundAnew() throws Exception {
    BoundPlan plan = bind(reference);
    assertResult(plan);
    for (long n : new long[] {7, 8, 2, 2, -3, 7}) {
      host.n = n;
      assertTrue(plan.revise(host, reference));
      assertResult(plan);
    }
  }

  /** A joined step is not taken apart: it takes another plan, and this one is as it was. */
  @Test
  void aReaderInAJoinedStepTakesAnotherPlan() throws Exception {
    Kernels kernels = Kernels.of(List.of(new Joining(), new ReferenceKernels()));
    BoundPlan plan = bind(kernels);
    assertEquals(1, plan.stepCount());
    assertResult(plan);
    long before = host.n;
    host.n = 7;
    assertFalse(plan.revise(host, kernels));
    host.n = before;
    assertTrue(plan.revise(host, kernels), "the same scalars");
    assertResult(plan);
    host.n = 7;
    assertResult(bind(kernels));
  }

  /** Kernels whose sum absorbs the negation that follows. */
  private static final class Joining implements KernelProvider, FastKernel {
    @Override
    public String name() {
      return "joining";
    }

    @Override
    public @Nullable FastKernel faster(String operator) {
      return operator.equals("aten::add.Scalar") ? this : null;
    }

    @Override
    public boolean supports(Call call) {
      return true;
    }

    @Override
    public boolean absorbs(Call call, List<Call> before, Call next) {
      return next.node().name().equals("aten::neg");
    }

    @Override
    public Step bind(BoundCall call) {
      double n = call.number("other");
      MemorySegment from = call.input("self").data();
      MemorySegment to = call.output(0).data();
      return () -> {
        for (int i = 0; i < 4; i++) {
          float x = from.getAtIndex(ValueLayout.JAVA_FLOAT, i);
          to.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) -(x + n));
        }
      };
    }
  }

  private static final class Host implements BoundPlan.Host, BlockPlan.Inputs {
    final MemorySegment x = memory(TYPE.byteSize());
    final MemorySegment y = memory(TYPE.byteSize());
    long n = 1;

    private static MemorySegment memory(long bytes) {
      return Arena.ofAuto().allocate(Math.max(bytes, 1), 64).asSlice(0, bytes);
    }

    @Override
    public Shape shape(Variable variable) {
      return TYPE.shape();
    }

    @Override
    public Call.Number scalar(Variable variable) {
      return Call.Number.of(n);
    }

    @Override
    public String method() {
      return "forward";
    }

    @Override
    public MemorySegment variable(Variable variable, long bytes) {
      return (variable.index() == 0 ? x : y).asSlice(0, bytes);
    }

    @Override
    public Operand constant(Value value) {
      throw new AssertionError("there are no constants");
    }

    @Override
    public Operand constant(Value value, BufferRequirements requirements) {
      return constant(value);
    }

    @Override
    public MemorySegment arena(long bytes, int alignment) {
      return memory(bytes);
    }

    @Override
    public MemorySegment scratch(long bytes) {
      return memory(bytes);
    }

    @Override
    public void checkCancelled() {}

    @Override
    public Parallel parallel() {
      return Parallel.SERIAL;
    }

    @Override
    public MemorySegment packed(Value constant, Packer packer) {
      throw new AssertionError("there are no constants");
    }

    @Override
    public Step delegate(
        Unit.OnDelegate unit, NodeCall.Facts facts, List<Operand> inputs, List<Operand> outputs) {
      throw new AssertionError("there is no delegate");
    }

    @Override
    public void shape(Variable variable, Shape shape) {}

    @Override
    public void scalar(Variable variable, Call.Number number) {}
  }
}
