package dev.baton.runtime.kernel;

import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Quantization;
import dev.baton.graph.QuantizedOperator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Operators between dequantize and quantize, computed on the integers. Lowered nodes give the bits
 * that the library gives which they were lowered for; see {@link Affine#isLowered}.
 */
public final class QuantizedFusion implements Fusion {
  private final List<Function<QuantizedOperator, @Nullable FusedKernel>> families;

  /**
   * @param families asked in their order for the kernel of a group; null is none
   */
  public QuantizedFusion(List<Function<QuantizedOperator, @Nullable FusedKernel>> families) {
    this.families = List.copyOf(families);
  }

  /** With the reference kernels. */
  static QuantizedFusion reference() {
    return new QuantizedFusion(
        List.of(
            QuantizedProducts::find,
            QuantizedArithmetic::find,
            QuantizedPools::find,
            QuantizedMoves::find));
  }

  @Override
  public @Nullable Group endingWith(Node last, GraphView view) {
    if (!Quantization.isQuantize(last)) {
      return group(last, last, view);
    }
    Node before = last.tensor("input").producer();
    if (before == null) {
      return null;
    }
    Group group = group(before, last, view);
    if (group != null || !Clamp.isClamp(before)) {
      return group;
    }
    Node clamped = before.inputs().get(0).producer();
    return clamped == null ? null : group(clamped, last, view);
  }

  private @Nullable Group group(Node operator, Node last, GraphView view) {
    QuantizedOperator matched = QuantizedOperator.match(view, operator);
    if (matched == null || matched.nodes().getLast() != last) {
      return null;
    }
    for (Function<QuantizedOperator, @Nullable FusedKernel> family : families) {
      FusedKernel kernel = family.apply(matched);
      if (kernel != null) {
        return new Group(matched.nodes(), kernel);
      }
    }
    return null;
  }
}
