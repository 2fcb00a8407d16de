package dev.baton.tck;

import dev.baton.delegate.Claims;
import dev.baton.delegate.Cost;
import dev.baton.delegate.Decline;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import java.util.List;
import java.util.Set;

/** What a delegate claims of a graph. */
@FunctionalInterface
public interface Claiming {
  void claim(GraphView graph, Claims claims);

  /** Takes nothing and gives no reason. */
  static Claiming nothing() {
    return (graph, claims) -> {};
  }

  /** Takes each node of these operators alone, and declines the others. */
  static Claiming operators(String... names) {
    return operators(Cost.unknown(), names);
  }

  /** As {@link #operators(String...)}, with an estimate for each node. */
  static Claiming operators(Cost cost, String... names) {
    Set<String> wanted = Set.of(names);
    return (graph, claims) -> {
      for (Node node : graph.nodes()) {
        if (wanted.contains(node.name())) {
          claims.take(List.of(node), cost);
        } else {
          claims.decline(
              node, Decline.of(Decline.Kind.OPERATOR, node.name() + " is not among the chosen"));
        }
      }
    };
  }

  /** Takes every node of these operators as one group, convex or not. */
  static Claiming group(String... names) {
    Set<String> wanted = Set.of(names);
    return (graph, claims) -> {
      List<Node> group = graph.nodes().stream().filter(n -> wanted.contains(n.name())).toList();
      if (!group.isEmpty()) {
        claims.take(group, Cost.unknown());
      }
    };
  }

  /** Takes the nodes at these positions of the graph, each alone. */
  static Claiming positions(int... positions) {
    return (graph, claims) -> {
      for (int position : positions) {
        if (position < graph.nodes().size()) {
          claims.take(graph.nodes().get(position));
        }
      }
    };
  }
}
