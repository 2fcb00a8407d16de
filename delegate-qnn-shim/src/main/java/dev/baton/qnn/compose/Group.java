package dev.baton.qnn.compose;

import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.QuantizedOperator;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Nodes that are written together: an operator with the quantization around it, or one node.
 *
 * @param node what computes
 * @param quantized null if it computes with real numbers, or only quantizes
 */
public record Group(Node node, @Nullable QuantizedOperator quantized) {
  /** All nodes, what computes first. */
  public List<Node> nodes() {
    if (quantized == null) {
      return List.of(node);
    }
    List<Node> nodes = new ArrayList<>(quantized.nodes());
    nodes.remove(node);
    nodes.add(0, node);
    return nodes;
  }

  /** The nodes of a view in groups, in an order in which every value is given before it is used. */
  public static List<Group> of(GraphView view) {
    Set<Node> taken = new HashSet<>();
    List<Group> operators = new ArrayList<>();
    for (Node node : view.nodes()) {
      if (!QuantizedOperator.isQuantizing(node) && !taken.contains(node)) {
        QuantizedOperator match = QuantizedOperator.match(view, node);
        Group group = new Group(node, match == null || match.output() == null ? null : match);
        taken.addAll(group.nodes());
        operators.add(group);
      }
    }
    List<Group> groups = new ArrayList<>();
    int next = 0;
    for (Node node : view.nodes()) {
      if (next < operators.size() && operators.get(next).node() == node) {
        groups.add(operators.get(next++));
      } else if (!taken.contains(node)) {
        groups.add(new Group(node, null));
      }
    }
    return groups;
  }
}
