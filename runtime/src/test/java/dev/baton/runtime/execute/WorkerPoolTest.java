package dev.baton.runtime.execute;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerPoolTest {
  private static final int TASKS = 50;
  private static final int THREADS = 4;

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

  @Test
  @Timeout(20)
  void aTaskThatThrowsEndsItsRoundAlone() {
    try (WorkerPool pool = new WorkerPool(THREADS)) {
      for (int round = 0; round < 200; round++) {
        int failing = round % TASKS;
        var e =
            assertThrows(
                IllegalStateException.class,
                () ->
                    pool.run(
                        TASKS,
                        (task, worker) -> {
                          if (task == failing) {
                            throw new IllegalStateException("task " + task);
                          }
                        }));
        assertEquals("task " + failing, e.getMessage());
        assertEachRunsOnce(pool, TASKS);
      }
    }
  }

  private static void assertEachRunsOnce(WorkerPool pool, int count) {
    AtomicIntegerArray runs = new AtomicIntegerArray(count);
    pool.run(count, (task, worker) -> runs.incrementAndGet(task));
    for (int t = 0; t < count; t++) {
      assertEquals(1, runs.get(t), "task " + t + " of " + count);
    }
  }

  @Test
  @Timeout(60)
  void unevenTasksInManyRoundsRunOnceEach() {
    try (WorkerPool pool = new WorkerPool(THREADS)) {
      for (int round = 0; round < 3000; round++) {
        int count = 1 + round % (3 * THREADS); // fewer than threads too
        int heavy = round % count;
        AtomicIntegerArray runs = new AtomicIntegerArray(count);
        pool.run(
            count,
            (task, worker) -> {
              for (int i = 0; task == heavy && i < 2000; i++) {
                Thread.onSpinWait();
              }
              runs.incrementAndGet(task);
            });
        for (int t = 0; t < count; t++) {
          assertEquals(1, runs.get(t), "round " + round + ", task " + t);
        }
      }
    }
  }

  @Test
  @Timeout(20)
  void aCallerWhoComesMeanwhileRunsAlone() throws Exception {
    try (WorkerPool pool = new WorkerPool(THREADS)) {
      Set<Thread> others = ConcurrentHashMap.newKeySet();
      AtomicInteger own = new AtomicInteger();
      Thread other =
          new Thread(() -> pool.run(TASKS, (task, worker) -> others.add(Thread.currentThread())));
      pool.run(
          TASKS,
          (task, worker) -> {
            own.incrementAndGet();
            if (task == 0) {
              other.start();
              try {
                other.join(); // while this round is open
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            }
          });
      assertEquals(TASKS, own.get());
      assertEquals(Set.of(other), others);
    }
  }

  @Test
  @Timeout(20)
  void aThreadBeginsWithItsOwnPart() {
    try (WorkerPool pool = new WorkerPool(THREADS)) {
      AtomicIntegerArray firsts = new AtomicIntegerArray(THREADS);
      AtomicIntegerArray seen = new AtomicIntegerArray(THREADS);
      CountDownLatch all = new CountDownLatch(THREADS);
      pool.run(
          TASKS,
          (task, worker) -> {
            if (seen.getAndIncrement(worker) == 0) {
              firsts.set(worker, task);
              all.countDown();
              try {
                all.await(); // nobody takes of another's part before each has begun
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            }
          });
      for (int w = 0; w < THREADS; w++) {
        assertEquals(TASKS * w / THREADS, firsts.get(w), "thread " + w);
      }
    }
  }
}
