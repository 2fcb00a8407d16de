package dev.baton.runtime.execute;

import dev.baton.runtime.kernel.Parallel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Threads for the steps of Java kernels of a model: the caller's and {@code threads − 1} of its
 * own, started when they are first needed. Serves one step at a time; a step that comes meanwhile
 * runs on its own thread alone, so that callers who run at once use no more threads than there are
 * callers and workers. Between steps workers wait, briefly awake and then asleep: a delegate's
 * threads have the processors for themselves.
 *
 * <p>A step and its workers meet at one number, the gate: which round it is, whether it is open,
 * and how many workers are inside. Opening it publishes the task. A worker enters while it is open;
 * the caller closes it when no task is left, and waits for those inside alone: a worker that the
 * system has not woken by then holds up nobody.
 *
 * <p>Each thread begins with a range of its own, the same part of the tasks in each step, so that
 * what it wrote in one step is in its caches in the next; when it has done them it takes from the
 * ends of the others'. Who computes what changes no result.
 */
public final class WorkerPool implements Parallel, AutoCloseable {
  /** How often a worker looks for work before it sleeps: some tens of microseconds. */
  private static final int SPINS = 2_000;

  /** The lowest bits of the gate: workers inside. */
  private static final long INSIDE = (1L << 16) - 1;

  private static final long OPEN = 1L << 16;
  private static final long ROUND = 1L << 17;

  /** Longs between two threads' ranges: two cache lines, which processors fetch together. */
  private static final int APART = 16;

  private final int threads;
  private final AtomicBoolean taken = new AtomicBoolean();
  private final AtomicLong gate = new AtomicLong();

  /** Tasks that are left to each thread, first and end as {@link #range}, cache lines apart. */
  private final AtomicLongArray ranges;

  private volatile boolean closed;
  private final ThreadFactory factory;
  private boolean started;
  private Worker[] workers = new Worker[0];
  private Thread caller = Thread.currentThread();
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
    this.ranges = new AtomicLongArray((threads + 1) * APART);
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
    task = work;
    failure = null;
    caller = Thread.currentThread();
    for (int t = 0; t < threads; t++) {
      int first = (int) ((long) count * t / threads);
      int end = (int) ((long) count * (t + 1) / threads);
      ranges.setPlain(at(t), range(first, end));
    }
    gate.addAndGet(ROUND + OPEN);
    for (Worker worker : workers) {
      if (worker.asleep) {
        LockSupport.unpark(worker.thread);
      }
    }
    work(work, 0);
    gate.addAndGet(-OPEN);
    for (int spins = 0; (gate.get() & INSIDE) != 0; spins++) {
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

  private void work(Task work, int worker) {
    try {
      for (int t = take(worker, false); t >= 0; t = take(worker, false)) {
        work.run(t, worker);
      }
      for (int other = 1; other < threads; other++) {
        int victim = (worker + other) % threads;
        for (int t = take(victim, true); t >= 0; t = take(victim, true)) {
          work.run(t, worker);
        }
      }
    } catch (RuntimeException | Error e) {
      failure = e;
      for (int t = 0; t < threads; t++) {
        ranges.set(at(t), 0);
      }
    }
  }

  /**
   * Takes a task of a thread's range: its owner from the front, others from the end; −1 if none is
   * left.
   */
  private int take(int thread, boolean fromEnd) {
    while (true) {
      long range = ranges.get(at(thread));
      int first = (int) (range >> 32);
      int end = (int) range;
      if (first >= end) {
        return -1;
      }
      long rest = fromEnd ? range(first, end - 1) : range(first + 1, end);
      if (ranges.compareAndSet(at(thread), range, rest)) {
        return fromEnd ? end - 1 : first;
      }
    }
  }

  private static int at(int thread) {
    return (thread + 1) * APART;
  }

  private static long range(int first, int end) {
    return (long) first << 32 | end;
  }

  private void start() {
    List<Worker> running = new ArrayList<>();
    try {
      while (running.size() < threads - 1) {
        Worker worker = new Worker(running.size() + 1);
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

    Worker(int index) {
      this.index = index;
      this.thread = factory.newThread(this);
      this.thread.setName("baton-kernels-" + index);
      this.thread.setDaemon(true);
    }

    @Override
    public void run() {
      long left = 0; // the round that was left last
      for (int spins = 0; !closed; spins++) {
        long seen = gate.get();
        if ((seen & OPEN) != 0 && seen / ROUND != left) {
          if (gate.compareAndSet(seen, seen + 1)) {
            Task work = task;
            if (work != null) {
              work(work, index);
            }
            left = seen / ROUND;
            spins = 0;
            if ((gate.decrementAndGet() & (INSIDE | OPEN)) == 0) {
              LockSupport.unpark(caller);
            }
          }
        } else if (spins < SPINS) {
          Thread.onSpinWait();
        } else {
          sleep(left);
        }
      }
    }

    /** Until there is a round that was not left, or the pool is closed; may end earlier. */
    private void sleep(long left) {
      asleep = true;
      long seen = gate.get();
      if (((seen & OPEN) == 0 || seen / ROUND == left) && !closed) {
        LockSupport.park(WorkerPool.this);
      }
      asleep = false;
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
