package dev.baton.runtime.execute;

import dev.baton.runtime.kernel.Parallel;
import org.jspecify.annotations.Nullable;

/**
 * Threads of one execution's runs: a step that is cut into tasks ends between two of them when the
 * run is cancelled or has passed its deadline. Steps run in turn, so that it remembers one.
 */
final class CancellableParallel implements Parallel, Parallel.Task {
  private final Parallel threads;
  private final RunControl control;
  private volatile @Nullable Task step;

  CancellableParallel(Parallel threads, RunControl control) {
    this.threads = threads;
    this.control = control;
  }

  @Override
  public int threads() {
    return threads.threads();
  }

  @Override
  public void run(int tasks, Task task) {
    Task outer = step;
    step = task;
    try {
      threads.run(tasks, this);
    } finally {
      step = outer;
    }
  }

  @Override
  public void run(int task, int worker) {
    control.check();
    Task running = step;
    if (running == null) {
      throw new IllegalStateException("no step runs");
    }
    running.run(task, worker);
  }
}
