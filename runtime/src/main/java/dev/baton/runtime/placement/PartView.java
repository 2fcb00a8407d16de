package dev.baton.runtime.placement;

import dev.baton.delegate.Subgraph;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Some nodes of a graph, as a delegate sees them: until {@link #expire} is called. */
final class PartView implements Subgraph {
  private final Graph graph;
  private final String name;
  private final Set<Node> members;
  private final List<Node> nodes;
  private final List<Value> inputs;
  private final List<Value> outputs;
  private volatile boolean expired;

  /**
   * @param members in the order of the graph
   */
  PartView(Graph graph, String name, List<Node> members) {
    this.graph = graph;
    this.name = name;
    this.nodes = List.copyOf(members);
    this.members = new LinkedHashSet<>(members);
    Set<Value> in = new LinkedHashSet<>();
    List<Value> out = new ArrayList<>();
    for (Node node : nodes) {
      for (Value value : node.inputs()) {
        if (value.isTensor() && !value.isConstant() && !this.members.contains(value.producer())) {
          in.add(value);
        }
      }
      for (Value value : node.results()) {
        if (graph.isOutput(value)
            || graph.users(value).stream().anyMatch(u -> !this.members.contains(u))) {
          out.add(value);
        }
      }
    }
    this.inputs = List.copyOf(in);
    this.outputs = List.copyOf(out);
  }

  void expire() {
    expired = true;
  }

  private void check() {
    if (expired) {
      throw new IllegalStateException(
          "the view of " + name + " was valid during the call that it was given to");
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<Node> nodes() {
    check();
    return nodes;
  }

  @Override
  public List<Value> inputs() {
    check();
    return inputs;
  }

  @Override
  public List<Value> outputs() {
    check();
    return outputs;
  }

  @Override
  public List<Node> users(Value value) {
    check();
    return graph.users(value).stream().filter(members::contains).toList();
  }

  @Override
  public boolean isOutput(Value value) {
    check();
    return outputs.contains(value);
  }
}
