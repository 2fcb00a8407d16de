package dev.baton.runtime.execute;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.CancelledException;
import dev.baton.runtime.kernel.Parallel;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CancellableParallelTest {
  private static final int TASKS = 1_000_000;

  private final RunControl control = new RunControl();

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  @Timeout(20)
  void aStepEndsBetweenTwoTasksWhenTheRunIsCancelled(int threads) {
    AtomicInteger runs = new AtomicInteger();
    try (WorkerPool pool = new WorkerPool(threads)) {
      Parallel parallel = new CancellableParallel(pool, control);
      control.begin();
      assertThrows(
          CancelledException.class,
          () ->
              parallel.run(
                  TASKS,
                  (task, worker) -> {
                    if (runs.incrementAndGet() == 10) {
                      control.cancel();
                    }
                  }));
      assertTrue(runs.get() < TASKS, "tasks: " + runs);
      control.finish();

      runs.set(0);
      control.begin();
      parallel.run(100, (task, worker) -> runs.incrementAndGet());
      assertEquals(100, runs.get());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  @Timeout(20)
  void aDeadlineEndsAStep(int threads) {
    try (WorkerPool pool = new WorkerPool(threads)) {
      Parallel parallel = new CancellableParallel(pool, control);
      control.limit(Duration.ofMillis(20));
      control.begin();
      assertThrows(
          CancelledException.class,
          () ->
              parallel.run(
                  Integer.MAX_VALUE,
                  (task, worker) -> {
                    Thread.onSpinWait();
                  }));
    }
  }
}
