package dev.baton.qnn.compose;

import dev.baton.graph.Node;
import dev.baton.graph.Quantization;

/** Bounds of relu, relu6, hardtanh and clamp. */
record Clamp(float least, float most) {
  private static final float SIX = 6;

  static Clamp of(Node node) {
    return switch (node.name()) {
      case "aten::relu" -> new Clamp(0, Float.MAX_VALUE);
      case "aten::relu6" -> new Clamp(0, SIX);
      case "aten::hardtanh" -> new Clamp(bound(node, "min_val"), bound(node, "max_val"));
      case "aten::clamp" ->
          new Clamp(
              node.isNone("min") ? -Float.MAX_VALUE : bound(node, "min"),
              node.isNone("max") ? Float.MAX_VALUE : bound(node, "max"));
      default -> throw new IllegalArgumentException(node + " is no clamp");
    };
  }

  private static float bound(Node node, String parameter) {
    return (float) node.number(parameter);
  }

  boolean isRelu() {
    return least == 0 && most == Float.MAX_VALUE;
  }

  /** True if integers stand for no number beyond the bounds, by more than rounding. */
  boolean holdsAll(Quantization how) {
    return how instanceof Quantization.PerTensor t
        && (t.min() - t.zeroPoint()) * t.scale() >= least - t.scale() / 2
        && (t.max() - t.zeroPoint()) * t.scale() <= most + t.scale() / 2;
  }
}
