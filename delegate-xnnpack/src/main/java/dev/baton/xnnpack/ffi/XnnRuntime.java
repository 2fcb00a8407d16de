package dev.baton.xnnpack.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.xnnpack.ffi.XnnSubgraph.Addresses;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A runtime: what one caller at a time runs. {@link #setSizes} when sizes change, {@link #setup()}
 * after sizes or addresses change, then {@link #invoke()}. Used by one thread at a time, not always
 * the same.
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
  private final @Nullable XnnWorkspace workspace;
  private int movesAtSetup;
  private int @Nullable [][] sizes;
  private Runnable unshared = () -> {};
  private @Nullable XnnTimes times;
  private long address;

  private XnnRuntime(
      XnnLibrary library, Arena arena, int externalCount, @Nullable XnnWorkspace workspace) {
    this.workspace = workspace;
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
   * @param weights where packed weights go, of this graph; null to keep them in the runtime
   * @param workspace null for one of its own
   * @param pool threads of its runs; null for the caller's alone
   * @param profiled whether {@link #times} shall tell; nothing is told by versions that cannot
   */
  public static XnnRuntime create(
      XnnLibrary library,
      XnnGraph graph,
      @Nullable XnnPackedWeights weights,
      @Nullable XnnWorkspace workspace,
      @Nullable XnnThreadPool pool,
      boolean profiled)
      throws XnnException {
    if (weights == null) {
      try (Arena temporary = Arena.ofConfined()) {
        Addresses addresses = id -> graph.data(id).address(temporary);
        return create(library, graph, temporary, addresses, 0, workspace, pool, profiled);
      }
    }
    synchronized (weights) {
      XnnRuntime runtime = create(library, graph, weights, true, workspace, pool, profiled);
      return runtime != null
          ? runtime
          : Objects.requireNonNull(
              create(library, graph, weights, false, workspace, pool, profiled));
    }
  }

  /** As above; null if weights were packed that were not given. */
  private static @Nullable XnnRuntime create(
      XnnLibrary library,
      XnnGraph graph,
      XnnPackedWeights weights,
      boolean withEmptyPages,
      @Nullable XnnWorkspace workspace,
      @Nullable XnnThreadPool pool,
      boolean profiled)
      throws XnnException {
    try (Arena temporary = Arena.ofConfined();
        XnnPackedWeights.Making making = weights.begin(temporary, withEmptyPages)) {
      XnnRuntime runtime =
          create(
              library,
              graph,
              temporary,
              making::address,
              weights.provider(),
              workspace,
              pool,
              profiled);
      if (!making.isSound()) {
        runtime.close();
        return null;
      }
      runtime.unshared = making.unshared();
      return runtime;
    }
  }

  private static XnnRuntime create(
      XnnLibrary library,
      XnnGraph graph,
      Arena temporary,
      Addresses addresses,
      long weights,
      @Nullable XnnWorkspace workspace,
      @Nullable XnnThreadPool pool,
      boolean profiled)
      throws XnnException {
    Arena arena = Arena.ofShared();
    XnnRuntime runtime = new XnnRuntime(library, arena, graph.externalCount(), workspace);
    try (XnnSubgraph subgraph = new XnnSubgraph(library, graph, temporary, addresses)) {
      MemorySegment out = temporary.allocate(JAVA_LONG);
      long scratch = workspace == null ? 0 : workspace.address();
      long threads = pool == null ? 0 : pool.address();
      int flags = profiled && XnnTimes.isSupported(library) ? XnnTimes.BASIC_PROFILING : 0;
      library.call(
          XnnFunction.CREATE_RUNTIME,
          h ->
              (int)
                  h.invokeExact(
                      subgraph.address(), weights, scratch, threads, flags, out.address()));
      runtime.address = XnnLibrary.pointer(out);
      if (flags != 0) {
        runtime.times = new XnnTimes(library);
      }
      XnnLibrary.LIVE.incrementAndGet();
      return runtime;
    } catch (XnnException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Sets the sizes of the external inputs, which are the first values, and plans memory for them,
   * unless they are what they were.
   *
   * @return true if they are not
   */
  public boolean setSizes(List<int[]> inputs) throws XnnException {
    int[][] wanted = inputs.toArray(int[][]::new);
    if (Arrays.deepEquals(wanted, sizes)) {
      return false;
    }
    forgetSizes();
    for (int id = 0; id < wanted.length; id++) {
      setSizes(id, wanted[id]);
    }
    reshape();
    sizes = wanted;
    return true;
  }

  /** Makes the next {@link #setSizes} plan again. */
  public void forgetSizes() {
    sizes = null;
  }

  private void setSizes(int id, int[] wanted) throws XnnException {
    for (int d = 0; d < wanted.length; d++) {
      scratch.setAtIndex(JAVA_LONG, d, wanted[d]);
    }
    long count = wanted.length;
    library.call(
        XnnFunction.RESHAPE_EXTERNAL_VALUE,
        h -> (int) h.invokeExact(address(), id, count, scratch.address()));
  }

  /** Propagates sizes and plans memory. */
  public void reshape() throws XnnException {
    if (workspace != null) {
      workspace.mayHaveMoved();
    }
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
    movesAtSetup = workspace == null ? 0 : workspace.moves();
  }

  /**
   * Runs once. Allocates nothing, unless the workspace has moved since the last {@link #setup()}.
   */
  public void invoke() throws XnnException {
    if (workspace != null && workspace.moves() != movesAtSetup) {
      setup();
    }
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

  /**
   * How long each operator took in the last run.
   *
   * @return null if the runtime was not made to tell, or XNNPACK does not
   */
  public @Nullable XnnTimes times() {
    return times != null && times.read(address()) ? times : null;
  }

  /**
   * What XNNPACK calls its operators, in the order in which they run.
   *
   * @return empty if the runtime was not made to tell, or XNNPACK does not
   */
  public List<String> operatorNames() {
    return times == null ? List.of() : times.names(address());
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
      if (times != null) {
        times.close();
      }
      unshared.run();
    }
  }
}
