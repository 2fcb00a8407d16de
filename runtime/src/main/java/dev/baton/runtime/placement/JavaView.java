package dev.baton.runtime.placement;

import dev.baton.graph.Graph;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The nodes of a graph that Java runs, as fusions see them; shrinks while groups are formed. */
final class JavaView implements GraphView {
  private final Graph graph;
  private final Set<Node> members;

  JavaView(Graph graph, Set<Node> members) {
    this.graph = graph;
    this.members = members;
  }

  @Override
  public List<Node> nodes() {
    return List.copyOf(members);
  }

  @Override
  public List<Value> inputs() {
    return part().inputs();
  }

  @Override
  public List<Value> outputs() {
    return part().outputs();
  }

  private PartView part() {
    return new PartView(graph, "the nodes in Java", new ArrayList<>(members));
  }

  @Override
  public List<Node> users(Value value) {
    return graph.users(value).stream().filter(members::contains).toList();
  }

  @Override
  public boolean isOutput(Value value) {
    return graph.isOutput(value) || graph.users(value).stream().anyMatch(n -> !members.contains(n));
  }
}
