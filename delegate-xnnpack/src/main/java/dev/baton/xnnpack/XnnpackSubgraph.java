package dev.baton.xnnpack;

import dev.baton.delegate.BufferRequirements;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.HostContext;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.Value;
import dev.baton.xnnpack.ffi.XnnException;
import dev.baton.xnnpack.ffi.XnnGraph;
import dev.baton.xnnpack.ffi.XnnLibrary;
import dev.baton.xnnpack.ffi.XnnRuntime;
import dev.baton.xnnpack.ffi.XnnThreadPool;
import dev.baton.xnnpack.ffi.XnnWeightsCache;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A compiled subgraph: the description that runtimes are made from, the data that they keep
 * pointers to, and the packed weights that they share. The first runtime is made when compiling, so
 * that what XNNPACK refuses is refused then; the first execution takes it.
 */
@SuppressWarnings("MustBeClosedChecker") // close() closes the arena
final class XnnpackSubgraph implements CompiledSubgraph {
  private static final BufferRequirements BUFFERS =
      BufferRequirements.of(Weights.ALIGNMENT, Weights.SLACK);

  /** Packing pads channels to whole vectors: room for that, in parts of the whole. */
  private static final long PACKING_MARGIN = 4;

  private static final AtomicLong LIVE_BYTES = new AtomicLong();

  private final XnnLibrary library;
  private final @Nullable XnnThreadPool pool;
  private final String name;
  private final SubgraphCompiler.Result compiled;
  private final List<Integer> inputPositions;
  private final Arena arena;
  private final @Nullable XnnWeightsCache cache;
  private @Nullable XnnRuntime first;
  private boolean closed;

  private XnnpackSubgraph(
      XnnLibrary library,
      @Nullable XnnThreadPool pool,
      Subgraph subgraph,
      Arena arena,
      HostContext context)
      throws XnnException {
    this.library = library;
    this.pool = pool;
    this.name = subgraph.name();
    this.arena = arena;
    this.inputPositions = new ArrayList<>();
    List<Value> inputs = subgraph.inputs();
    for (int i = 0; i < inputs.size(); i++) {
      if (inputs.get(i).isTensor()) {
        inputPositions.add(i);
      }
    }
    this.compiled = SubgraphCompiler.compile(library, subgraph, arena);
    long packed = compiled.packedBytes();
    context.progress("packing weights", 0);
    this.cache =
        packed > 0 && XnnWeightsCache.isSupported(library)
            ? new XnnWeightsCache(library, packed + packed / PACKING_MARGIN)
            : null;
    try {
      this.first = newRuntime(context);
      if (cache != null) {
        cache.finish();
      }
    } catch (XnnException | RuntimeException e) {
      closeNative();
      throw e;
    }
    LIVE_BYTES.addAndGet(memoryBytes());
  }

  static XnnpackSubgraph compile(
      XnnLibrary library, @Nullable XnnThreadPool pool, Subgraph subgraph, CompileContext context)
      throws DelegateException {
    Arena arena = Arena.ofShared();
    boolean done = false;
    try {
      XnnpackSubgraph compiled = new XnnpackSubgraph(library, pool, subgraph, arena, context);
      done = true;
      return compiled;
    } catch (XnnException e) {
      throw failure(DelegateException.Kind.UNSUPPORTED, "compiling " + subgraph.name(), e);
    } finally {
      if (!done) {
        arena.close();
      }
    }
  }

  /**
   * @param otherwise the kind where XNNPACK's status does not tell a better one
   */
  static DelegateException failure(
      DelegateException.Kind otherwise, String doing, XnnException cause) {
    boolean memory = cause.status() == XnnException.Status.OUT_OF_MEMORY;
    return new DelegateException(
        memory ? DelegateException.Kind.RESOURCES : otherwise,
        doing + ": " + cause.getMessage(),
        memory ? "Give the process more memory, or use fewer executions." : "",
        cause);
  }

  /** Bytes of the subgraphs that are not closed. */
  static long liveBytes() {
    return LIVE_BYTES.get();
  }

  /** What was defined. */
  XnnGraph graph() {
    return compiled.graph();
  }

  private XnnRuntime newRuntime(HostContext context) throws XnnException {
    return XnnRuntime.create(library, compiled.graph(), cache, context.threads() > 1 ? pool : null);
  }

  @Override
  public DelegateExecution newExecution(ExecutionContext context) throws DelegateException {
    try {
      return new XnnpackExecution(name, takeRuntime(context), inputPositions);
    } catch (XnnException e) {
      throw failure(DelegateException.Kind.FAILED, "making an execution of " + name, e);
    }
  }

  private synchronized XnnRuntime takeRuntime(HostContext context) throws XnnException {
    if (closed) {
      throw new IllegalStateException(name + " is closed");
    }
    XnnRuntime ready = first;
    first = null;
    return ready != null ? ready : newRuntime(context);
  }

  @Override
  public BufferRequirements buffers() {
    return BUFFERS;
  }

  @Override
  public long memoryBytes() {
    return compiled.residentBytes() + compiled.packedBytes();
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      closeNative();
      arena.close();
      LIVE_BYTES.addAndGet(-memoryBytes());
    }
  }

  private void closeNative() {
    if (first != null) {
      first.close();
      first = null;
    }
    if (cache != null) {
      cache.close();
    }
  }
}
