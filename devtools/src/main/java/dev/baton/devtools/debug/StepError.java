package dev.baton.devtools.debug;

import dev.baton.runtime.profile.Profile;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a step of the placement compares with the reference.
 *
 * @param call 0 for the first
 * @param visit the how many-th block of the call it is in, from 0
 * @param result position among the step's results; that with the worst error
 * @param error on the inputs that the reference has at this place: the step's own error
 * @param bound of {@code error.relative()}, by dtype and number of operators
 * @param excess how many times as large the error is as rounding may make it; infinite where it is
 *     no matter of rounding
 */
public record StepError(
    int call,
    int visit,
    Profile.Step step,
    int result,
    TensorDifference error,
    double bound,
    double excess) {
  /** True if the error is more than rounding. */
  public boolean departs() {
    return excess > 1;
  }

  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("call", call);
    json.put("visit", visit);
    json.put("name", step.name());
    json.put("runner", step.runner());
    json.put("subgraph", step.subgraph());
    json.put("operators", step.operations().stream().map(o -> operation(o)).toList());
    json.put("result", result);
    json.put("bound", bound);
    json.put("departs", departs());
    json.put("excess", TensorDifference.number(excess));
    json.put("error", error.json());
    return json;
  }

  static Map<String, Object> operation(Profile.Operation operation) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("position", operation.position());
    json.put("name", operation.name());
    json.put("origin", operation.origin().toString());
    return json;
  }
}
