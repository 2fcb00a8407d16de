package dev.example.openvino;

import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.Payload;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.GraphView;
import dev.example.openvino.ffi.OpenvinoLibrary;
import dev.example.openvino.ir.Claimant;

/** OpenVINO at work for one program. The core is the process's; the session holds nothing. */
final class OpenvinoSession implements DelegateSession {
  private final OpenvinoLibrary library;

  OpenvinoSession(OpenvinoLibrary library) {
    this.library = library;
  }

  @Override
  public void claim(GraphView graph, Claims claims) {
    Claimant.claim(graph, claims);
  }

  @Override
  public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
      throws DelegateException {
    if (context.isCancelled()) {
      throw new DelegateException(
          DelegateException.Kind.CANCELLED, "compiling " + subgraph.name() + " was cancelled");
    }
    return OpenvinoSubgraph.compile(library, subgraph, context);
  }

  @Override
  public CompiledSubgraph load(Payload payload, CompileContext context) throws DelegateException {
    return OpenvinoSubgraph.load(library, payload, context);
  }

  @Override
  public void close() {
    // nothing is the session's own
  }
}
