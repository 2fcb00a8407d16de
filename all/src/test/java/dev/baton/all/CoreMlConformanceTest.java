package dev.baton.all;

import dev.baton.coreml.CoreMlDelegate;
import dev.baton.delegate.Delegate;
import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import dev.baton.tck.conformance.DelegateConformance;
import dev.baton.tck.conformance.PayloadSample;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The Core ML delegate, on the emulator, does what every delegate must do. */
@EnabledIfSystemProperty(named = CoreMlEmulator.PROPERTY, matches = ".+")
class CoreMlConformanceTest extends DelegateConformance {
  private static final TensorType TYPE = TensorType.of(DType.FLOAT, 2, 3);

  @Override
  protected Delegate delegate() {
    return new CoreMlDelegate();
  }

  @Override
  protected Map<String, String> options() {
    return Map.of(CoreMlDelegate.LIBRARY_OPTION, CoreMlEmulator.library().toString());
  }

  @Override
  protected Optional<Map<String, String>> optionsWithoutLibrary() {
    return Optional.of(Map.of(CoreMlDelegate.LIBRARY_OPTION, "/nowhere/libbaton_coreml.so"));
  }

  @Override
  protected Set<String> cannot() {
    return everything();
  }

  @Override
  protected List<PayloadSample> payloads() {
    return List.of(sample("plain-coreml", 2, 2, false), sample("counter-coreml", 1, 1, true));
  }

  private static PayloadSample sample(String name, int inputs, int outputs, boolean stateful) {
    return new PayloadSample(
        name,
        CoreMlDelegate.PAYLOAD_ID,
        CoreMlEmulator.payload(name),
        Map.of(),
        java.util.Collections.nCopies(inputs, TYPE),
        java.util.Collections.nCopies(outputs, TYPE),
        stateful);
  }
}
