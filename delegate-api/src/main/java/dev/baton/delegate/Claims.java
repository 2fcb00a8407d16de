package dev.baton.delegate;

import dev.baton.graph.Node;
import java.util.Collection;

/** Where a delegate says which nodes it takes. Valid during {@link DelegateSession#claim} only. */
public interface Claims {
  /**
   * Takes nodes as one group: the host gives the delegate all of them in one subgraph, or none. A
   * node is in one group at the most. A group that leaves and comes back (is not convex) is
   * declined by the host.
   *
   * @throws IllegalArgumentException if a node is not in the view, or was taken before
   */
  void take(Collection<Node> group, Cost cost);

  /** Takes one node, without an estimate. */
  default void take(Node node) {
    take(java.util.List.of(node), Cost.unknown());
  }

  /**
   * Declines a node; the reason is shown to users.
   *
   * @throws IllegalArgumentException if the node is not in the view, or was taken
   */
  void decline(Node node, Decline reason);
}
