package dev.baton.qnn;

import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.Payload;
import dev.baton.graph.TensorType;
import dev.baton.qnn.ffi.GraphDescription;
import dev.baton.qnn.ffi.QnnException;
import dev.baton.qnn.ffi.QnnGraph;
import dev.baton.qnn.payload.CallSignature;
import java.util.List;

/** A graph in the library, as one method calls it: of a payload, or of claimed nodes. */
final class LoadedGraph implements CompiledSubgraph {
  private final String name;
  private final QnnGraph graph;
  private final CallSignature signature;
  private final List<TensorType> inputs;
  private final long byteSize;
  private boolean closed;

  /**
   * @param graph whose context is closed with this
   */
  LoadedGraph(
      String name,
      QnnGraph graph,
      CallSignature signature,
      List<TensorType> inputs,
      long byteSize) {
    this.name = name;
    this.graph = graph;
    this.signature = signature;
    this.inputs = List.copyOf(inputs);
    this.byteSize = byteSize;
  }

  /**
   * The graph that a payload's method calls: of the method's name, or the only one.
   *
   * @param graphs whose context is the result's to close
   */
  static LoadedGraph of(LoadedGraphs graphs, Payload payload) throws DelegateException {
    GraphDescription description =
        graphs.graphs().stream()
            .filter(g -> g.name().equals(payload.method()))
            .findFirst()
            .orElse(graphs.graphs().size() == 1 ? graphs.graphs().get(0) : null);
    if (description == null) {
      throw new DelegateException(
          DelegateException.Kind.BAD_PAYLOAD,
          "the QNN payload has no graph '"
              + payload.method()
              + "', only "
              + graphs.graphs().stream().map(GraphDescription::name).toList(),
          "Export the program again.",
          null);
    }
    CallSignature signature = CallSignature.of(description, payload.inputs(), payload.outputs());
    try {
      return new LoadedGraph(
          payload.method() + "/" + QnnDelegate.NAME,
          graphs.context().graph(description.name()),
          signature,
          payload.inputs(),
          graphs.byteSize());
    } catch (QnnException e) {
      throw new DelegateException(
          DelegateException.Kind.BAD_PAYLOAD,
          "the QNN payload does not give its graph '" + description.name() + "': " + e.getMessage(),
          "Copy or export the program again.",
          e);
    }
  }

  @Override
  public DelegateExecution newExecution(ExecutionContext context) throws DelegateException {
    synchronized (this) {
      if (closed) {
        throw new IllegalStateException(name + " is closed");
      }
    }
    try {
      return new GraphExecution(name, graph, signature, inputs, context.isProfiled());
    } catch (QnnException e) {
      throw Failures.running(name, e);
    }
  }

  @Override
  public long memoryBytes() {
    return byteSize;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      graph.context().close();
    }
  }
}
