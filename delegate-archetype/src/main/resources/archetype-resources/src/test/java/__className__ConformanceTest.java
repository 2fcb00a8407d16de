package ${package};

import dev.baton.delegate.Delegate;
import dev.baton.tck.conformance.DelegateConformance;
import java.util.Map;
import java.util.Optional;

class ${className}ConformanceTest extends DelegateConformance {
  @Override
  protected Delegate delegate() {
    return new ${className}Delegate();
  }

  @Override
  protected Optional<Map<String, String>> optionsWithoutLibrary() {
    return Optional.of(Map.of(${className}Delegate.LIBRARY_OPTION, "/nowhere/at-all"));
  }
}
