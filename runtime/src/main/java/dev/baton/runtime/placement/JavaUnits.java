package dev.baton.runtime.placement;

import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import dev.baton.runtime.Event;
import dev.baton.runtime.kernel.Fusion;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.Kernels;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What Java runs of a graph: groups where a fusion finds one, single nodes else. */
public final class JavaUnits {
  private final Graph graph;
  private final Kernels kernels;
  private final Map<Node, Unit.Fused> groups = new IdentityHashMap<>();

  private final Consumer<Event> listener;

  private JavaUnits(Graph graph, Kernels kernels, Consumer<Event> listener) {
    this.graph = graph;
    this.kernels = kernels;
    this.listener = listener;
  }

  /** As {@link #of(Graph, List, Kernels, Consumer)}, for an estimate: nobody is told anything. */
  public static List<Unit> of(Graph graph, List<Node> nodes, Kernels kernels) {
    return of(graph, nodes, kernels, event -> {});
  }

  /**
   * Units for nodes of a graph.
   *
   * @param nodes in the order of the graph
   * @param listener receives an {@link Event.FusionRefused} for each group that was not made
   * @return in an order in which every value is given before it is used, as it is in the graph;
   *     nodes that have no kernel are left out
   */
  public static List<Unit> of(
      Graph graph, List<Node> nodes, Kernels kernels, Consumer<Event> listener) {
    JavaUnits java = new JavaUnits(graph, kernels, listener);
    java.fuse(nodes);
    List<Unit> units = new ArrayList<>();
    for (Node node : nodes) {
      Unit.Fused fused = java.groups.get(node);
      Kernels.Provided kernel = kernels.provided(node);
      if (fused != null) {
        if (fused.nodes().getLast() == node) {
          units.add(fused); // by now all that comes into the group is there
        }
      } else if (kernel != null) {
        units.add(new Unit.OnJava(node, kernel.kernel(), kernel.provider()));
      }
    }
    return units;
  }

  private void fuse(List<Node> nodes) {
    if (kernels.fusions().isEmpty()) {
      return;
    }
    Set<Node> free = new LinkedHashSet<>(nodes);
    JavaView view = new JavaView(graph, free);
    for (Node last : nodes.reversed()) {
      Unit.@Nullable Fused unit = free.contains(last) ? fused(last, view, free) : null;
      if (unit != null) {
        unit.nodes().forEach(n -> groups.put(n, unit));
        unit.nodes().forEach(free::remove);
      }
    }
  }

  private Unit.@Nullable Fused fused(Node last, JavaView view, Set<Node> free) {
    for (Kernels.ProvidedFusion provided : kernels.fusions()) {
      Fusion.Group group = group(provided, last, view);
      if (group != null) {
        check(group, last, free, provided.provider());
        PartView part = new PartView(graph, "group", group.nodes());
        return new Unit.Fused(
            group.nodes(), part.inputs(), last.results(), group.kernel(), provided.provider());
      }
    }
    return null;
  }

  /** A fusion that refuses what it looks at finds no group. */
  private Fusion.@Nullable Group group(Kernels.ProvidedFusion provided, Node last, JavaView view) {
    try {
      return provided.fusion().endingWith(last, view);
    } catch (KernelException e) {
      // The nodes' own kernels take it, or refuse it with its place.
      listener.accept(
          new Event.FusionRefused(
              provided.provider(), last.toString(), String.valueOf(e.getMessage())));
      return null;
    }
  }

  private void check(Fusion.Group group, Node last, Set<Node> free, String provider) {
    Set<Node> members = new HashSet<>(group.nodes());
    boolean sound = free.containsAll(members) && group.nodes().getLast() == last;
    for (Node node : group.nodes()) {
      for (Value result : node == last ? List.<Value>of() : node.results()) {
        sound &= !graph.isOutput(result) && members.containsAll(graph.users(result));
      }
    }
    if (!sound) {
      throw new IllegalStateException(
          "the kernels '" + provider + "' fuse nodes that others need: " + group.nodes());
    }
  }
}
