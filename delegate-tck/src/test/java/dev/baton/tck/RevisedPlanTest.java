package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.graph.DType;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.StateSnapshot;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.profile.LoadPhase;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Scalars that change from run to run, where plans take the new ones. */
@ExtendWith(NoLeaks.class)
final class RevisedPlanTest {
  private static final int ROWS = 100;
  private static final int KEPT = 2;

  /** Forward, back, the same again, and far. */
  private static final int[] JUMPS = {0, 1, 2, 3, 99, 3, 3, 2, 50, 0, 99, 1, 98, 2, 97, 3, 0};

  private static final LoadOptions OPTIONS =
      LoadOptions.defaults().withPolicy(FallbackPolicy.FALL_BACK).withPlansKept(KEPT);

  /** {@code sum = sum + x[pos] · pos; out = sum · 2 + pos}, with a position that is data. */
  private static byte[] program() {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot x = m.input(DType.FLOAT, ROWS, 2);
              Slot at = m.input(DType.INT64, 1);
              Slot sum = m.state(new float[] {1, 2}, 2);
              Slot pos = m.integerVariable(0);
              Slot row = m.tensor(DType.FLOAT, 2);
              Slot next = m.tensor(DType.FLOAT, 2);
              Slot twice = m.tensor(DType.FLOAT, 2);
              Slot out = m.tensor(DType.FLOAT, 2);
              m.kernelGiving("aten::_local_scalar_dense", pos, at);
              m.kernel("aten::select_copy.int_out", x, m.integer(0), pos, row);
              m.kernel("aten::add.out", sum, row, pos, next);
              m.kernelGiving("aten::copy_", sum, sum, next, m.bool(false));
              m.kernel("aten::mul.Scalar_out", sum, m.real(2), twice);
              m.kernel("aten::add.Scalar_out", twice, pos, m.integer(1), out);
              m.output(out);
            })
        .toBytes();
  }

  private static final class Expected {
    final float[] sum = {1, 2};

    float[] next(int pos) {
      for (int i = 0; i < 2; i++) {
        sum[i] += pos * (2f * pos + i);
      }
      return new float[] {2 * sum[0] + pos, 2 * sum[1] + pos};
    }
  }

  private static void setRows(Execution execution) {
    float[] x = new float[2 * ROWS];
    for (int i = 0; i < x.length; i++) {
      x[i] = i;
    }
    execution.setInput(0, Tensor.fromBlob(x, ROWS, 2));
  }

  private static void step(Execution execution, Expected expected, int pos) {
    execution.setInput(1, Tensor.fromBlob(new long[] {pos}, 1));
    execution.run();
    assertArrayEquals(expected.next(pos), Loading.output(execution), "position " + pos);
  }

  private static long plans(Execution execution) {
    return execution.profile().load().stream().filter(p -> p.kind() == LoadPhase.Kind.PLAN).count();
  }

  @Test
  void positionsThatJumpInJava() {
    try (ModelMethod method = Loading.load(program(), OPTIONS);
        Execution execution = method.newExecution()) {
      setRows(execution);
      Expected expected = new Expected();
      for (int pos : JUMPS) {
        step(execution, expected, pos);
      }
      long plans = plans(execution);
      assertTrue(plans < JUMPS.length / 2, "plans: " + plans);
    }
  }

  @Test
  void aPositionThatIsRefusedChangesNothing() {
    try (ModelMethod method = Loading.load(program(), OPTIONS);
        Execution execution = method.newExecution()) {
      setRows(execution);
      Expected expected = new Expected();
      for (int pos : JUMPS) {
        step(execution, expected, pos);
        execution.setInput(1, Tensor.fromBlob(new long[] {ROWS}, 1));
        var e = assertThrows(BatonException.class, execution::run);
        assertTrue(e.getMessage().contains("aten::select_copy"), e::toString);
      }
    }
  }

  @Test
  void aStateThatIsRestoredMeetsRevisedPlans() {
    try (ModelMethod method = Loading.load(program(), OPTIONS);
        Execution execution = method.newExecution()) {
      setRows(execution);
      Expected expected = new Expected();
      for (int pos = 0; pos < 5; pos++) {
        step(execution, expected, pos);
      }
      try (StateSnapshot state = execution.saveState()) {
        float[] sum = expected.sum.clone();
        for (int round = 0; round < 3; round++) {
          for (int pos : new int[] {70, 5, 71}) {
            step(execution, expected, pos);
          }
          execution.restoreState(state);
          System.arraycopy(sum, 0, expected.sum, 0, 2);
        }
      }
      execution.reset();
      step(execution, new Expected(), 9);
    }
  }

  /** What reads no position is the delegate's, bound again or not. */
  @Test
  void aDelegateBetweenReaders() {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.of(Faults.none().claiming(Claiming.operators(Sample.MUL)));
    try (ModelMethod method = Loading.load(program(), OPTIONS, delegate);
        Execution execution = method.newExecution()) {
      setRows(execution);
      Expected expected = new Expected();
      for (int pos : JUMPS) {
        step(execution, expected, pos);
      }
      assertEquals(List.of(), execution.fallenBack());
    }
    delegate.journal().assertAllClosed();
  }
}
