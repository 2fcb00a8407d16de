package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.graph.DType;
import dev.baton.runtime.DelegateFailedException;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.StateSnapshot;
import dev.baton.runtime.Tensor;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Mutable buffers over runs that fail. */
@ExtendWith(NoLeaks.class)
final class StateTest {
  private static final String INDEX_PUT = "aten::index_put";
  private static final int ROWS = 5;
  private static final LoadOptions FALL_BACK =
      LoadOptions.defaults().withPolicy(FallbackPolicy.FALL_BACK);

  /** {@code cache[pos] = v; out = cache · 2}. */
  private static byte[] cacheProgram() {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot v = m.input(DType.FLOAT, 1, 2);
              Slot pos = m.input(DType.INT64, 1);
              Slot cache = m.state(DType.FLOAT, ROWS, 2);
              Slot out = m.tensor(DType.FLOAT, ROWS, 2);
              m.kernelGiving(
                  "aten::index_put_", cache, cache, m.optionalTensors(pos), v, m.bool(false));
              m.kernel("aten::mul.Scalar_out", cache, m.real(2), out);
              m.output(out);
            })
        .toBytes();
  }

  /** {@code sum = sum + x; out = sum · 2}, with a first content. */
  private static byte[] sumProgram() {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot x = m.input(DType.FLOAT, 4);
              Slot sum = m.state(new float[] {1, 2, 3, 4}, 4);
              Slot next = m.tensor(DType.FLOAT, 4);
              Slot out = m.tensor(DType.FLOAT, 4);
              m.kernel("aten::add.out", sum, x, m.integer(1), next);
              m.kernelGiving("aten::copy_", sum, sum, next, m.bool(false));
              m.kernel("aten::mul.Scalar_out", sum, m.real(2), out);
              m.output(out);
            })
        .toBytes();
  }

  private static void step(Execution execution, float[] golden, int pos) {
    float[] v = {pos + 0.5f, -pos};
    golden[2 * pos] = v[0];
    golden[2 * pos + 1] = v[1];
    execution.setInput(1, Tensor.fromBlob(new long[] {pos}, 1));
    float[] out = Loading.run(execution, v, 1, 2);
    for (int i = 0; i < out.length; i++) {
      assertEquals(2 * golden[i], out[i], "position " + pos + ", element " + i);
    }
  }

  @Test
  void aCacheKeepsItsContentInJava() {
    try (ModelMethod method = Loading.load(cacheProgram(), LoadOptions.javaOnly());
        Execution execution = method.newExecution()) {
      float[] golden = new float[2 * ROWS];
      for (int pos = 0; pos < ROWS; pos++) {
        step(execution, golden, pos);
      }
      execution.reset();
      step(execution, new float[2 * ROWS], 2);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void aCacheIsRightOverAFailingWrite(int failing) {
    // The delegate itself gives the cache's next content, and has written half of it when it fails.
    Faults faults =
        Faults.none()
            .claiming(Claiming.operators(INDEX_PUT))
            .failing(Moment.RUN, failing, Failure.partialOutput());
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults);
    try (ModelMethod method = Loading.load(cacheProgram(), FALL_BACK, delegate);
        Execution execution = method.newExecution()) {
      float[] golden = new float[2 * ROWS];
      for (int pos = 0; pos < ROWS; pos++) {
        step(execution, golden, pos);
      }
      assertEquals(1, execution.fallenBack().size());
    }
    delegate.journal().assertAllClosed();
  }

  @Test
  void aCacheIsRightWhereItsReaderFails() {
    Faults faults =
        Faults.none()
            .claiming(Claiming.operators(Sample.MUL))
            .failing(Moment.RUN, 3, Failure.runtimeException());
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults);
    try (ModelMethod method = Loading.load(cacheProgram(), FALL_BACK, delegate);
        Execution execution = method.newExecution()) {
      float[] golden = new float[2 * ROWS];
      for (int pos = 0; pos < ROWS; pos++) {
        step(execution, golden, pos);
      }
    }
    delegate.journal().assertAllClosed();
  }

  @ParameterizedTest
  @ValueSource(strings = {"aten::add.Tensor", "aten::mul.Scalar"})
  void aSumCountsEachRunOnceOverAFailure(String claimed) {
    Faults faults =
        Faults.none()
            .claiming(Claiming.operators(claimed))
            .failing(Moment.RUN, 2, Failure.partialOutput());
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults);
    try (ModelMethod method = Loading.load(sumProgram(), FALL_BACK, delegate);
        Execution execution = method.newExecution()) {
      float[] golden = {1, 2, 3, 4};
      for (int run = 1; run <= 4; run++) {
        float[] x = Sample.input(run);
        float[] out = new float[4];
        for (int i = 0; i < 4; i++) {
          golden[i] += x[i];
          out[i] = 2 * golden[i];
        }
        assertArrayEquals(out, Loading.run(execution, x), "run " + run);
      }
      execution.reset();
      assertArrayEquals(new float[] {2, 4, 6, 8}, Loading.run(execution, new float[4]));
    }
    delegate.journal().assertAllClosed();
  }

  @Test
  void afterAFailingRunWithoutFallbackAResetStartsOver() {
    Faults faults =
        Faults.none()
            .claiming(Claiming.operators(Sample.MUL))
            .failing(Moment.RUN, 1, Failure.delegateException());
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults);
    try (ModelMethod method =
            Loading.load(
                sumProgram(), LoadOptions.defaults().withPolicy(FallbackPolicy.FAIL), delegate);
        Execution execution = method.newExecution()) {
      assertThrows(
          DelegateFailedException.class, () -> Loading.run(execution, new float[] {1, 1, 1, 1}));
      execution.reset();
      assertArrayEquals(
          new float[] {4, 6, 8, 10}, Loading.run(execution, new float[] {1, 1, 1, 1}));
    }
    delegate.journal().assertAllClosed();
  }

  @Test
  void eachExecutionHasStateOfItsOwn() {
    try (ModelMethod method = Loading.load(sumProgram(), LoadOptions.javaOnly());
        Execution first = method.newExecution();
        Execution second = method.newExecution()) {
      Loading.run(first, new float[] {1, 1, 1, 1});
      assertArrayEquals(new float[] {6, 8, 10, 12}, Loading.run(first, new float[] {1, 1, 1, 1}));
      assertArrayEquals(new float[] {4, 6, 8, 10}, Loading.run(second, new float[] {1, 1, 1, 1}));
    }
  }

  // ---- copies

  private static final float[] ONES = {1, 1, 1, 1};

  @Test
  void aSnapshotBringsStateBackAsOftenAsWanted() {
    try (ModelMethod method = Loading.load(sumProgram(), LoadOptions.javaOnly());
        Execution first = method.newExecution();
        Execution second = method.newExecution()) {
      Loading.run(first, ONES);
      try (StateSnapshot snapshot = first.saveState()) {
        float[] next = Loading.run(first, ONES);
        assertArrayEquals(new float[] {6, 8, 10, 12}, next);
        Loading.run(first, ONES);
        first.restoreState(snapshot);
        second.restoreState(snapshot);
        assertArrayEquals(next, Loading.run(first, ONES));
        assertArrayEquals(next, Loading.run(second, ONES));
        first.reset();
        first.saveState(snapshot);
        second.restoreState(snapshot);
        assertArrayEquals(new float[] {4, 6, 8, 10}, Loading.run(second, ONES));
        assertEquals(4 * Float.BYTES, snapshot.byteSize());
      }
    }
  }

  @Test
  void aSnapshotUndoesARunThatFailed() {
    Faults faults =
        Faults.none()
            .claiming(Claiming.operators(Sample.MUL))
            .failing(Moment.RUN, 2, Failure.delegateException());
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults);
    try (ModelMethod method =
            Loading.load(
                sumProgram(), LoadOptions.defaults().withPolicy(FallbackPolicy.FAIL), delegate);
        Execution execution = method.newExecution()) {
      Loading.run(execution, ONES);
      try (StateSnapshot before = execution.saveState()) {
        assertThrows(DelegateFailedException.class, () -> Loading.run(execution, ONES));
        execution.restoreState(before);
        assertArrayEquals(new float[] {6, 8, 10, 12}, Loading.run(execution, ONES));
      }
    }
  }

  @Test
  void aSnapshotOutlivesItsExecutionAndNotItsClose() {
    try (ModelMethod method = Loading.load(sumProgram(), LoadOptions.javaOnly());
        ModelMethod again = Loading.load(sumProgram(), LoadOptions.javaOnly());
        Execution execution = method.newExecution();
        Execution other = again.newExecution()) {
      StateSnapshot snapshot;
      try (Execution first = method.newExecution()) {
        Loading.run(first, ONES);
        snapshot = first.saveState();
      }
      execution.restoreState(snapshot);
      assertArrayEquals(new float[] {6, 8, 10, 12}, Loading.run(execution, ONES));
      assertThrows(IllegalArgumentException.class, () -> other.restoreState(snapshot));
      snapshot.close();
      snapshot.close();
      assertThrows(IllegalStateException.class, () -> execution.restoreState(snapshot));
      assertThrows(IllegalStateException.class, () -> execution.saveState(snapshot));
    }
  }

  /** {@code x · 2 + runs}, by a payload that counts its runs. */
  private static byte[] countingProgram() {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot x = m.input(DType.FLOAT, 4);
              m.none();
              Slot y = m.tensor(DType.FLOAT, 4);
              m.delegate(
                  OpaquePayloadDelegate.PAYLOAD_ID,
                  OpaquePayloadDelegate.payload(2, 1, true),
                  List.of(x),
                  List.of(y));
              m.output(y);
            })
        .toBytes();
  }

  @Test
  void aDelegatesOwnStateIsCopiedToo() {
    try (ModelMethod method =
            Loading.load(countingProgram(), FALL_BACK, new OpaquePayloadDelegate());
        Execution first = method.newExecution();
        Execution second = method.newExecution();
        StateSnapshot unused = first.saveState()) {
      assertEquals(0, unused.byteSize());
      Loading.run(first, ONES);
      Loading.run(first, ONES);
      try (StateSnapshot snapshot = first.saveState()) {
        second.restoreState(snapshot); // before it has run
        assertEquals(5, Loading.run(second, ONES)[0]);
        assertEquals(6, Loading.run(second, ONES)[0]);
        second.restoreState(snapshot);
        assertEquals(5, Loading.run(second, ONES)[0]);
        assertEquals(5, Loading.run(first, ONES)[0]);
        second.restoreState(unused); // taken before the delegate had any
        assertEquals(3, Loading.run(second, ONES)[0]);
      }
    }
  }

  static Stream<Arguments> failuresOfCopies() {
    return Stream.of(Moment.SNAPSHOT, Moment.RESTORE)
        .flatMap(moment ->
            Stream.of(
                    Failure.delegateException(), Failure.runtimeException(), Failure.linkageError())
                .map(failure -> Arguments.of(moment, failure)));
  }

  @ParameterizedTest
  @MethodSource("failuresOfCopies")
  void aDelegateThatCannotCopyItsStateIsAnError(Moment moment, Failure failure) {
    Faults faults = Faults.none().failing(moment, 1, failure);
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.around(new OpaquePayloadDelegate(), faults);
    try (ModelMethod method = Loading.load(countingProgram(), FALL_BACK, delegate);
        Execution execution = method.newExecution()) {
      Loading.run(execution, ONES);
      DelegateFailedException e =
          assertThrows(
              DelegateFailedException.class,
              () -> {
                try (StateSnapshot snapshot = execution.saveState()) {
                  execution.restoreState(snapshot);
                }
              });
      assertEquals("opaque", e.delegate());
      assertTrue(e.getMessage().contains("'forward'"), e.getMessage());
      assertEquals(4, Loading.run(execution, ONES)[0]);
    }
    delegate.journal().assertAllClosed();
  }

  @Test
  void aStateIsNotCopiedWhileItRuns() throws Exception {
    Faults faults =
        Faults.none()
            .claiming(Claiming.operators(Sample.MUL))
            .failing(Moment.RUN, 1, Failure.slow(Duration.ofMillis(300)));
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults);
    try (ModelMethod method = Loading.load(sumProgram(), FALL_BACK, delegate);
        Execution execution = method.newExecution();
        StateSnapshot snapshot = execution.saveState()) {
      Thread runner = Thread.ofPlatform().start(() -> Loading.run(execution, ONES));
      while (delegate.journal().count(Moment.RUN) == 0) {
        Thread.onSpinWait();
      }
      assertThrows(IllegalStateException.class, () -> execution.restoreState(snapshot));
      runner.join();
      execution.restoreState(snapshot);
      assertArrayEquals(new float[] {4, 6, 8, 10}, Loading.run(execution, ONES));
    }
  }
}
