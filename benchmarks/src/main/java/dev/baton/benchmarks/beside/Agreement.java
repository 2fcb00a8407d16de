package dev.baton.benchmarks.beside;

import dev.baton.cases.ModelCase;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Whether another runtime computes what the case expects. */
final class Agreement {
  /** max |actual − expected| / max |expected|, the largest of all outputs. */
  static final String ERROR = "relativeError";

  private Agreement() {}

  /**
   * Starts a process for its first run.
   *
   * @throws IOException if it fails, or its error is more than the case tolerates
   */
  static void check(String runtime, ModelCase model, List<String> command) throws IOException {
    try (BenchProcess process = new BenchProcess(command)) {
      check(runtime, model, process.start);
    }
  }

  /**
   * @param json of a process that compared its outputs with the goldens
   * @throws IOException if that is more than the case tolerates, or not said
   */
  static void check(String runtime, ModelCase model, Map<String, Object> json) throws IOException {
    // NaN is no agreement.
    if (!(json.get(ERROR) instanceof Number error) || !(error.doubleValue() <= model.tolerance())) {
      throw new IOException(
          "%s on %s: the error is %s of the largest value, expected at most %s"
              .formatted(runtime, model.name(), json.get(ERROR), model.tolerance()));
    }
  }
}
