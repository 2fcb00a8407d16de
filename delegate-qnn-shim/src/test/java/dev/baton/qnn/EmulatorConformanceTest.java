package dev.baton.qnn;

import dev.baton.tck.conformance.PayloadSample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;

/** On the emulator of a float32 backend. */
class EmulatorConformanceTest extends ClaimingConformance {
  private static Path library = Path.of("");

  @BeforeAll
  static void emulator() throws IOException {
    // stays: libraries stay loaded
    library = Emulator.in(Files.createTempDirectory("qnn")).resolveSibling("libQnnCpu.so");
  }

  @Override
  Path library() {
    return library;
  }

  @Override
  protected List<PayloadSample> payloads() {
    return List.of(Emulator.sum(library), Emulator.counter(library));
  }
}
