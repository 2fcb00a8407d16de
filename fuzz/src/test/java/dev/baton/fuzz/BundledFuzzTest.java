package dev.baton.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;

/** Changed bundled programs: their tests are read, the program inside is run on Java kernels. */
class BundledFuzzTest {
  private static final List<Seed> SEEDS = Seeds.bundles();

  @FuzzTest
  void bundles(byte[] input) {
    HostileRun.ofBundle(input, SEEDS, HostileRun.java());
  }
}
