package dev.baton.xnnpack.ffi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Packed weights that the runtimes of one graph share. The first runtime fills it; {@link
 * #finish()} must follow before any runs; later runtimes pack into its spare room and find what is
 * there.
 */
public final class XnnWeightsCache implements AutoCloseable {
  static final int SOFT = 1;

  private final XnnLibrary library;
  private final long address;
  private boolean closed;

  /**
   * @param bytes about as many as the packed weights will take
   */
  public XnnWeightsCache(XnnLibrary library, long bytes) throws XnnException {
    this.library = library;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      library.call(
          XnnFunction.CREATE_WEIGHTS_CACHE, h -> (int) h.invokeExact(bytes, out.address()));
      address = XnnLibrary.pointer(out);
    }
    XnnLibrary.LIVE.incrementAndGet();
  }

  /** Whether a version of the library can do this. */
  public static boolean isSupported(XnnLibrary library) {
    return library.has(XnnFunction.CREATE_WEIGHTS_CACHE)
        && library.has(XnnFunction.FINALIZE_WEIGHTS_CACHE)
        && library.has(XnnFunction.DELETE_WEIGHTS_CACHE);
  }

  /** No new weights come. */
  public void finish() throws XnnException {
    library.call(XnnFunction.FINALIZE_WEIGHTS_CACHE, h -> (int) h.invokeExact(address, SOFT));
  }

  long address() {
    return address;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Handles.delete(library, XnnFunction.DELETE_WEIGHTS_CACHE, address);
    }
  }
}
