package dev.baton.xnnpack;

import dev.baton.delegate.Decline;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.xnnpack.ffi.XnnLibrary;
import org.jspecify.annotations.Nullable;

/**
 * How an operator is run.
 *
 * @param check what the general checks of {@link Claimant} leave open
 * @param definition writes the node
 * @param work what it costs
 */
record Support(Check check, Definition definition, Work work) {
  /** Where a node is looked at. */
  record Setting(GraphView view, XnnLibrary library, Encodings encodings) {
    static Setting of(GraphView view, XnnLibrary library) {
      return new Setting(view, library, Encodings.of(view));
    }
  }

  interface Check {
    /** Why the node is not taken; null if it is. */
    @Nullable Decline decline(Node node, Setting setting);

    /** Both checks, in order. */
    default Check and(Check next) {
      return (node, setting) -> {
        Decline decline = decline(node, setting);
        return decline != null ? decline : next.decline(node, setting);
      };
    }
  }

  interface Definition {
    void define(Node node, SubgraphCompiler compiler);
  }

  /** Kinds of cost. */
  enum Work {
    /** Moves data. */
    MOVE,
    /** Some arithmetic for each element. */
    ELEMENTWISE,
    /** A sum of products for each element. */
    PRODUCTS
  }

  void define(Node node, SubgraphCompiler compiler) {
    definition.define(node, compiler);
  }
}
