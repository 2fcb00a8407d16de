package dev.baton.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;

/** Programs with sound tables, whose Core ML payloads are changed: opened, lifted, run. */
class CoreMlFuzzTest {
  private static final List<Seed> SEEDS = Seeds.coreMl();

  @FuzzTest
  void coreMl(byte[] input) {
    HostileRun.ofProgram(input, SEEDS, HostileRun.java());
  }
}
