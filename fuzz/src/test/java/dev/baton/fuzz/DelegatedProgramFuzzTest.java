package dev.baton.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;

/** As {@link ProgramFuzzTest}, with the delegates of this machine: native code gets what lies. */
class DelegatedProgramFuzzTest {
  private static final List<Seed> SEEDS = Seeds.programs();

  @FuzzTest
  void delegatedPrograms(byte[] input) {
    HostileRun.ofProgram(input, SEEDS, HostileRun.delegates());
  }
}
