package dev.baton.cases;

import dev.baton.runtime.Placement;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What became of a case.
 *
 * @param outputs every output of every call, in order
 * @param fallenBack subgraphs whose delegate failed in a run
 */
public record CaseResult(
    ModelCase modelCase, Placement placement, List<Output> outputs, List<String> fallenBack) {
  /**
   * An output.
   *
   * @param call 0 for the first
   * @param output its position
   */
  public record Output(int call, int output, Comparison comparison) {}

  public CaseResult {
    outputs = List.copyOf(outputs);
    fallenBack = List.copyOf(fallenBack);
  }

  public boolean passed() {
    return outputs.stream().allMatch(o -> o.comparison().passed());
  }

  /** The largest relative error of any output. */
  public double relativeError() {
    return outputs.stream().mapToDouble(o -> o.comparison().relativeError()).max().orElse(0);
  }

  /** The largest absolute error of any output. */
  public double maxAbsoluteError() {
    return outputs.stream().mapToDouble(o -> o.comparison().maxAbsoluteError()).max().orElse(0);
  }

  /** The first output that fails; empty if the case passes. */
  public Optional<Output> firstFailure() {
    return outputs.stream()
        .filter(o -> !o.comparison().passed())
        .min(Comparator.comparingInt(Output::call).thenComparingInt(Output::output));
  }
}
