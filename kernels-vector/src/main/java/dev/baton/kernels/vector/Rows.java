package dev.baton.kernels.vector;

import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.Step;

/** A step that computes rows, each for itself. */
interface Rows {
  /** Computes a row. */
  void run(long row);

  /**
   * A step in parts of some rows.
   *
   * @param length elements of a row
   */
  static Step step(BoundCall call, long count, int length, Rows rows) {
    long part = Math.max(1, Chunks.SIZE / Math.max(length, 1));
    Parallel parallel = call.parallel();
    Parallel.Task task =
        (t, worker) -> {
          for (long r = t * part; r < Math.min(count, (t + 1) * part); r++) {
            rows.run(r);
          }
        };
    int tasks = Math.toIntExact(Math.ceilDiv(count, part));
    return () -> parallel.run(tasks, task);
  }
}
