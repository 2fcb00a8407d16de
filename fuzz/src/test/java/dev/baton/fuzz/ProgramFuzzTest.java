package dev.baton.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;

/** Programs with changed tables and constants, on Java kernels. */
class ProgramFuzzTest {
  private static final List<Seed> SEEDS = Seeds.programs();

  @FuzzTest
  void programs(byte[] input) {
    Recipe recipe = Recipe.of(input);
    Seed seed = SEEDS.get(recipe.seed() % SEEDS.size());
    HostileRun.of(recipe, recipe.apply(seed), List.of(), HostileRun.java());
  }
}
