package dev.baton.runtime.execute;

import dev.baton.runtime.kernel.Parallel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Threads for the steps of Java kernels of a model: the caller's and {@code threads − 1} of its
 * own, started when they are first needed. Serves one step at a time; a step that comes meanwhile
 * runs on its own thread alone, so that callers who run at once use no more threads than there are
 * callers and workers. Between steps workers wait, briefly awake and then asleep: a delegate's
 * threads have the processors for themselves.
 *
 * <p>A step and its workers meet at two numbers. {@code round} is raised when there is work, which
 * publishes the task; {@code busy} counts the workers that have yet to leave it. Tasks are dealt
 * out by one counter, in any order: who computes what changes no result.
 */
public final class WorkerPool implements Parallel, AutoCloseable {
  /** How often a worker looks for work before it sleeps: some tens of microseconds. */
  private static final int SPINS = 2_000;

  private final int threads;
  private final AtomicBoolean taken = new AtomicBoolean();
  private final AtomicInteger round = new AtomicInteger();
  private final AtomicInteger busy = new AtomicInteger();
  private final AtomicInteger next = new AtomicInteger();
  private volatile boolean closed;
  private final ThreadFactory factory;
  private boolean started;
  private Worker[] workers = new Worker[0];
  private Thread caller = Thread.currentThread();
  private int tasks;
  private @Nullable Task task;
  private volatile @Nullable Throwable failure;

  /**
   * @param threads with the caller's
   */
  public WorkerPool(int threads) {
    this(threads, Thread::new);
  }

  WorkerPool(int threads, ThreadFactory factory) {
    this.threads = threads;
    this.factory = factory;
  }

  @Override
  public int threads() {
    return threads;
  }

  @Override
  public void run(int count, Task work) {
    if (threads == 1 || count < 2 || closed || !taken.compareAndSet(false, true)) {
      SERIAL.run(count, work);
      return;
    }
    try {
      share(count, work);
    } finally {
      taken.set(false);
    }
  }

  private void share(int count, Task work) {
    if (!started) {
      started = true;
      start();
    }
    tasks = count;
    task = work;
    failure = null;
    caller = Thread.currentThread();
    next.set(0);
    busy.set(workers.length);
    round.incrementAndGet();
    for (Worker worker : workers) {
      if (worker.asleep) {
        LockSupport.unpark(worker.thread);
      }
    }
    work(work, count, 0);
    for (int spins = 0; busy.get() != 0; spins++) {
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(this, 50_000);
      }
    }
    task = null;
    Throwable failed = failure;
    switch (failed) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(failed);
    }
  }

  private void work(Task work, int count, int worker) {
    try {
      for (int t = next.getAndIncrement(); t < count; t = next.getAndIncrement()) {
        work.run(t, worker);
      }
    } catch (RuntimeException | Error e) {
      next.set(count);
      failure = e;
    }
  }

  private void start() {
    List<Worker> running = new ArrayList<>();
    try {
      while (running.size() < threads - 1) {
        Worker worker = new Worker(running.size() + 1, round.get());
        worker.thread.start();
        running.add(worker);
      }
    } catch (OutOfMemoryError e) {
      // The system gives no more threads: those that there are share the work.
    }
    workers = running.toArray(Worker[]::new);
  }

  private final class Worker implements Runnable {
    final Thread thread;
    final int index;
    volatile boolean asleep;
    private int seen;

    Worker(int index, int seen) {
      this.index = index;
      this.seen = seen;
      this.thread = factory.newThread(this);
      this.thread.setName("baton-kernels-" + index);
      this.thread.setDaemon(true);
    }

    @Override
    public void run() {
      while (await()) {
        seen++;
        Task work = task;
        if (work != null) {
          work(work, tasks, index);
        }
        if (busy.decrementAndGet() == 0) {
          LockSupport.unpark(caller);
        }
      }
    }

    /** False if the pool is closed. */
    private boolean await() {
      for (int spins = 0; round.get() == seen; spins++) {
        if (closed) {
          return false;
        }
        if (spins < SPINS) {
          Thread.onSpinWait();
        } else {
          asleep = true;
          if (round.get() == seen && !closed) {
            LockSupport.park(WorkerPool.this);
          }
          asleep = false;
        }
      }
      return true;
    }
  }

  /** Ends the threads; no step may run. */
  @Override
  public void close() {
    closed = true;
    for (Worker worker : workers) {
      LockSupport.unpark(worker.thread);
    }
  }
}
