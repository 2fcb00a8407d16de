package dev.baton.xnnpack.ffi;

/**
 * Threads that runs share. Runs of several callers take turns in it. Closed after the runtimes that
 * use it.
 */
public final class XnnThreadPool implements AutoCloseable {
  private final XnnLibrary library;
  private final long address;
  private boolean closed;

  /**
   * @param threads 2 or more, the caller's included
   * @throws XnnException if the threads cannot be started
   */
  public XnnThreadPool(XnnLibrary library, int threads) throws XnnException {
    this.library = library;
    try {
      address = (long) library.handle(XnnFunction.CREATE_THREAD_POOL).invokeExact((long) threads);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    if (address == 0) {
      throw new XnnException(
          XnnFunction.CREATE_THREAD_POOL, XnnException.Status.OUT_OF_MEMORY.ordinal());
    }
    XnnLibrary.LIVE.incrementAndGet();
  }

  /** Number of threads, the caller's included. */
  public int threads() {
    try {
      return (int) (long) library.handle(XnnFunction.GET_THREADS_COUNT).invokeExact(address);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  long address() {
    return address;
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      library.handle(XnnFunction.DESTROY_THREAD_POOL).invokeExact(address);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    } finally {
      XnnLibrary.LIVE.decrementAndGet();
    }
  }
}
