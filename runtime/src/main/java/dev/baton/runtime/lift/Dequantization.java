package dev.baton.runtime.lift;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.graph.ValueType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a graph is kept in which dequantize operators stay recognisable: each has one user, with what
 * it needs of a quantization at run time, and weights are permuted and viewed before they are
 * dequantized.
 */
final class Dequantization {
  private static final String PREFIX = "quantized_decomposed::dequantize_per_";

  private static final int NO_AXIS = -1;
  private static final int UNMOVABLE = -2;

  private Dequantization() {}

  /** True for every operator that makes real numbers of quantized ones. */
  static boolean isDequantize(String operator) {
    return operator.startsWith(PREFIX);
  }

  static boolean isDequantized(Value value) {
    return value.producer() != null && isDequantize(value.producer().name());
  }

  /**
   * A copy of the dequantize operator that gives the value, for one more user. The operators that
   * quantize and choose parameters at run time are copied too, so that no two users share them.
   */
  static Value copy(Value dequantized, Graph.Builder into) {
    return copy(dequantized, into, new HashMap<>());
  }

  private static Value copy(Value value, Graph.Builder into, Map<Node, Node> copies) {
    Node node = value.producer();
    if (node == null) {
      return value;
    }
    Node copy = copies.get(node);
    if (copy == null) {
      List<Argument> arguments = new ArrayList<>();
      for (Argument argument : node.arguments()) {
        arguments.add(
            argument instanceof Value v && isChosen(v) ? copy(v, into, copies) : argument);
      }
      copy =
          into.node(
              node.operator(),
              arguments,
              node.results().stream().map(Value::type).toList(),
              node.origin());
      copies.put(node, copy);
    }
    return copy.results().get(value.resultIndex());
  }

  /** True for what is quantized with parameters that are chosen at run time, and for these. */
  private static boolean isChosen(Value value) {
    Node node = value.producer();
    if (node == null) {
      return false;
    }
    return node.name().startsWith("quantized_decomposed::choose_qparams")
        || (node.name().startsWith("quantized_decomposed::quantize_per_")
            && node.inputs().stream().skip(1).anyMatch(v -> v.producer() != null && isChosen(v)));
  }

  /**
   * A dequantized constant with permuted dimensions, as the permuted constant dequantized; null if
   * it is no such value, or its scales follow the order of its elements.
   *
   * @param order dimension {@code d} of the result is {@code order[d]} of the value
   */
  static @Nullable Value permuted(Value value, int[] order, Graph.Builder into) {
    Node node = ofConstant(value);
    int axis = axis(node);
    if (node == null || axis < NO_AXIS) {
      return null;
    }
    Constant permuted = node.tensor("input").constant().permute(order);
    int moved = axis;
    for (int d = 0; d < order.length; d++) {
      if (order[d] == axis) {
        moved = d;
      }
    }
    return again(node, permuted, moved, into);
  }

  /** A dequantized constant in another shape, under the same conditions as {@link #permuted}. */
  static @Nullable Value reshaped(Value value, Shape shape, Graph.Builder into) {
    Node node = ofConstant(value);
    int axis = axis(node);
    if (node == null || axis < NO_AXIS) {
      return null;
    }
    Constant constant = node.tensor("input").constant();
    if (!constant.isContiguous() || constant.type().shape().numel() != shape.numel()) {
      return null;
    }
    int moved = axis;
    if (axis >= 0) {
      moved = sameAxis(constant.type().shape(), axis, shape);
      if (moved < 0) {
        return null;
      }
    }
    return again(node, constant.reshape(shape.sizes()), moved, into);
  }

  /** The dimension that is as long and has as many elements before it; −1 if there is none. */
  private static int sameAxis(Shape from, int axis, Shape to) {
    long before = 1;
    for (int d = 0; d < axis; d++) {
      before *= from.size(d);
    }
    long product = 1;
    for (int d = 0; d < to.rank(); product *= to.size(d), d++) {
      if (product == before && to.size(d) == from.size(axis)) {
        return d;
      }
    }
    return -1;
  }

  private static @Nullable Node ofConstant(Value value) {
    Node node = value.producer();
    return node != null && isDequantize(node.name()) && node.tensor("input").isConstant()
        ? node
        : null;
  }

  /** The channels' dimension; {@link #NO_AXIS} if the tensor has one scale. */
  private static int axis(@Nullable Node node) {
    if (node == null) {
      return UNMOVABLE;
    }
    if (node.name().startsWith(PREFIX + "tensor")) {
      return NO_AXIS;
    }
    if (node.name().equals(PREFIX + "channel") && node.isLiteral("axis")) {
      int rank = node.tensor("input").shape().rank();
      int axis = (int) node.integer("axis");
      return axis < 0 ? axis + rank : axis;
    }
    return UNMOVABLE;
  }

  private static Value again(Node node, Constant constant, int axis, Graph.Builder into) {
    List<Argument> arguments = new ArrayList<>(node.arguments());
    arguments.set(node.operator().indexOf("input"), into.constant(constant));
    if (axis != NO_AXIS) {
      arguments.set(node.operator().indexOf("axis"), Argument.of((long) axis));
    }
    ValueType type = new TensorType(node.result().dtype(), constant.type().shape(), false);
    return into.node(node.operator(), arguments, List.of(type), node.origin()).result();
  }
}
