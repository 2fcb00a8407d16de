package dev.baton.delegate;

import dev.baton.graph.GraphView;

/**
 * What a delegate compiles: nodes, the values that come in, in the order in which they are bound,
 * and those that go out.
 */
public interface Subgraph extends GraphView {
  /** A name for logs and profiles, unique in its program: {@code forward/xnnpack/0}. */
  String name();
}
