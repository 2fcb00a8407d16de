package dev.baton.runtime.execute;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.CancelledException;
import dev.baton.runtime.kernel.Parallel;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
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
      Parallel parallel = new CancellableParallel(pool, control::check);
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
      Parallel parallel = new CancellableParallel(pool, control::check);
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

  /** Each inner task is its own outer task's, whatever other workers do meanwhile. */
  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  @Timeout(20)
  void aStepWithinATaskRunsOnItsThreadAlone(int threads) {
    int outer = 64;
    int inner = 50;
    AtomicIntegerArray runs = new AtomicIntegerArray(outer * inner);
    try (WorkerPool pool = new WorkerPool(threads)) {
      Parallel parallel = new CancellableParallel(pool, control::check);
      control.begin();
      for (int round = 1; round <= 20; round++) {
        parallel.run(
            outer,
            (o, worker) -> {
              Thread thread = Thread.currentThread();
              parallel.run(
                  inner,
                  (i, w) -> {
                    assertSame(thread, Thread.currentThread());
                    runs.incrementAndGet(o * inner + i);
                  });
            });
        for (int i = 0; i < runs.length(); i++) {
          assertEquals(round, runs.get(i));
        }
      }
    }
  }
}
