package dev.baton.xnnpack.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * A runtime: what one caller at a time runs. {@link #reshape()} after sizes change, {@link
 * #setup()} after sizes or addresses change, then {@link #invoke()}. Used by one thread at a time,
 * not always the same.
 */
@SuppressWarnings("MustBeClosedChecker") // close() closes the arena
public final class XnnRuntime implements AutoCloseable {
  static final int MOST_DIMS = 6;

  /** {@code struct xnn_external_value}: a 32-bit id, padding, an address. */
  static final long EXTERNAL_VALUE_SIZE = 16;

  static final long EXTERNAL_VALUE_ADDRESS = 8;

  private final XnnLibrary library;
  private final Arena arena;
  private final MemorySegment externals;
  private final MemorySegment scratch;
  private final MethodHandle invoke;
  private final long externalCount;
  private long address;

  private XnnRuntime(XnnLibrary library, Arena arena, int externalCount) {
    this.library = library;
    this.arena = arena;
    this.externalCount = externalCount;
    this.externals = arena.allocate(Math.max(1, externalCount) * EXTERNAL_VALUE_SIZE, 8);
    this.scratch = arena.allocate(JAVA_LONG, MOST_DIMS + 1);
    this.invoke = library.handle(XnnFunction.INVOKE_RUNTIME);
    for (int id = 0; id < externalCount; id++) {
      externals.set(JAVA_INT, id * EXTERNAL_VALUE_SIZE, id);
    }
  }

  /**
   * Makes a runtime.
   *
   * @param cache where packed weights go; null to keep them in the runtime
   * @param pool threads of its runs; null for the caller's alone
   */
  public static XnnRuntime create(
      XnnLibrary library,
      XnnGraph graph,
      @Nullable XnnWeightsCache cache,
      @Nullable XnnThreadPool pool)
      throws XnnException {
    Arena arena = Arena.ofShared();
    XnnRuntime runtime = new XnnRuntime(library, arena, graph.externalCount());
    try (Arena temporary = Arena.ofConfined();
        XnnSubgraph subgraph = new XnnSubgraph(library, graph, temporary)) {
      MemorySegment out = temporary.allocate(JAVA_LONG);
      long weights = cache == null ? 0 : cache.address();
      long threads = pool == null ? 0 : pool.address();
      library.call(
          XnnFunction.CREATE_RUNTIME,
          h -> (int) h.invokeExact(subgraph.address(), weights, 0L, threads, 0, out.address()));
      runtime.address = XnnLibrary.pointer(out);
      XnnLibrary.LIVE.incrementAndGet();
      return runtime;
    } catch (XnnException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /** Sets the sizes of an external input. */
  public void setSizes(int id, int... sizes) throws XnnException {
    for (int d = 0; d < sizes.length; d++) {
      scratch.setAtIndex(JAVA_LONG, d, sizes[d]);
    }
    long count = sizes.length;
    library.call(
        XnnFunction.RESHAPE_EXTERNAL_VALUE,
        h -> (int) h.invokeExact(address(), id, count, scratch.address()));
  }

  /** Propagates sizes and plans memory. */
  public void reshape() throws XnnException {
    library.call(XnnFunction.RESHAPE_RUNTIME, h -> (int) h.invokeExact(address()));
  }

  /** Sizes of an external value as the last {@link #reshape()} left them. */
  public long[] sizes(int id) throws XnnException {
    long count = scratch.address();
    long dims = count + Long.BYTES;
    library.call(
        XnnFunction.GET_EXTERNAL_VALUE_SHAPE, h -> (int) h.invokeExact(address(), id, count, dims));
    long[] sizes = new long[(int) scratch.getAtIndex(JAVA_LONG, 0)];
    for (int d = 0; d < sizes.length; d++) {
      sizes[d] = scratch.getAtIndex(JAVA_LONG, d + 1L);
    }
    return sizes;
  }

  /** Says where the data of an external value is, from the next {@link #setup()}. */
  public void setAddress(int id, long data) {
    externals.set(JAVA_LONG, id * EXTERNAL_VALUE_SIZE + EXTERNAL_VALUE_ADDRESS, data);
  }

  /** Fixes the addresses. */
  public void setup() throws XnnException {
    library.call(
        XnnFunction.SETUP_RUNTIME,
        h -> (int) h.invokeExact(address(), externalCount, externals.address()));
  }

  /** Runs once. Allocates nothing. */
  public void invoke() throws XnnException {
    int status;
    try {
      status = (int) invoke.invokeExact(address());
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    if (status != 0) {
      throw new XnnException(XnnFunction.INVOKE_RUNTIME, status);
    }
  }

  private long address() {
    if (address == 0) {
      throw new IllegalStateException("the runtime is closed");
    }
    return address;
  }

  @Override
  public void close() {
    if (address != 0) {
      long deleted = address;
      address = 0;
      Handles.delete(library, XnnFunction.DELETE_RUNTIME, deleted);
      arena.close();
    }
  }
}
