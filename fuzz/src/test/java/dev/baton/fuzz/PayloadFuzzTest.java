package dev.baton.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;

/** Programs with sound tables, whose XNNPACK payloads are changed: lifted, claimed again, run. */
class PayloadFuzzTest {
  private static final List<Seed> SEEDS = Seeds.payloads();

  @FuzzTest
  void payloads(byte[] input) {
    HostileRun.ofProgram(input, SEEDS, HostileRun.delegates());
  }
}
