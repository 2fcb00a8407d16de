package dev.baton.runtime.kernel;

/** Runs the parts of a step on several threads. */
public interface Parallel {
  /** Everything on the thread that calls. */
  Parallel SERIAL =
      new Parallel() {
        @Override
        public int threads() {
          return 1;
        }

        @Override
        public void run(int tasks, Task task) {
          for (int t = 0; t < tasks; t++) {
            task.run(t, 0);
          }
        }
      };

  /** A part of a step. Parts write different elements. */
  @FunctionalInterface
  interface Task {
    /**
     * @param task 0 … tasks − 1, in any order
     * @param worker 0 … threads − 1; no two tasks that run at once have the same
     */
    void run(int task, int worker);
  }

  /** Upper bound of the workers; at least 1. */
  int threads();

  /**
   * Runs all tasks and returns when they have ended. Allocates nothing.
   *
   * @throws RuntimeException what a task has thrown
   */
  void run(int tasks, Task task);
}
