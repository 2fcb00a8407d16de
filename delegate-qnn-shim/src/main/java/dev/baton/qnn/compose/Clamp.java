package dev.baton.qnn.compose;

import dev.baton.graph.Node;
import dev.baton.qnn.ffi.DataType;
import dev.baton.qnn.ffi.QnnTensor;
import dev.baton.qnn.ffi.QnnTensor.Encoding;

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

  /** True if the integers of a tensor stand for no number beyond the bounds, but for rounding. */
  boolean holdsAll(DataType dtype, Encoding.PerTensor how) {
    return least(dtype, how) >= least - how.scale() / 2
        && most(dtype, how) <= most + how.scale() / 2;
  }

  /**
   * The bounds without those that a tensor's integers do not reach: the library wraps around where
   * it fuses a clamp that is wider than the range of what is clamped.
   */
  Clamp within(QnnTensor tensor) {
    return tensor.encoding() instanceof Encoding.PerTensor how
        ? new Clamp(
            Math.max(least, least(tensor.dtype(), how)),
            most < most(tensor.dtype(), how) ? most : Float.MAX_VALUE)
        : this;
  }

  private static float least(DataType dtype, Encoding.PerTensor how) {
    return how.scale() * (dtype.least() + how.offset());
  }

  private static float most(DataType dtype, Encoding.PerTensor how) {
    return how.scale() * (dtype.least() + dtype.codes() - 1 + how.offset());
  }
}
