package dev.baton.xnnpack.ffi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory for the values between nodes, shared by runtimes of which only one is in use at a time.
 * When one of them needs more, it moves, and the others have to be set up again: {@link XnnRuntime}
 * sees to that. Used by one thread at a time; closed after the runtimes.
 */
public final class XnnWorkspace implements AutoCloseable {
  private final XnnLibrary library;
  private final long address;
  private int moves;
  private boolean closed;

  public XnnWorkspace(XnnLibrary library) throws XnnException {
    this.library = library;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      library.call(XnnFunction.CREATE_WORKSPACE, h -> (int) h.invokeExact(out.address()));
      address = XnnLibrary.pointer(out);
    }
    XnnLibrary.LIVE.incrementAndGet();
  }

  /** Whether a version of the library can do this. */
  public static boolean isSupported(XnnLibrary library) {
    return library.has(XnnFunction.CREATE_WORKSPACE) && library.has(XnnFunction.RELEASE_WORKSPACE);
  }

  long address() {
    return address;
  }

  /** A number that changes when the memory may have moved. */
  int moves() {
    return moves;
  }

  void mayHaveMoved() {
    moves++;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Handles.delete(library, XnnFunction.RELEASE_WORKSPACE, address);
    }
  }
}
