package dev.baton.xnnpack;

import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.GraphView;
import dev.baton.xnnpack.ffi.XnnException;
import dev.baton.xnnpack.ffi.XnnLibrary;
import dev.baton.xnnpack.ffi.XnnPackedWeights;
import dev.baton.xnnpack.ffi.XnnWeightsStore;
import org.jspecify.annotations.Nullable;

/** A thread pool and packed weights, and what is compiled to share them. */
final class XnnpackSession implements DelegateSession {
  private final XnnLibrary library;
  private final @Nullable SharedPool pool;
  private final XnnWeightsStore weights = new XnnWeightsStore();
  private final @Nullable PackedFolder folder;

  XnnpackSession(XnnLibrary library, OpenContext context) throws XnnException {
    this.library = library;
    this.pool = context.threads() > 1 ? new SharedPool(library, context.threads()) : null;
    this.folder = PackedFolder.of(context);
  }

  /** Null if runs have their callers' threads alone. */
  @Nullable SharedPool pool() {
    return pool;
  }

  XnnWeightsStore weights() {
    return weights;
  }

  /** Where packed weights of a graph are kept on disk; null if they are not. */
  @Nullable PackedFile packedFile(XnnPackedWeights packed, CompileContext context) {
    return folder == null ? null : folder.file(library, packed, context);
  }

  XnnLibrary library() {
    return library;
  }

  @Override
  public void claim(GraphView graph, Claims claims) {
    new Claimant(library, graph, claims).claim();
  }

  @Override
  public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
      throws DelegateException {
    if (context.isCancelled()) {
      throw new DelegateException(
          DelegateException.Kind.CANCELLED, "compiling " + subgraph.name() + " was cancelled");
    }
    return XnnpackSubgraph.compile(this, subgraph, context);
  }

  @Override
  public void close() {
    if (pool != null) {
      pool.close();
    }
  }
}
