package dev.baton.xnnpack;

import dev.baton.xnnpack.ffi.XnnException;
import dev.baton.xnnpack.ffi.XnnLibrary;
import dev.baton.xnnpack.ffi.XnnThreadPool;
import java.util.concurrent.atomic.AtomicBoolean;

/** The threads of a session, which one run at a time takes. Safe for use by several threads. */
final class SharedPool implements AutoCloseable {
  private final XnnThreadPool threads;
  private final AtomicBoolean taken = new AtomicBoolean();

  SharedPool(XnnLibrary library, int threads) throws XnnException {
    this.threads = new XnnThreadPool(library, threads);
  }

  XnnThreadPool threads() {
    return threads;
  }

  /** True if nobody has the threads: the caller has them now, until {@link #release}. */
  boolean tryTake() {
    return taken.compareAndSet(false, true);
  }

  void release() {
    taken.set(false);
  }

  @Override
  public void close() {
    threads.close();
  }
}
