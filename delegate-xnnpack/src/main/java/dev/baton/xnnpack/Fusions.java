package dev.baton.xnnpack;

import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.QuantizedOperator;
import dev.baton.graph.Value;
import dev.baton.xnnpack.ffi.XnnNode.Range;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Nodes of a view that others absorb: batch norms folded into convolutions, clamps that become
 * bounds of what they follow, and quantize and dequantize operators around what XNNPACK computes
 * with integers. What is claimed as a group and what is compiled as one node are both found here.
 */
final class Fusions {
  /**
   * @param quantized what is computed with integers; null if the node computes with real numbers
   * @param group what must be compiled with the node
   * @param clamp what the node computes as well; null if that is in the group, or nothing
   */
  private record Fused(
      Value result,
      Range range,
      @Nullable Node batchNorm,
      @Nullable QuantizedOperator quantized,
      List<Node> group,
      @Nullable Node clamp) {}

  private final Support.Setting setting;
  private final Map<Node, Fused> fused = new HashMap<>();
  private final Set<Node> absorbed = new HashSet<>();

  /** Knows of no node before {@link #add}. */
  Fusions(Support.Setting setting) {
    this.setting = setting;
  }

  /** All nodes of a view, each of which XNNPACK computes. */
  static Fusions of(Support.Setting setting) {
    Fusions fusions = new Fusions(setting);
    List<Node> nodes = setting.view().nodes();
    nodes.stream().filter(n -> !QuantizedOperator.isQuantizing(n)).forEach(fusions::add);
    return fusions;
  }

  /** Looks around a node that XNNPACK computes, at least with real numbers. */
  void add(Node node) {
    if (absorbed.contains(node) || node.results().isEmpty()) {
      return;
    }
    GraphView view = setting.view();
    List<Node> group = new ArrayList<>(weightNodes(node));
    QuantizedOperator match = QuantizedOperator.match(view, node);
    if (match != null && Quantized.decline(match, setting) != null) {
      match = null;
    }
    Value result = node.result();
    Range range = Range.ALL;
    Node batchNorm = null;
    if (match != null) {
      group = new ArrayList<>(match.nodes());
      result = match.result();
      Range bounds = match.clamp() == null ? null : XnnpackOperators.clamp(match.clamp());
      range = bounds == null ? Range.ALL : bounds;
    } else {
      group.add(node);
      batchNorm = batchNormAfter(view, node);
      if (batchNorm != null) {
        group.add(batchNorm);
        result = batchNorm.result();
      }
    }
    absorbed.addAll(group);
    absorbed.remove(node);
    Node clamp = null;
    if (XnnpackOperators.clampsItself(node) && (match == null || match.quantize() == null)) {
      Node next = onlyUser(view, result);
      Range bounds = next == null ? null : XnnpackOperators.clamp(next);
      if (next != null && bounds != null) {
        absorbed.add(next);
        clamp = next;
        result = next.result();
        range = bounds;
      }
    }
    fused.put(node, new Fused(result, range, batchNorm, match, List.copyOf(group), clamp));
  }

  /** The nodes that make real numbers of quantized weights of a product. */
  private static List<Node> weightNodes(Node node) {
    List<Node> nodes = new ArrayList<>();
    Quantized.Product roles = Quantized.product(node);
    if (roles != null) {
      Node weight = WeightData.dequantize(node.tensor(roles.weight()));
      if (weight != null) {
        nodes.add(weight);
      }
      boolean taken = !node.name().equals("aten::addmm") || Products.foldsBias(node);
      Value given = roles.bias() == null || !taken ? null : node.tensorOrNull(roles.bias());
      Node bias = WeightData.dequantize(given);
      if (bias != null) {
        nodes.add(bias);
      }
    }
    return nodes;
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
          return value == null || (value.isConstant() && Weights.isReal(value.constant()));
        });
  }

  private static @Nullable Node onlyUser(GraphView view, Value value) {
    List<Node> users = view.users(value);
    return users.size() == 1 && !view.isOutput(value) ? users.get(0) : null;
  }

  boolean isAbsorbed(Node node) {
    return absorbed.contains(node);
  }

  private Fused of(Node node) {
    Fused f = fused.get(node);
    return f != null ? f : new Fused(node.result(), Range.ALL, null, null, List.of(node), null);
  }

  /** The nodes that must be compiled with the node, itself among them. */
  List<Node> group(Node node) {
    return of(node).group;
  }

  /** The nodes that are computed with the node, itself among them. */
  List<Node> computed(Node node) {
    Fused f = of(node);
    List<Node> all = new ArrayList<>(f.group);
    if (f.clamp != null) {
      all.add(f.clamp);
    }
    return all;
  }

  /** What is computed with integers; null if the node computes with real numbers. */
  @Nullable QuantizedOperator quantized(Node node) {
    return of(node).quantized;
  }

  Value result(Node node) {
    return of(node).result;
  }

  Range range(Node node) {
    return of(node).range;
  }

  @Nullable Node batchNorm(Node node) {
    return of(node).batchNorm;
  }
}
