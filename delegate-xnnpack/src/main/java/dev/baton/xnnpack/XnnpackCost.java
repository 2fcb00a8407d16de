package dev.baton.xnnpack;

import dev.baton.delegate.Cost;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import java.util.List;

/** About how long XNNPACK takes for a node, on one thread of a machine of today. */
final class XnnpackCost {
  /** To begin with an operator, in nanoseconds. */
  private static final double OPERATOR = 40;

  /** A multiply and add. */
  private static final double PRODUCT = 0.02;

  /** An element that is moved. */
  private static final double MOVED = 0.15;

  /** An element that is computed by itself, or summed. */
  private static final double ELEMENT = 0.1;

  private XnnpackCost() {}

  static Cost of(Node node) {
    double results = node.results().stream().mapToDouble(v -> (double) v.shape().numel()).sum();
    return Cost.takes(
        OPERATOR
            + switch (XnnpackOperators.of(node).work()) {
              case MOVE -> MOVED * results;
              case ELEMENTWISE -> ELEMENT * Math.max(results, node.inputs().get(0).shape().numel());
              case PRODUCTS -> PRODUCT * results * depth(node);
            });
  }

  /** Products that are summed for an element of the result. */
  private static double depth(Node node) {
    if (XnnpackOperators.isConvolution(node)) {
      Shape filter = node.tensor("weight").shape();
      return (double) filter.numel() / filter.size(0);
    }
    List<Value> inputs = node.inputs();
    return switch (node.name()) {
      case "aten::addmm", "aten::baddbmm" -> inputs.get(1).shape().size(-1);
      default -> inputs.get(0).shape().size(-1);
    };
  }
}
