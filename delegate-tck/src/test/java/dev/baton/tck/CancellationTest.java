package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.BatonException;
import dev.baton.runtime.CancelledException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.NativeMemory;
import dev.baton.runtime.program.Program;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class CancellationTest {
  private static void load(LoadOptions options) {
    Delegates delegates = Delegates.of(List.of(new PureJavaDelegate()), List.of());
    try (Program program = Program.of(Sample.twoParts().pte());
        ModelMethod method = ModelMethod.load(program, "forward", options, delegates)) {
      assertEquals("forward", method.name());
    }
  }

  @Test
  void aCancelledLoadEndsWithNothingHeld() {
    var e =
        assertThrows(
            BatonException.class, () -> load(LoadOptions.defaults().withCancellation(() -> true)));
    assertTrue(e.getMessage().contains("cancelled"), e.getMessage());
    assertEquals(0, NativeMemory.liveBytes());
  }

  @Test
  void aLoadPastItsDeadlineEnds() {
    var e =
        assertThrows(
            BatonException.class,
            () -> load(LoadOptions.defaults().withDeadline(Duration.ofNanos(1))));
    assertTrue(e.getMessage().contains("deadline"), e.getMessage());
  }

  @Test
  void aRunThatHangsInADelegateEndsWhenItIsCancelled() throws Exception {
    try (ModelMethod method = hanging();
        Execution execution = method.newExecution();
        ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Future<?> run = threads.submit(() -> Loading.run(execution, Sample.input(1)));
      while (!run.isDone()) {
        execution.cancel(); // without effect until the run has begun
        Thread.sleep(1);
      }
      var e = assertThrows(ExecutionException.class, run::get);
      assertInstanceOf(CancelledException.class, e.getCause());
      assertEquals(List.of(), execution.fallenBack());
      assertRunsAgain(execution);
    }
  }

  @Test
  void aRunThatHangsInADelegateEndsAtItsDeadline() {
    try (ModelMethod method = hanging();
        Execution execution = method.newExecution()) {
      execution.setDeadline(Duration.ofMillis(20));
      var e = assertThrows(CancelledException.class, () -> Loading.run(execution, Sample.input(1)));
      assertTrue(e.getMessage().contains("deadline"), e.getMessage());
      execution.setDeadline(null);
      assertRunsAgain(execution);
    }
  }

  @Test
  void aCancellationWithoutARunConcernsNoLaterRun() {
    try (ModelMethod method =
            Loading.load(Sample.twoParts().pte(), LoadOptions.defaults(), new PureJavaDelegate());
        Execution execution = method.newExecution()) {
      execution.cancel();
      assertRunsAgain(execution);
    }
  }

  @Test
  void aDelegateThatGivesUpUnaskedHasFailed() {
    Faults faults =
        Faults.none()
            .failing(Moment.RUN, 1, new Failure.Throws(Failure.Thrown.CANCELLED_EXCEPTION));
    try (ModelMethod method =
            Loading.load(
                Sample.twoParts().pte(),
                LoadOptions.defaults().withPolicy(FallbackPolicy.FALL_BACK),
                FaultInjectingDelegate.of(faults));
        Execution execution = method.newExecution()) {
      assertRunsAgain(execution);
      assertFalse(execution.fallenBack().isEmpty());
    }
  }

  private static ModelMethod hanging() {
    return Loading.load(
        Sample.twoParts().pte(),
        LoadOptions.defaults(),
        FaultInjectingDelegate.of(Faults.none().failing(Moment.RUN, 1, Failure.hang())));
  }

  private static void assertRunsAgain(Execution execution) {
    float[] x = Sample.input(2);
    assertArrayEquals(Sample.twoParts().golden().apply(x), Loading.run(execution, x));
  }

  @Test
  void aLoadInTimeIsNotDisturbed() {
    load(LoadOptions.defaults().withDeadline(Duration.ofMinutes(10)).withCancellation(() -> false));
  }
}
