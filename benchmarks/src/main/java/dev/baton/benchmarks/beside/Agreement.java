package dev.baton.benchmarks.beside;

import dev.baton.cases.ModelCase;
import java.io.IOException;
import java.util.Map;

/** Whether another runtime computes what the case expects. */
final class Agreement {
  private static final String ERROR = "relativeError";

  private Agreement() {}

  /**
   * @param json of a process that compared its outputs with the goldens: max |actual − expected| /
   *     max |expected| is {@code relativeError}
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
