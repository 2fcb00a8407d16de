package dev.baton.runtime.kernel;

import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds nodes that one kernel can run together, such as an operator between its dequantized
 * operands and the quantize of its result. Stateless, any thread.
 *
 * <p>Types are inferred node by node, by each node's own kernel; what lies between the nodes of a
 * group is never stored.
 */
@FunctionalInterface
public interface Fusion {
  /**
   * Nodes to run together.
   *
   * @param nodes in the order of the graph; nothing outside of the group uses the result of any but
   *     the last
   */
  record Group(List<Node> nodes, FusedKernel kernel) {
    public Group {
      nodes = List.copyOf(nodes);
    }
  }

  /** Several nodes in Java. Stateless, any thread. */
  @FunctionalInterface
  interface FusedKernel {
    /**
     * Binds the nodes to buffers. Asked for operands, the buffers know those that come into the
     * group, constants, and the results of the last node.
     *
     * @throws KernelException if the group cannot be computed with these types
     */
    Step bind(NodeCall.Facts facts, BoundNodeCall.Buffers buffers);
  }

  /**
   * The group that ends with a node; null if there is none.
   *
   * @param view the nodes that Java runs and that no other group has; valid during the call
   */
  @Nullable Group endingWith(Node last, GraphView view);
}
