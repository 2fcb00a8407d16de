package dev.baton.runtime.placement;

import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Forms the largest convex parts of one colour.
 *
 * <p>A node's <i>level</i> is the greatest number of colour changes on a path that leads to it.
 * Nodes of one colour and one level form a part: a path that leaves the part and comes back would
 * change colour at least twice, and arrive at a higher level. Members of a group share the highest
 * level of any of them.
 *
 * <p>Only tensors count as paths: a scalar is known before the run.
 */
final class ConvexParts {
  /**
   * Nodes of one colour and level, in the order of the graph.
   *
   * @param colour who runs them
   */
  record Part(String colour, int level, List<Node> nodes) {}

  /**
   * @param parts those of every colour, by level
   * @param broken a group that leaves and comes back, and so cannot be in one part; null if there
   *     is none
   */
  record Result(List<Part> parts, @Nullable List<Node> broken) {}

  private ConvexParts() {}

  /**
   * @param colours by node id; null for nodes that no delegate runs
   * @param groups by node id; nodes that must share a part have the same list; null for nodes alone
   */
  static Result form(Graph graph, @Nullable String[] colours, @Nullable List<Node>[] groups) {
    int[] level = new int[graph.nodeIdBound()];
    int rounds = 0;
    boolean changed = true;
    List<Node> moved = null;
    while (changed) {
      changed = false;
      for (Node node : graph.nodes()) {
        int at = level[node.id()];
        for (Value input : node.inputs()) {
          Node producer = input.producer();
          if (producer != null && input.isTensor()) {
            boolean same = Objects.equals(colours[producer.id()], colours[node.id()]);
            at = Math.max(at, level[producer.id()] + (same ? 0 : 1));
          }
        }
        List<Node> group = groups[node.id()];
        if (group == null) {
          level[node.id()] = at;
          continue;
        }
        for (Node member : group) {
          if (level[member.id()] < at) {
            level[member.id()] = at;
            changed = true;
            moved = group;
          }
        }
      }
      if (++rounds > graph.nodes().size() + 1) {
        return new Result(List.of(), moved);
      }
    }
    Map<String, TreeMap<Integer, List<Node>>> parts = new HashMap<>();
    for (Node node : graph.nodes()) {
      String colour = colours[node.id()];
      if (colour != null) {
        parts
            .computeIfAbsent(colour, c -> new TreeMap<>())
            .computeIfAbsent(level[node.id()], l -> new ArrayList<>())
            .add(node);
      }
    }
    List<Part> all = new ArrayList<>();
    parts.forEach(
        (colour, levels) -> levels.forEach((l, nodes) -> all.add(new Part(colour, l, nodes))));
    all.sort(Comparator.comparingInt(Part::level));
    return new Result(all, null);
  }
}
