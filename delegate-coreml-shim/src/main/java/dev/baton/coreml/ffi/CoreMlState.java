package dev.baton.coreml.ffi;

import dev.baton.nativelib.NativeFunction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** State of one caller of a model. Used by one thread at a time. */
public final class CoreMlState implements AutoCloseable {
  private final CoreMlLibrary library;
  private final MemorySegment handle;
  private boolean closed;

  CoreMlState(CoreMlLibrary library, MemorySegment handle) {
    this.library = library;
    this.handle = handle;
  }

  MemorySegment handle() {
    if (closed) {
      throw new IllegalStateException("the state is closed");
    }
    return handle;
  }

  /** Copies one of the states out; the memory is as large as it. */
  public void read(String name, MemorySegment into) throws CoreMlException {
    copy(library.stateRead, name, into);
  }

  /** Copies one of the states in. */
  public void write(String name, MemorySegment from) throws CoreMlException {
    copy(library.stateWrite, name, from);
  }

  private void copy(NativeFunction function, String name, MemorySegment data)
      throws CoreMlException {
    MemorySegment state = handle();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(name);
      CoreMlLibrary.check(
          function, (h, e, n) -> (int) h.invokeExact(state, text, data, data.byteSize(), e, n));
    }
  }

  /** Closing again does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      CoreMlLibrary.release(library.stateFree, handle);
    }
  }
}
