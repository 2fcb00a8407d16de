package dev.baton.devtools.debug;

import dev.baton.runtime.profile.Profile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A case folder with the culprit alone.
 *
 * @param folder what {@code baton verify} and {@code baton run} take
 * @param operators that it holds
 * @param reproduces true if the placement fails the case
 * @param referencePasses true if the reference passes it
 */
public record SubModel(
    Path folder, List<Profile.Operation> operators, boolean reproduces, boolean referencePasses) {
  public SubModel {
    operators = List.copyOf(operators);
  }

  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("folder", folder.toString());
    json.put("operators", operators.stream().map(StepError::operation).toList());
    json.put("reproduces", reproduces);
    json.put("referencePasses", referencePasses);
    return json;
  }
}
