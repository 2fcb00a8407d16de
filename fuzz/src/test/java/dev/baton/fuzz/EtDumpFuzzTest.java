package dev.baton.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.baton.devtools.etdump.EtDump;
import dev.baton.devtools.etdump.EtDumpFile;
import dev.baton.devtools.etdump.EtDumpTable;
import dev.baton.runtime.BatonException;
import java.util.List;

/** Changed recordings of runs: one exception, or what can be summed up, written and read again. */
class EtDumpFuzzTest {
  private static final List<Seed> SEEDS = Seeds.etDumps();

  @FuzzTest
  void etDumps(byte[] input) {
    Recipe recipe = Recipe.of(input);
    Seed seed = recipe.of(SEEDS);
    EtDump dump;
    try {
      dump = EtDumpFile.read(seed.name(), recipe.apply(seed));
    } catch (BatonException expected) {
      return; // one sentence
    }
    EtDumpTable.of(dump);
    assertEquals(
        dump, EtDumpFile.read("again", EtDumpFile.write(dump)), () -> recipe.describe(seed));
  }
}
