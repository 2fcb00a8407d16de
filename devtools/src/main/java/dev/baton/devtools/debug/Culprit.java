package dev.baton.devtools.debug;

import dev.baton.runtime.profile.Profile;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who is to blame.
 *
 * @param runner a delegate's name, or a provider of Java kernels
 * @param subgraph of the placement as it would be loaded; empty in Java
 * @param operators the fewest that still show it; ideally one
 * @param alone true if they depart as a step of their own; false if only together with each other
 *     in one subgraph
 * @param error of their worst result, on the reference's inputs
 * @param bound that it passes
 */
public record Culprit(
    String runner,
    String subgraph,
    List<Profile.Operation> operators,
    boolean alone,
    TensorDifference error,
    double bound) {
  public Culprit {
    operators = List.copyOf(operators);
  }

  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("runner", runner);
    json.put("subgraph", subgraph);
    json.put("operators", operators.stream().map(StepError::operation).toList());
    json.put("alone", alone);
    json.put("bound", bound);
    json.put("error", error.json());
    return json;
  }
}
