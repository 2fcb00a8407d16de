package dev.baton.qnn;

import dev.baton.delegate.Delegate;
import dev.baton.tck.conformance.DelegateConformance;
import dev.baton.tck.conformance.PayloadSample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;

/** The delegate does what every delegate must do, on the emulator of a float32 backend. */
class EmulatorConformanceTest extends DelegateConformance {
  private static Path library = Path.of("");

  @BeforeAll
  static void emulator() throws IOException {
    // stays: libraries stay loaded
    library = Emulator.in(Files.createTempDirectory("qnn")).resolveSibling("libQnnCpu.so");
  }

  @Override
  protected Delegate delegate() {
    return new QnnDelegate();
  }

  @Override
  protected Map<String, String> options() {
    return Map.of(QnnDelegate.LIBRARY_OPTION, library.toString(), QnnDelegate.CLAIM_OPTION, "on");
  }

  @Override
  protected Optional<Map<String, String>> optionsWithoutLibrary() {
    return Optional.of(Map.of(QnnDelegate.LIBRARY_OPTION, "/nowhere/libQnnHtp.so"));
  }

  @Override
  protected Set<String> cannot() {
    return Set.of(DYNAMIC_SHAPES, VendorConformanceTest.DIVISION);
  }

  @Override
  protected List<PayloadSample> payloads() {
    return List.of(Emulator.sum(library), Emulator.counter(library));
  }
}
