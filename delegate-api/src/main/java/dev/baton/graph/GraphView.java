package dev.baton.graph;

import java.util.List;

/**
 * A graph, or a part of one, as the host shows it. The view is valid during the call that it is
 * given to, and throws {@link IllegalStateException} afterwards; the nodes and values taken from it
 * stay valid.
 */
public interface GraphView {
  /** The nodes in an order in which every value is given before it is used. */
  List<Node> nodes();

  /**
   * Tensors that come from outside, constants excepted. Scalars among the arguments of nodes are
   * not bound.
   */
  List<Value> inputs();

  /** Values that are used outside, each once. */
  List<Value> outputs();

  /** Nodes of this view that use the value, each once, in order. */
  List<Node> users(Value value);

  /** True if the value is used outside of this view. */
  boolean isOutput(Value value);
}
