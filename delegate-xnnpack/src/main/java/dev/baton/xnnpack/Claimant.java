package dev.baton.xnnpack;

import dev.baton.delegate.Claims;
import dev.baton.delegate.Decline;
import dev.baton.graph.DType;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Parameter;
import dev.baton.graph.Quantization;
import dev.baton.graph.QuantizedOperator;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import dev.baton.xnnpack.ffi.XnnFeature;
import dev.baton.xnnpack.ffi.XnnLibrary;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Looks at the nodes of a graph and takes or declines each. */
final class Claimant {
  private static final int MOST_DIMS = 6;

  private final GraphView view;
  private final Claims claims;
  private final Support.Setting setting;

  Claimant(XnnLibrary library, GraphView view, Claims claims) {
    this.view = view;
    this.claims = claims;
    this.setting = Support.Setting.of(view, library);
  }

  void claim() {
    Fusions fusions = new Fusions(setting);
    Set<Node> done = new HashSet<>();
    for (Node node : view.nodes()) {
      if (QuantizedOperator.isQuantizing(node) || done.contains(node)) {
        continue;
      }
      Decline decline = decline(node);
      if (decline == null) {
        fusions.add(node);
        decline = elsewhere(fusions.group(node), node);
      }
      if (decline != null) {
        claims.decline(node, decline);
        continue;
      }
      List<Node> group = new ArrayList<>(fusions.group(node));
      Node batchNorm = fusions.batchNorm(node);
      if (batchNorm != null && decline(batchNorm) != null) {
        group.remove(batchNorm);
      }
      done.addAll(group);
      claims.take(ordered(group, node), XnnpackCost.of(node));
    }
    for (Node node : view.nodes()) {
      if (QuantizedOperator.isQuantizing(node) && !done.contains(node)) {
        Decline decline = decline(node);
        if (decline == null) {
          claims.take(List.of(node), XnnpackCost.of(node));
        } else {
          claims.decline(node, decline);
        }
      }
    }
  }

  /** The node that the cost is of comes first. */
  private static List<Node> ordered(List<Node> group, Node first) {
    List<Node> ordered = new ArrayList<>(group);
    ordered.remove(first);
    ordered.add(0, first);
    return ordered;
  }

  /** Weights that are dequantized for others too, or outside, cannot be compiled. */
  private @Nullable Decline elsewhere(List<Node> group, Node node) {
    for (Node member : group) {
      boolean here =
          !Quantization.isDequantize(member)
              || (view.nodes().contains(member)
                  && !view.isOutput(member.result())
                  && view.users(member.result()).equals(List.of(node)));
      if (!here) {
        return Decline.of(Decline.Kind.NOT_CONSTANT, "its weights are dequantized for others too");
      }
    }
    return null;
  }

  private @Nullable Decline decline(Node node) {
    Support support = XnnpackOperators.find(node.name());
    if (support == null) {
      return Decline.of(Decline.Kind.OPERATOR, "XNNPACK has no operator for " + node.name());
    }
    for (Parameter parameter : node.operator().parameters()) {
      if (XnnpackOperators.isSymbolic(node.argument(parameter.name()))
          && !XnnpackOperators.takesSymbols(node.name())) {
        return Decline.of(Decline.Kind.ARGUMENT, "the program computes '" + parameter.name() + "'");
      }
    }
    boolean converts = QuantizedOperator.isQuantizing(node);
    boolean moves = Quantized.movesIntegers(node);
    for (Value input : node.inputs()) {
      Decline decline = input.isTensor() && !converts ? decline(input, moves) : null;
      if (decline != null) {
        return decline;
      }
      if (!converts && input.isConstant() && !XnnpackOperators.isWeight(input)) {
        return Decline.of(Decline.Kind.DTYPE, "a constant is packed in 4 bits");
      }
    }
    for (Value result : node.results()) {
      boolean used = !view.users(result).isEmpty() || view.isOutput(result);
      Decline decline = used && !converts ? decline(result, moves) : null;
      if (decline != null) {
        return decline;
      }
    }
    return support.check().decline(node, setting);
  }

  private @Nullable Decline decline(Value value, boolean moves) {
    return moves
            && value.dtype() == DType.INT8
            && !value.isConstant()
            && setting.encodings().knows(value)
        ? shapeDecline(value.shape())
        : decline(value, setting);
  }

  /** Why XNNPACK does not compute with real numbers; null if it does. */
  static @Nullable Decline decline(Value value, Support.Setting setting) {
    if (!value.isTensor()) {
      return Decline.of(Decline.Kind.OPERATOR, "a result is a scalar");
    }
    if (!isReal(value, setting)) {
      return Decline.of(
          Decline.Kind.DTYPE,
          "a tensor is " + value.dtype().name().toLowerCase(java.util.Locale.ROOT) + ", not float");
    }
    return shapeDecline(value.shape());
  }

  private static @Nullable Decline shapeDecline(Shape shape) {
    if (shape.rank() > MOST_DIMS) {
      return Decline.of(Decline.Kind.SHAPE, "the rank " + shape.rank() + " is above " + MOST_DIMS);
    }
    return shape.numel() == 0
        ? Decline.of(Decline.Kind.SHAPE, "a tensor " + shape + " is empty")
        : null;
  }

  /** Numbers of 16 bits are computed with in 32; weights are widened when they are packed. */
  private static boolean isReal(Value value, Support.Setting setting) {
    return switch (value.dtype()) {
      case FLOAT -> true;
      case HALF -> value.isConstant() || setting.library().has(XnnFeature.HALF);
      case BFLOAT16 -> value.isConstant();
      default -> false;
    };
  }
}
