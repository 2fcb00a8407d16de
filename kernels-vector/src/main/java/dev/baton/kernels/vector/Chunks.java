package dev.baton.kernels.vector;

import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.Step;

/** An elementwise step in parts that fit the first cache. */
interface Chunks {
  /** Elements of a part. */
  int SIZE = Caches.HOST.part();

  /** Computes {@code n} elements of the result from {@code at}. */
  void run(long at, int n);

  /** A step that computes the first result of a call. */
  static Step step(BoundCall call, Chunks chunks) {
    long count = call.output(0).shape().numel();
    int tasks = Math.toIntExact(Math.ceilDiv(count, (long) SIZE));
    Parallel parallel = call.parallel();
    Parallel.Task task =
        (t, worker) -> chunks.run((long) t * SIZE, (int) Math.min(SIZE, count - (long) t * SIZE));
    return () -> parallel.run(tasks, task);
  }
}
