package dev.baton.devtools.debug;

import dev.baton.graph.DType;
import dev.baton.runtime.profile.Profile;
import java.util.List;

/**
 * What a step's results may differ from a reference that was given the same inputs: by rounding,
 * and no more.
 *
 * <p>The measure is the root mean square of the error, relative to that of the result. It is far
 * above what rounding does in one operator of a dtype, and far below what a wrong one does; it
 * grows with the root of the number of operators of a step, whose errors add up as independent ones
 * do.
 */
final class Tolerance {
  /** Of one operator in float32: some hundred roundings. XNNPACK's worst functions take ten. */
  private static final double FLOAT = 1e-4;

  private static final double DOUBLE = 1e-9;
  private static final double HALF = 5e-3;
  private static final double BFLOAT16 = 4e-2;

  /** Where integers of eight bits are rounded to: a few in ten thousand are the neighbour. */
  private static final double QUANTIZED = 4e-3;

  /** A single element may be so many times as far off as all are on the average. */
  private static final double ONE_ELEMENT = 100;

  /** Of what is added up, in units of the inputs: there results cancel. */
  private static final double CANCELLED = 5e-3;

  /** So many operators are one that others were fused into, which follow it element by element. */
  private static final int FUSED = 4;

  private static final List<String> SUMS =
      List.of("aten::add", "aten::sub", "aten::rsub", "aten::sum", "aten::mean", "aten::cumsum");

  private final double factor;

  /**
   * @param factor of all bounds; 1 for those above
   */
  Tolerance(double factor) {
    this.factor = factor;
  }

  /** The bound for a result of a step. */
  double bound(Profile.Step step, DType dtype) {
    boolean quantized =
        dtype == DType.INT8
            || dtype == DType.UINT8
            || step.operations().stream()
                .anyMatch(o -> o.name().startsWith("quantized_decomposed::"));
    boolean half =
        dtype == DType.HALF || step.inputs().stream().anyMatch(t -> t.dtype() == DType.HALF);
    double one =
        quantized
            ? QUANTIZED
            : half
                ? HALF
                : switch (dtype) {
                  case BFLOAT16 -> BFLOAT16;
                  case DOUBLE -> DOUBLE;
                  default -> FLOAT;
                };
    return factor * one * Math.sqrt(Math.max(1, step.operations().size()));
  }

  /**
   * How many times as large the difference is as rounding may make it: above 1 it is more than
   * that. Infinite where it is no matter of rounding: another shape, or NaN or an infinity on one
   * side.
   *
   * @param inputs greatest root mean square of a tensor that comes into the step
   */
  double excess(Profile.Step step, DType dtype, TensorDifference difference, double inputs) {
    if (!difference.mismatch().isEmpty() || difference.special() > 0) {
      return Double.POSITIVE_INFINITY;
    }
    if (difference.different() == 0) {
      return 0;
    }
    double bound = bound(step, dtype);
    if (!dtype.part().isFloatingPoint() && dtype != DType.INT8 && dtype != DType.UINT8) {
      // Alone, an operator on the same inputs gives the same integers.
      double allowed = bound * difference.elements();
      return step.operations().size() == 1
          ? 1 + difference.different() / allowed
          : difference.different() / Math.ceil(allowed);
    }
    double scale = Math.max(difference.rmsReference(), cancelled(step, inputs));
    double error = Math.max(difference.rms(), difference.maxAbsolute() / ONE_ELEMENT);
    double excess = error / (bound * scale);
    return Double.isNaN(excess) ? Double.POSITIVE_INFINITY : excess;
  }

  private static double cancelled(Profile.Step step, double inputs) {
    boolean sums =
        step.multiplyAdds() > 0
            || step.operations().stream()
                .anyMatch(o -> SUMS.stream().anyMatch(o.name()::startsWith));
    // Of a whole subgraph the sums are not those of its last operator: nothing is known of these.
    if (!sums || step.outputs().isEmpty() || step.operations().size() > FUSED) {
      return 0;
    }
    long elements = Math.max(1, step.outputs().getFirst().shape().numel());
    double length = Math.max(1, (double) step.multiplyAdds() / elements);
    return CANCELLED * Math.sqrt(length) * inputs;
  }
}
