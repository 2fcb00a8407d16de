package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Label;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.graph.DType;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Branches and loops, in Java and on a delegate, with and without failures. */
@ExtendWith(NoLeaks.class)
final class ControlFlowTest {
  private static final LoadOptions FALL_BACK =
      LoadOptions.defaults().withPolicy(FallbackPolicy.FALL_BACK);

  /** {@code (flag ? 2x : x + x·10) · 3}, as the exporter writes {@code torch.cond}. */
  private static byte[] cond() {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot x = m.input(DType.FLOAT, 4);
              Slot flag = m.input(DType.BOOL);
              Slot one = m.tensor(DType.FLOAT, 4);
              Slot other = m.tensor(DType.FLOAT, 4);
              Slot chosen = m.tensor(DType.FLOAT, 4);
              Slot out = m.tensor(DType.FLOAT, 4);
              Label ifFalse = m.label();
              Label end = m.label();
              m.jumpIfFalse(flag, ifFalse);
              m.kernel("aten::mul.Scalar_out", x, m.real(2), one);
              m.move(one, chosen);
              m.jump(end);
              m.place(ifFalse);
              m.kernel("aten::mul.Scalar_out", x, m.real(10), other);
              m.kernel("aten::add.out", other, x, m.integer(1), other);
              m.move(other, chosen);
              m.place(end);
              m.kernel("aten::mul.Scalar_out", chosen, m.real(3), out);
              m.output(out);
            })
        .toBytes();
  }

  private static float[] golden(float[] x, boolean flag) {
    float[] y = new float[x.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = 3 * (flag ? 2 * x[i] : 10 * x[i] + x[i]);
    }
    return y;
  }

  private static void assertBothBranches(Execution execution) {
    for (int run = 0; run < 6; run++) {
      boolean flag = run % 3 == 0;
      float[] x = Sample.input(run);
      execution.setInput(1, Tensor.fromBlob(new boolean[] {flag}));
      assertArrayEquals(
          golden(x, flag), Loading.run(execution, x), 1e-5f, "run " + run + ", " + flag);
    }
  }

  @Test
  void bothBranchesInJava() {
    try (ModelMethod method = Loading.load(cond(), LoadOptions.javaOnly());
        Execution execution = method.newExecution()) {
      assertBothBranches(execution);
    }
  }

  @Test
  void bothBranchesOnADelegate() {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.of(
            Faults.none().named("d").claiming(Claiming.operators(Sample.MUL, Sample.ADD)));
    try (ModelMethod method = Loading.load(cond(), FALL_BACK, delegate);
        Execution execution = method.newExecution()) {
      assertEquals(3, method.placement().subgraphs().size(), "no subgraph crosses a jump");
      assertBothBranches(execution);
      assertEquals(java.util.List.of(), execution.fallenBack());
    }
    delegate.journal().assertAllClosed();
  }

  @Test
  void aBranchThatFailsGoesToJavaAndTheRestStays() {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.of(
            Faults.none()
                .named("d")
                .claiming(Claiming.operators(Sample.MUL, Sample.ADD))
                .with(new Fault(Moment.RUN, 2, 9, 1, Failure.partialOutput())));
    try (ModelMethod method = Loading.load(cond(), FALL_BACK, delegate);
        Execution execution = method.newExecution()) {
      assertBothBranches(execution);
      assertEquals(java.util.List.of("forward/d/1"), execution.fallenBack());
    }
    delegate.journal().assertAllClosed();
  }

  /** Doubles x until its counter says stop: {@code x · 2^n}. */
  private static byte[] loop(int rounds) {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot x = m.input(DType.FLOAT, 4);
              Slot y = m.tensor(DType.FLOAT, 4);
              Slot doubled = m.tensor(DType.FLOAT, 4);
              Slot counter = m.integerVariable(0);
              Slot done = m.bool(false);
              Label again = m.label();
              m.kernel("aten::clone.out", x, m.none(), y);
              m.place(again);
              m.kernel("aten::add.out", y, y, m.integer(1), doubled);
              m.kernel("aten::clone.out", doubled, m.none(), y);
              m.kernelGiving("executorch_prim::add.Scalar", counter, counter, m.integer(1));
              m.kernelGiving("executorch_prim::ge.Scalar", done, counter, m.integer(rounds));
              m.jumpIfFalse(done, again);
              m.output(y);
            })
        .toBytes();
  }

  @Test
  void aLoopRunsAsOftenAsItsCounterSays() {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.of(
            Faults.none()
                .claiming(Claiming.operators(Sample.ADD))
                .failing(Moment.RUN, 7, Failure.partialOutput()));
    try (ModelMethod method = Loading.load(loop(5), FALL_BACK, delegate);
        Execution execution = method.newExecution()) {
      for (int run = 0; run < 3; run++) {
        assertArrayEquals(
            new float[] {32, 64, 96, 128}, Loading.run(execution, new float[] {1, 2, 3, 4}));
      }
      assertEquals(1, execution.fallenBack().size());
    }
    delegate.journal().assertAllClosed();
  }

  @Test
  void aLoopWithoutEndIsEndedByTheBound() {
    byte[] endless =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 4);
                  Slot y = m.tensor(DType.FLOAT, 4);
                  Label again = m.label();
                  m.place(again);
                  m.kernel("aten::neg.out", x, y);
                  m.jump(again);
                  m.output(y);
                })
            .toBytes();
    try (ModelMethod method =
            Loading.load(endless, LoadOptions.javaOnly().withMaxInstructions(10_000));
        Execution execution = method.newExecution()) {
      BatonException e =
          assertThrows(
              BatonException.class, () -> Loading.run(execution, new float[] {1, 2, 3, 4}));
      assertTrue(e.getMessage().contains("withMaxInstructions"), e::getMessage);
    }
  }
}
