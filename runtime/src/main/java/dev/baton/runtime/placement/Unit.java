package dev.baton.runtime.placement;

import dev.baton.delegate.CompiledSubgraph;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.Fusion;
import dev.baton.runtime.kernel.Kernel;
import java.util.ArrayList;
import java.util.List;

/** What a plan executes as one. Compared by identity. */
public sealed interface Unit {
  /** In the order of the graph. */
  List<Node> nodes();

  /** Tensors that come in. */
  List<Value> inputs();

  /** Tensors that go out. */
  List<Value> outputs();

  /**
   * A node in Java, and those that its kernel computes in the same step.
   *
   * @param absorbed in order, each on the result of the one before
   */
  record OnJava(Node node, List<Node> absorbed, Kernel kernel, String provider) implements Unit {
    public OnJava(Node node, Kernel kernel, String provider) {
      this(node, List.of(), kernel, provider);
    }

    @Override
    public List<Node> nodes() {
      List<Node> nodes = new ArrayList<>(List.of(node));
      nodes.addAll(absorbed);
      return nodes;
    }

    @Override
    public List<Value> inputs() {
      return nodes().stream()
          .flatMap(n -> n.inputs().stream())
          .filter(v -> v.isTensor() && !v.isConstant() && !isWithin(v))
          .distinct()
          .toList();
    }

    private boolean isWithin(Value value) {
      return value.producer() != null
          && (value.producer() == node || absorbed.contains(value.producer()));
    }

    @Override
    public List<Value> outputs() {
      return absorbed.isEmpty() ? node.results() : List.of(absorbed.getLast().result());
    }
  }

  /**
   * Several nodes in Java, run by one kernel.
   *
   * @param inputs tensors that come in, constants excepted
   */
  record Fused(
      List<Node> nodes,
      List<Value> inputs,
      List<Value> outputs,
      Fusion.FusedKernel kernel,
      String provider)
      implements Unit {}

  /** A node that takes a scalar out of a tensor; what follows in the block does not need it. */
  record ReadScalar(Node node) implements Unit {
    @Override
    public List<Node> nodes() {
      return List.of(node);
    }

    @Override
    public List<Value> inputs() {
      return List.of(node.tensor("self"));
    }

    @Override
    public List<Value> outputs() {
      return List.of();
    }
  }

  /** Nodes on a delegate. An opaque payload is one node. */
  record OnDelegate(
      String name,
      String delegate,
      boolean opaque,
      List<Node> nodes,
      List<Value> inputs,
      List<Value> outputs,
      CompiledSubgraph compiled)
      implements Unit {}
}
