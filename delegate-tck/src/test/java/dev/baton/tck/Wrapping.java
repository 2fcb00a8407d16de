package dev.baton.tck;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.GraphView;

/** Another delegate, with a look at what it compiles. */
abstract class Wrapping implements Delegate {
  private final Delegate inner;

  Wrapping(Delegate inner) {
    this.inner = inner;
  }

  abstract void compiling(GraphView subgraph);

  @Override
  public String name() {
    return inner.name();
  }

  @Override
  public Availability availability() {
    return inner.availability();
  }

  @Override
  public DelegateSession open(OpenContext context) throws DelegateException {
    DelegateSession session = inner.open(context);
    return new DelegateSession() {
      @Override
      public void claim(GraphView graph, Claims claims) {
        session.claim(graph, claims);
      }

      @Override
      public CompiledSubgraph compile(Subgraph subgraph, CompileContext compileContext)
          throws DelegateException {
        compiling(subgraph);
        return session.compile(subgraph, compileContext);
      }

      @Override
      public void close() {
        session.close();
      }
    };
  }
}
