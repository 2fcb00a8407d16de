package dev.baton.runtime.kernel;

import dev.baton.graph.Node;
import org.jspecify.annotations.Nullable;

/** Bounds of an activation that clamps; infinite where there is none. */
public record Clamp(float low, float high) {
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
    return switch (node.name()) {
      case "aten::relu" -> new Clamp(0, Float.POSITIVE_INFINITY);
      case "aten::relu6" -> new Clamp(0, 6);
      case "aten::hardtanh" -> of(node, "min_val", "max_val");
      case "aten::clamp" -> of(node, "min", "max");
      default -> null;
    };
  }

  private static @Nullable Clamp of(Node node, String low, String high) {
    boolean literal =
        (node.isNone(low) || node.isLiteral(low)) && (node.isNone(high) || node.isLiteral(high));
    return literal
        ? new Clamp(
            node.isNone(low) ? NONE.low : (float) node.number(low),
            node.isNone(high) ? NONE.high : (float) node.number(high))
        : null;
  }
}
