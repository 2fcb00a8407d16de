package dev.baton.xnnpack;

import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.GraphView;
import dev.baton.xnnpack.ffi.XnnException;
import dev.baton.xnnpack.ffi.XnnLibrary;
import dev.baton.xnnpack.ffi.XnnThreadPool;
import org.jspecify.annotations.Nullable;

/** A thread pool, and what is compiled for it. */
final class XnnpackSession implements DelegateSession {
  private final XnnLibrary library;
  private final @Nullable XnnThreadPool pool;

  XnnpackSession(XnnLibrary library, int threads) throws XnnException {
    this.library = library;
    this.pool = threads > 1 ? new XnnThreadPool(library, threads) : null;
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
    return XnnpackSubgraph.compile(library, pool, subgraph, context);
  }

  @Override
  public void close() {
    if (pool != null) {
      pool.close();
    }
  }
}
