package dev.baton.runtime.shadow;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The one thread of a process that compares; it ends when there is nothing to do for a while. */
final class ShadowThread {
  private static final long IDLE_SECONDS = 10;

  private static final ThreadPoolExecutor THREAD =
      new ThreadPoolExecutor(
          0,
          1,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Thread.ofPlatform().daemon().name("baton-shadow").factory());

  private ShadowThread() {}

  /** False if it is busy. */
  static boolean offer(Runnable task) {
    try {
      THREAD.execute(task);
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  /** True if nothing would be gained by offering; it may be wrong a moment later. */
  static boolean isBusy() {
    return THREAD.getActiveCount() > 0;
  }
}
