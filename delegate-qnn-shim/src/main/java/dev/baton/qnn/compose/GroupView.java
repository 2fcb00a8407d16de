package dev.baton.qnn.compose;

import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Some groups of a view. */
public final class GroupView implements GraphView {
  private final GraphView whole;
  private final List<Node> nodes;
  private final Set<Node> members;

  public GroupView(GraphView whole, Collection<Group> groups) {
    this.whole = whole;
    this.members = new HashSet<>();
    groups.forEach(group -> members.addAll(group.nodes()));
    this.nodes = whole.nodes().stream().filter(members::contains).toList();
  }

  @Override
  public List<Node> nodes() {
    return nodes;
  }

  @Override
  public List<Value> inputs() {
    Set<Value> inputs = new LinkedHashSet<>();
    for (Node node : nodes) {
      for (Value value : node.inputs()) {
        if (!value.isConstant() && !members.contains(value.producer())) {
          inputs.add(value);
        }
      }
    }
    return List.copyOf(inputs);
  }

  @Override
  public List<Value> outputs() {
    return nodes.stream().flatMap(n -> n.results().stream()).filter(this::isOutput).toList();
  }

  @Override
  public List<Node> users(Value value) {
    return whole.users(value).stream().filter(members::contains).toList();
  }

  @Override
  public boolean isOutput(Value value) {
    return whole.isOutput(value) || !members.containsAll(whole.users(value));
  }
}
