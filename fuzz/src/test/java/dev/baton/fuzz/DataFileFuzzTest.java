package dev.baton.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;

/** Changed data files, of both layouts, beside the sound programs whose weights they hold. */
class DataFileFuzzTest {
  private static final List<Seed> SEEDS = Seeds.dataFiles();

  @FuzzTest
  void dataFiles(byte[] input) {
    HostileRun.ofDataFile(input, SEEDS, HostileRun.java());
  }
}
