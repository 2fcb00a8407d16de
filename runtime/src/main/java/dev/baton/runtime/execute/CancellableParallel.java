package dev.baton.runtime.execute;

import dev.baton.runtime.kernel.Parallel;
import org.jspecify.annotations.Nullable;

/**
 * Threads of one execution's runs: a step that is cut into tasks ends between two of them when the
 * run shall end. Steps run in turn, so that it remembers one; a step that a task begins runs on
 * that task's thread alone.
 */
final class CancellableParallel implements Parallel, Parallel.Task {
  private final Parallel threads;
  private final Runnable check;
  private volatile @Nullable Task step;

  /**
   * @param check throws if the run shall end; called before each task, by its thread
   */
  CancellableParallel(Parallel threads, Runnable check) {
    this.threads = threads;
    this.check = check;
  }

  @Override
  public int threads() {
    return threads.threads();
  }

  @Override
  public void run(int tasks, Task task) {
    if (tasks < 2 || step != null) {
      for (int t = 0; t < tasks; t++) {
        check.run();
        task.run(t, 0);
      }
      return;
    }
    step = task;
    try {
      threads.run(tasks, this);
    } finally {
      step = null;
    }
  }

  @Override
  public void run(int task, int worker) {
    check.run();
    Task running = step;
    if (running == null) {
      throw new IllegalStateException("no step runs");
    }
    running.run(task, worker);
  }
}
