package dev.baton.runtime.execute;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerPoolTest {
  private static final int TASKS = 50;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3})
  @Timeout(20)
  void stepsRunOnTheThreadsThatCouldBeStarted(int limit) {
    AtomicInteger asked = new AtomicInteger();
    try (WorkerPool pool =
        new WorkerPool(
            4,
            work ->
                new Thread(work) {
                  @Override
                  public void start() {
                    if (asked.getAndIncrement() >= limit) {
                      throw new OutOfMemoryError("unable to create native thread");
                    }
                    super.start();
                  }
                })) {
      AtomicIntegerArray runs = new AtomicIntegerArray(TASKS);
      pool.run(TASKS, (task, worker) -> runs.incrementAndGet(task));
      pool.run(TASKS, (task, worker) -> runs.incrementAndGet(task));
      for (int t = 0; t < TASKS; t++) {
        assertEquals(2, runs.get(t));
      }
      assertEquals(Math.min(limit + 1, 3), asked.get(), "no step asks again");
    }
  }
}
