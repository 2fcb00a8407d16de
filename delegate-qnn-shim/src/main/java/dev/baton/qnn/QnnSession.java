package dev.baton.qnn;

import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Decline;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.Payload;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.qnn.cache.ContextCache;
import dev.baton.qnn.ffi.QnnBackend;
import dev.baton.qnn.ffi.SystemLibrary;
import dev.baton.qnn.payload.CompileSpec;
import dev.baton.qnn.payload.Container;
import dev.baton.qnn.payload.TrustList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * A backend, and the payloads that were loaded on it. Methods of one program often carry the same
 * payload, with a graph for each: they share it.
 */
final class QnnSession implements DelegateSession {
  private final QnnBackend backend;
  private final SystemLibrary system;
  private final boolean claiming;
  private final PayloadReader reader;
  private final TrustList trust;
  private final Map<String, LoadedGraphs> loaded = new HashMap<>();
  private final Map<Node, Decline> refused = new IdentityHashMap<>();
  private boolean closed;

  /**
   * @param backend closed with this
   * @param claiming whether nodes are claimed
   */
  QnnSession(QnnBackend backend, SystemLibrary system, TrustList trust, boolean claiming) {
    this.backend = backend;
    this.system = system;
    this.claiming = claiming;
    this.reader = new PayloadReader(backend, system);
    this.trust = trust;
  }

  @Override
  public void claim(GraphView graph, Claims claims) {
    requireOpen();
    if (claiming) {
      new Claimant(backend, refused).claim(graph, claims);
    } else {
      Decline decline =
          Decline.of(
              Decline.Kind.NOT_WORTHWHILE,
              "the option " + QnnDelegate.CLAIM_OPTION + " does not ask QNN to take operators");
      graph.nodes().forEach(node -> claims.decline(node, decline));
    }
  }

  @Override
  public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
      throws DelegateException {
    requireOpen();
    requireWanted(subgraph.name(), context);
    ContextCache cache = context.cacheDirectory().map(ContextCache::new).orElse(null);
    return new GraphCompiler(backend, system, cache, refused).compile(subgraph, context);
  }

  private static void requireWanted(String what, CompileContext context) throws DelegateException {
    if (context.isCancelled()) {
      throw new DelegateException(
          DelegateException.Kind.CANCELLED, "loading " + what + " was cancelled");
    }
  }

  @Override
  public CompiledSubgraph load(Payload payload, CompileContext context) throws DelegateException {
    requireOpen();
    requireWanted(payload.method(), context);
    CompileSpec spec = CompileSpec.of(payload.compileSpecs().get(CompileSpec.KEY));
    Container container = Container.of(payload.bytes());
    String digest = TrustList.digest(payload.bytes());
    trust.require(digest);
    LoadedGraphs graphs = loaded.get(digest);
    if (graphs == null || !graphs.context().retain()) {
      long start = System.nanoTime();
      graphs = reader.read(payload.method(), container, spec);
      context.record("loading a context", start, System.nanoTime() - start);
      loaded.put(digest, graphs);
    }
    boolean done = false;
    try {
      CompiledSubgraph graph = LoadedGraph.of(graphs, payload);
      done = true;
      return graph;
    } finally {
      if (!done) {
        graphs.context().close();
      }
    }
  }

  private synchronized void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the session of " + QnnDelegate.NAME + " is closed");
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      backend.close();
    }
  }
}
