package dev.baton.runtime.kernel;

import dev.baton.graph.Node;
import org.jspecify.annotations.Nullable;

/** Bounds of an activation that clamps; infinite where there is none. */
public record Clamp(float low, float high) {
  /** Changes nothing. */
  public static final Clamp NONE = new Clamp(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY);

  public static boolean isClamp(Node node) {
    return switch (node.name()) {
      case "aten::relu", "aten::relu6", "aten::hardtanh", "aten::clamp" -> true;
      default -> false;
    };
  }

  /**
   * The bounds of a node.
   *
   * @param node null for no clamp
   * @return null if the node is another operator, or its bounds are computed by the program
   */
  public static @Nullable Clamp of(@Nullable Node node) {
    if (node == null) {
      return NONE;
    }
    boolean literal = node.inputs().size() == 1; // self
    return isClamp(node) && literal ? of(new NodeCall(node, NodeCall.declaredTypes())) : null;
  }

  /**
   * The bounds of a call.
   *
   * @throws IllegalArgumentException if it is none of {@link #isClamp}
   */
  public static Clamp of(Call call) {
    Numbers numbers = Numbers.of(call);
    return new Clamp(
        numbers.low == null ? NONE.low : (float) numbers.low.real(),
        numbers.high == null ? NONE.high : (float) numbers.high.real());
  }

  /** True if no finite bound of a call overflows float32, where PyTorch refuses it. */
  public static boolean isSingle(Call call) {
    Numbers numbers = Numbers.of(call);
    return isSingle(numbers.low) && isSingle(numbers.high);
  }

  private static boolean isSingle(Call.@Nullable Number bound) {
    return bound == null || !Double.isFinite(bound.real()) || Float.isFinite((float) bound.real());
  }

  /** The bounds as a call writes them; null where there is none. */
  record Numbers(Call.@Nullable Number low, Call.@Nullable Number high) {
    static Numbers of(Call call) {
      return switch (call.node().name()) {
        case "aten::relu" -> new Numbers(Call.Number.of(0), null);
        case "aten::relu6" -> new Numbers(Call.Number.of(0), Call.Number.of(6));
        case "aten::hardtanh" -> new Numbers(number(call, "min_val"), number(call, "max_val"));
        case "aten::clamp" -> new Numbers(number(call, "min"), number(call, "max"));
        default -> throw new IllegalArgumentException(call.node() + " is no clamp");
      };
    }

    private static Call.@Nullable Number number(Call call, String parameter) {
      return call.isNone(parameter) ? null : call.scalar(parameter);
    }
  }
}
