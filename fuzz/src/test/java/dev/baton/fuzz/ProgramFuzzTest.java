package dev.baton.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;

/** Programs with changed tables and constants, on Java kernels. */
class ProgramFuzzTest {
  private static final List<Seed> SEEDS = Seeds.programs();

  @FuzzTest
  void programs(byte[] input) {
    HostileRun.ofProgram(input, SEEDS, HostileRun.java());
  }
}
