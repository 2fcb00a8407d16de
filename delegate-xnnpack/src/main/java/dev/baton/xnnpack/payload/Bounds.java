package dev.baton.xnnpack.payload;

import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.GraphBuilder;
import dev.baton.graph.Value;

/** The range to which a node clamps its output; infinite bounds do not clamp. */
record Bounds(float min, float max) {
  static final Bounds NONE = new Bounds(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY);

  /** False if no number could be in the range. */
  boolean isValid() {
    return min <= max && min != Float.POSITIVE_INFINITY && max != Float.NEGATIVE_INFINITY;
  }

  Value clamp(GraphBuilder into, Value value) {
    boolean below = min != Float.NEGATIVE_INFINITY;
    boolean above = max != Float.POSITIVE_INFINITY;
    if (!below && !above) {
      return value;
    }
    if (min == 0 && !above) {
      return into.apply("aten::relu", value);
    }
    if (below && above) {
      return into.apply("aten::hardtanh", value, number(min, value), number(max, value));
    }
    return into.apply(
        "aten::clamp",
        value,
        below ? number(min, value) : Argument.none(),
        above ? number(max, value) : Argument.none());
  }

  private static Argument number(float bound, Value value) {
    return value.dtype() == DType.INT32 ? Argument.of((long) bound) : Argument.of((double) bound);
  }
}
