package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Graphs that were compiled together, on a device, which this keeps. Calls on a context and its
 * graphs are made one after the other, as the vendor asks.
 */
public final class QnnContext extends SharedHandle {
  private final QnnDevice device;
  private final long handle;
  private final ReentrantLock lock = new ReentrantLock();

  private QnnContext(QnnDevice device, long handle) {
    this.device = device;
    this.handle = handle;
    if (!device.retain()) {
      throw new IllegalStateException("the device is freed");
    }
  }

  /** An empty context, for graphs to be made in. */
  public static QnnContext create(QnnDevice device) throws QnnException {
    QnnLibrary library = device.library();
    return new QnnContext(
        device,
        library.create(
            BackendFunction.CONTEXT_CREATE,
            (h, out) -> (long) h.invokeExact(device.backend().handle(), device.handle(), 0L, out)));
  }

  /**
   * The context that a binary holds.
   *
   * @param binary native memory, not needed afterwards
   * @throws QnnException if the library refuses it
   */
  public static QnnContext of(QnnDevice device, MemorySegment binary) throws QnnException {
    QnnLibrary library = device.library();
    return new QnnContext(
        device,
        library.create(
            BackendFunction.CONTEXT_FROM_BINARY,
            (h, out) ->
                (long)
                    h.invokeExact(
                        device.backend().handle(),
                        device.handle(),
                        0L,
                        binary.address(),
                        binary.byteSize(),
                        out,
                        0L)));
  }

  public QnnDevice device() {
    return device;
  }

  QnnLibrary library() {
    return device.library();
  }

  ReentrantLock lock() {
    return lock;
  }

  long handle() {
    return handle;
  }

  /**
   * A graph by its name. Valid as long as the context.
   *
   * @throws QnnException if there is none by that name
   */
  public QnnGraph graph(String name) throws QnnException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(name);
      return new QnnGraph(
          this,
          library()
              .ask(
                  BackendFunction.GRAPH_RETRIEVE,
                  (h, out) -> (long) h.invokeExact(handle, text.address(), out)));
    }
  }

  /** The finalized graphs as a context binary, which another process can load. */
  public byte[] binary() throws QnnException {
    lock.lock();
    try (Arena arena = Arena.ofConfined()) {
      long size =
          library()
              .ask(
                  BackendFunction.CONTEXT_BINARY_SIZE,
                  (h, out) -> (long) h.invokeExact(handle, out));
      MemorySegment bytes = arena.allocate(size, 16);
      MemorySegment written = arena.allocate(JAVA_LONG);
      library()
          .call(
              BackendFunction.CONTEXT_BINARY,
              h -> (long) h.invokeExact(handle, bytes.address(), size, written.address()));
      return bytes
          .asSlice(0, written.get(JAVA_LONG, 0))
          .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    } finally {
      lock.unlock();
    }
  }

  @Override
  void free() {
    library().free(BackendFunction.CONTEXT_FREE, h -> (long) h.invokeExact(handle, 0L));
    device.close();
  }
}
