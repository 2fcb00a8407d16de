package dev.baton.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;

/** Changed data files, of both layouts, beside the sound programs whose weights they hold. */
class DataFileFuzzTest {
  private static final List<Seed> SEEDS = Seeds.dataFiles();

  @FuzzTest
  void dataFiles(byte[] input) {
    Recipe recipe = Recipe.of(input);
    Seed seed = SEEDS.get(recipe.seed() % SEEDS.size());
    byte[] program = Seed.read(Seed.path(seed.name(), "pte"));
    HostileRun.of(recipe, program, List.of(recipe.apply(seed)), HostileRun.java());
  }
}
