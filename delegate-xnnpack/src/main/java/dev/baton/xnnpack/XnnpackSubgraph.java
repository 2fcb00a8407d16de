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
import dev.baton.xnnpack.ffi.XnnPackedWeights;
import dev.baton.xnnpack.ffi.XnnPackingAhead;
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

  private static final AtomicLong LIVE_BYTES = new AtomicLong();

  private final XnnpackSession session;
  private final String name;
  private final SubgraphCompiler.Result compiled;
  private final List<Integer> inputPositions;
  private final Arena arena;
  private final @Nullable XnnPackedWeights weights;
  private final long memoryBytes;
  private volatile @Nullable List<List<Integer>> partNodes;
  private @Nullable Runtimes first;
  private boolean closed;

  private XnnpackSubgraph(
      XnnpackSession session, Subgraph subgraph, Arena arena, CompileContext context)
      throws XnnException {
    this.session = session;
    this.name = subgraph.name();
    this.arena = arena;
    this.inputPositions = new ArrayList<>();
    List<Value> inputs = subgraph.inputs();
    for (int i = 0; i < inputs.size(); i++) {
      if (inputs.get(i).isTensor()) {
        inputPositions.add(i);
      }
    }
    this.compiled = SubgraphCompiler.compile(session.library(), subgraph, arena);
    context.progress("packing weights", 0);
    XnnPackedWeights packed =
        XnnPackedWeights.isSupported()
            ? new XnnPackedWeights(compiled.graph(), session.weights())
            : null;
    this.weights = packed;
    boolean done = false;
    try {
      PackedFile file = packed == null ? null : session.packedFile(packed, context);
      boolean found = file != null && file.read(context);
      this.first = firstRuntimes(packed, context);
      if (file != null && !found) {
        file.write(context);
      }
      done = true;
    } finally {
      if (!done) {
        closeNative();
      }
    }
    this.memoryBytes =
        compiled.residentBytes() + (packed == null ? compiled.packedBytes() : packed.heldBytes());
    LIVE_BYTES.addAndGet(memoryBytes);
  }

  static XnnpackSubgraph compile(XnnpackSession session, Subgraph subgraph, CompileContext context)
      throws DelegateException {
    Arena arena = context.newArena();
    boolean done = false;
    try {
      XnnpackSubgraph compiled = new XnnpackSubgraph(session, subgraph, arena, context);
      done = true;
      return compiled;
    } catch (XnnException e) {
      throw failure(DelegateException.Kind.UNSUPPORTED, "compiling " + subgraph.name(), e);
    } catch (OutOfMemoryError e) {
      throw new DelegateException(
          DelegateException.Kind.RESOURCES,
          "compiling " + subgraph.name() + ": " + e.getMessage(),
          "Give the process more memory.",
          e);
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

  /** Bytes of weights that were packed for this, not found. */
  long packedBytes() {
    return weights == null ? compiled.packedBytes() : weights.packedBytes();
  }

  /** What was defined. */
  XnnGraph graph() {
    return compiled.graph();
  }

  @SuppressWarnings("try") // what is packed ahead is held while the runtime is made
  private Runtimes firstRuntimes(@Nullable XnnPackedWeights packed, HostContext context)
      throws XnnException {
    if (packed == null) {
      return newRuntimes(context);
    }
    long start = System.nanoTime();
    try (XnnPackingAhead ahead = packed.packAhead(session.library(), context.threads())) {
      long making = System.nanoTime();
      context.record("packing weights by all threads", start, making - start);
      Runtimes runtimes = newRuntimes(context);
      context.record("making a runtime", making, System.nanoTime() - making);
      return runtimes;
    }
  }

  private Runtimes newRuntimes(HostContext context) throws XnnException {
    Runtimes runtimes =
        new Runtimes(
            session.library(),
            compiled.graph(),
            weights,
            context.threads() > 1 ? session.pool() : null,
            context.isProfiled());
    if (context.isProfiled() && partNodes == null) {
      partNodes =
          PartNodes.of(compiled.graph().nodes(), compiled.purposes(), runtimes.operatorNames());
    }
    return runtimes;
  }

  /** Known from the first runtime on that tells of its operators; all have the same. */
  @Override
  public List<Integer> nodesOf(int part) {
    List<List<Integer>> known = partNodes;
    return known == null || part < 0 || part >= known.size() ? List.of() : known.get(part);
  }

  @Override
  public DelegateExecution newExecution(ExecutionContext context) throws DelegateException {
    try {
      return new XnnpackExecution(name, takeRuntimes(context), inputPositions);
    } catch (XnnException e) {
      throw failure(DelegateException.Kind.FAILED, "making an execution of " + name, e);
    }
  }

  private synchronized Runtimes takeRuntimes(HostContext context) throws XnnException {
    if (closed) {
      throw new IllegalStateException(name + " is closed");
    }
    Runtimes ready = first;
    first = null;
    return ready != null ? ready : newRuntimes(context);
  }

  @Override
  public BufferRequirements buffers() {
    return BUFFERS;
  }

  @Override
  public long memoryBytes() {
    return memoryBytes;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      closeNative();
      arena.close();
      LIVE_BYTES.addAndGet(-memoryBytes);
    }
  }

  private void closeNative() {
    if (first != null) {
      first.close();
      first = null;
    }
    if (weights != null) {
      weights.close();
    }
  }
}
