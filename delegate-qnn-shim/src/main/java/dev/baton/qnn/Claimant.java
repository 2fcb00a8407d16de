package dev.baton.qnn;

import dev.baton.delegate.Claims;
import dev.baton.delegate.Cost;
import dev.baton.delegate.Decline;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.qnn.compose.GraphPlan;
import dev.baton.qnn.compose.Group;
import dev.baton.qnn.compose.Lowerings;
import dev.baton.qnn.compose.UnsupportedNodeException;
import dev.baton.qnn.ffi.QnnBackend;
import dev.baton.qnn.ffi.QnnNode;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Takes the nodes that can be written in the vendor's operators and that the library accepts. */
final class Claimant {
  private final QnnBackend backend;
  private final Map<Node, Decline> refused;

  /**
   * @param refused nodes that did not compile
   */
  Claimant(QnnBackend backend, Map<Node, Decline> refused) {
    this.backend = backend;
    this.refused = refused;
  }

  void claim(GraphView graph, Claims claims) {
    for (Group group : Group.of(graph)) {
      Decline decline = decline(group, graph);
      if (decline == null) {
        claims.take(group.nodes(), Cost.unknown());
      } else {
        group.nodes().forEach(node -> claims.decline(node, decline));
      }
    }
  }

  private @Nullable Decline decline(Group group, GraphView graph) {
    Decline known = refused.get(group.node());
    if (known != null) {
      return known;
    }
    try (Arena arena = Arena.ofConfined()) {
      GraphPlan plan = new GraphPlan(graph, arena);
      Lowerings.lower(group, graph, plan);
      for (QnnNode written : plan.nodes()) {
        Optional<String> refusal = backend.refusal(written);
        if (refusal.isPresent()) {
          return Decline.of(
              Decline.Kind.VERSION,
              "the installed QNN does not take its " + written.type() + ": " + refusal.get());
        }
      }
      return null;
    } catch (UnsupportedNodeException e) {
      return e.decline();
    }
  }
}
