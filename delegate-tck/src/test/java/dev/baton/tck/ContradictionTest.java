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
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Programs whose tables are sound and whose tensors contradict each other or their operators. */
@ExtendWith(NoLeaks.class)
class ContradictionTest {
  private static BatonException refused(byte[] pte, FaultInjectingDelegate delegate) {
    BatonException e =
        assertThrows(
            BatonException.class,
            () -> Loading.load(pte, LoadOptions.defaults(), delegate).close());
    assertEquals(
        0,
        delegate.journal().count(Moment.COMPILE),
        "no delegate compiles what does not fit together");
    return e;
  }

  private static FaultInjectingDelegate delegate() {
    return FaultInjectingDelegate.of(
        Faults.none()
            .claiming(Claiming.operators("aten::convolution", "aten::relu", "aten::add.Tensor")));
  }

  /** A filter for one input channel, applied to thousands: a library would read past its end. */
  @Test
  void aFilterThatDoesNotFitItsInput() {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 1, 6000, 1, 1);
                  Slot y = m.tensor(DType.FLOAT, 1, 64, 1, 1);
                  Slot filter = m.constant(new float[64], 64, 1, 1, 1);
                  m.kernel(
                      "aten::convolution.out",
                      x,
                      filter,
                      m.none(),
                      m.integers(1, 1),
                      m.integers(0, 0),
                      m.integers(1, 1),
                      m.bool(false),
                      m.integers(0, 0),
                      m.integer(1),
                      y);
                  m.output(y);
                })
            .toBytes();
    assertTrue(refused(pte, delegate()).getMessage().contains("aten::convolution"));
  }

  @Test
  void aResultOfAnotherShapeThanDeclared() {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 4);
                  Slot y = m.tensor(DType.FLOAT, 400);
                  m.kernel("aten::relu.out", x, y);
                  m.output(y);
                })
            .toBytes();
    BatonException e = refused(pte, delegate());
    assertTrue(
        e.getMessage().contains("aten::relu") && e.getMessage().contains("400"), e.getMessage());
  }

  @Test
  void aTensorThatNobodyWrote() {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 4);
                  Slot never = m.tensor(DType.FLOAT, 4);
                  Slot y = m.tensor(DType.FLOAT, 4);
                  m.kernel("aten::add.out", x, never, m.integer(1), y);
                  m.output(y);
                })
            .toBytes();
    assertTrue(refused(pte, delegate()).getMessage().contains("before anything is written"));
  }

  @Test
  void anOpaqueCallThatGivesNothingNew() {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 4);
                  Slot y = m.tensor(DType.FLOAT, 4);
                  m.kernel("aten::relu.out", x, y);
                  m.delegate("SomeBackend", new byte[32], List.of(x), List.of(y));
                  m.output(y);
                })
            .toBytes();
    assertTrue(refused(pte, delegate()).getMessage().contains("SomeBackend"));
  }

  /** {@code out = view of sum + x; sum = out}: the buffer is read through its view alone. */
  @Test
  void aBufferThatIsReadThroughAViewAlone() {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 4);
                  Slot sum = m.state(DType.FLOAT, 2, 2);
                  Slot view = m.tensorAt(sum, DType.FLOAT, 4);
                  Slot out = m.tensor(DType.FLOAT, 4);
                  m.kernel("aten::add.out", view, x, m.integer(1), out);
                  Slot square = m.tensorAt(out, DType.FLOAT, 2, 2);
                  m.kernelGiving("aten::copy_", sum, sum, square, m.bool(false));
                  m.output(out);
                })
            .toBytes();
    try (ModelMethod method = Loading.load(pte, LoadOptions.javaOnly());
        Execution execution = method.newExecution()) {
      for (int run = 1; run <= 3; run++) {
        assertArrayEquals(new float[] {run, run, run, run}, Loading.run(execution, 1, 1, 1, 1));
      }
    }
  }
}
