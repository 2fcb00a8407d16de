package dev.baton.runtime.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.KernelProvider;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.ReferenceKernels;
import dev.baton.runtime.kernel.Step;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.placement.JavaUnits;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What lies where: each tensor here is 1 KiB, and inputs and outputs are not in the arena. */
class BlockPlanTest {
  private static final TensorType TYPE = TensorType.of(DType.FLOAT, 4, 64);

  private final Graph.Builder builder = new Graph.Builder();
  private final Value x = builder.input(TYPE);

  private Value apply(String operator, Argument... arguments) {
    return builder
        .node(Operators.get(operator), List.of(arguments), List.of(TYPE), Origin.HOST)
        .result();
  }

  private Value exp(Value value) {
    return apply("aten::exp", value);
  }

  private Value add(Value self, Value other) {
    return apply("aten::add.Tensor", self, other, Argument.of(1));
  }

  private Value batchNorm(Value value) {
    TensorType saved = TensorType.of(DType.FLOAT, 0);
    Value ones =
        builder.constant(
            Constant.of(MemorySegment.ofArray(new float[64]), TensorType.of(DType.FLOAT, 64)));
    return builder
        .node(
            Operators.get("aten::_native_batch_norm_legit_no_training"),
            List.of(value, ones, ones, ones, ones, Argument.of(0.1), Argument.of(1e-5)),
            List.of(TYPE, saved, saved),
            Origin.HOST)
        .result();
  }

  private BlockPlan plan(Kernels kernels, Value... results) throws Exception {
    Graph graph = builder.build(List.of(results));
    Variable in = new Variable(0, "in", Variable.Kind.INPUT, TYPE, null, null);
    List<Variable> out = new ArrayList<>();
    for (Value result : results) {
      int index = out.size() + 1;
      out.add(new Variable(index, "out", Variable.Kind.OUTPUT, result.type(), null, null));
    }
    BlockPlan.Inputs inputs =
        new BlockPlan.Inputs() {
          @Override
          public Shape shape(Variable variable) {
            return TYPE.shape();
          }

          @Override
          public Call.@Nullable Number scalar(Variable variable) {
            return null;
          }
        };
    return BlockPlan.make(
        graph,
        JavaUnits.of(graph, graph.nodes(), kernels),
        List.of(in),
        out,
        Set.of(),
        inputs,
        kernels,
        1 << 20);
  }

  private static Kernels reference() {
    return Kernels.of(List.of(new ReferenceKernels()));
  }

  @Test
  void aChainIsComputedInTheOutput() throws Exception {
    Value softmax = apply("aten::_softmax", exp(x), Argument.of(1), Argument.of(false));
    assertEquals(0, plan(reference(), exp(softmax)).arenaBytes());
  }

  /** Of its three results the two others are empty. */
  @Test
  void aBatchNormOverwritesItsInput() throws Exception {
    assertEquals(32, plan(reference(), exp(batchNorm(exp(x)))).arenaBytes());
  }

  @Test
  void whatIsNeededLaterIsNotOverwritten() throws Exception {
    Value a = exp(x);
    assertEquals(1024, plan(reference(), add(exp(a), a)).arenaBytes());
  }

  @Test
  void aTensorAddedToItselfIsNotOverwritten() throws Exception {
    Value a = exp(x);
    assertEquals(1024, plan(reference(), add(a, a)).arenaBytes());
  }

  @Test
  void aJoinedStepOverwritesItsOperand() throws Exception {
    Value a = apply("aten::neg", x);
    assertEquals(0, plan(joining(), exp(exp(a))).arenaBytes());
  }

  /** exp(a) + a as one step reads a twice: before it writes exp(a), and after. */
  @Test
  void anOperandThatAJoinedStepReadsAgainIsNotOverwritten() throws Exception {
    Value a = apply("aten::neg", x);
    assertEquals(1024, plan(joining(), add(exp(a), a)).arenaBytes());
  }

  /** The two empty results, which nobody takes, are nowhere. */
  @Test
  void anAbsorbedNodeMayHaveMoreResultsThatNobodyTakes() throws Exception {
    BlockPlan plan = plan(joining(), batchNorm(exp(x)));
    assertEquals(1, plan.units().size());
    assertEquals(0, plan.arenaBytes());
  }

  @Test
  void aNodeWhoseSecondResultIsTakenIsNotAbsorbed() throws Exception {
    Value norm = batchNorm(exp(x));
    Value saved = norm.producer().results().get(1);
    Value used =
        builder
            .node(
                Operators.get("aten::neg"),
                List.of(saved),
                List.of(saved.tensorType()),
                Origin.HOST)
            .result();
    BlockPlan plan = plan(joining(), norm, used);
    assertEquals(3, plan.units().size());
  }

  @Test
  void aNodeWhoseSecondResultIsAnOutputIsNotAbsorbed() throws Exception {
    Value norm = batchNorm(exp(x));
    assertEquals(2, plan(joining(), norm, norm.producer().results().get(1)).units().size());
  }

  /** Kernels whose exponential absorbs whatever follows. */
  private static Kernels joining() {
    FastKernel joining =
        new FastKernel() {
          @Override
          public boolean supports(Call call) {
            return true;
          }

          @Override
          public Step bind(BoundCall call) {
            return () -> {};
          }

          @Override
          public boolean absorbs(Call call, List<Call> before, Call next) {
            return true;
          }
        };
    return Kernels.of(
        List.of(
            new KernelProvider() {
              @Override
              public String name() {
                return "joining";
              }

              @Override
              public @Nullable FastKernel faster(String operator) {
                return operator.equals("aten::exp") ? joining : null;
              }
            },
            new ReferenceKernels()));
  }
}
