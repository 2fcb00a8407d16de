package dev.baton.xnnpack;

import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import dev.baton.xnnpack.ffi.XnnNode.Range;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Nodes of a view that others absorb: batch norms folded into convolutions, clamps that become
 * bounds of what they follow.
 */
final class Fusions {
  private record Fused(Value result, Range range, @Nullable Node batchNorm) {}

  private final Map<Node, Fused> fused = new HashMap<>();
  private final Set<Node> absorbed = new HashSet<>();

  private Fusions() {}

  static Fusions of(GraphView view) {
    Fusions fusions = new Fusions();
    for (Node node : view.nodes()) {
      if (!fusions.absorbed.contains(node)) {
        fusions.fuse(view, node);
      }
    }
    return fusions;
  }

  private void fuse(GraphView view, Node node) {
    if (node.results().isEmpty()) {
      return;
    }
    Value result = node.result();
    Node batchNorm = batchNormAfter(view, node);
    if (batchNorm != null) {
      absorbed.add(batchNorm);
      result = batchNorm.result();
    }
    Range range = Range.ALL;
    if (XnnpackOperators.clampsItself(node)) {
      Node next = onlyUser(view, result);
      Range bounds = next == null ? null : XnnpackOperators.clamp(next);
      if (next != null && bounds != null) {
        absorbed.add(next);
        result = next.result();
        range = bounds;
      }
    }
    if (result != node.result()) {
      fused.put(node, new Fused(result, range, batchNorm));
    }
  }

  /** The batch norm that can be folded into a convolution of the view; null if there is none. */
  static @Nullable Node batchNormAfter(GraphView view, Node node) {
    if (!XnnpackOperators.isConvolution(node)) {
      return null;
    }
    Node next = onlyUser(view, node.result());
    return next != null
            && XnnpackOperators.isBatchNorm(next)
            && next.tensor("input") == node.result()
            && XnnpackOperators.onlyFirstResultUsed(next, view)
            && batchNormConstants(next)
        ? next
        : null;
  }

  static boolean batchNormConstants(Node batchNorm) {
    return List.of("weight", "bias", "running_mean", "running_var").stream()
        .allMatch(parameter -> {
          Value value = batchNorm.tensorOrNull(parameter);
          return value == null || (value.isConstant() && Weights.isPlainFloat(value.constant()));
        });
  }

  private static @Nullable Node onlyUser(GraphView view, Value value) {
    List<Node> users = view.users(value);
    return users.size() == 1 && !view.isOutput(value) ? users.get(0) : null;
  }

  boolean isAbsorbed(Node node) {
    return absorbed.contains(node);
  }

  Value result(Node node) {
    Fused f = fused.get(node);
    return f == null ? node.result() : f.result;
  }

  Range range(Node node) {
    Fused f = fused.get(node);
    return f == null ? Range.ALL : f.range;
  }

  @Nullable Node batchNorm(Node node) {
    Fused f = fused.get(node);
    return f == null ? null : f.batchNorm;
  }
}
