package dev.baton.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Recipes of the corpus name their seed by its place, so that one added later changes none. */
class CorpusTest {
  static Stream<Arguments> targets() {
    return Stream.of(
        Arguments.of("Bundled", Seeds.bundles()),
        Arguments.of("CoreMl", Seeds.coreMl()),
        Arguments.of("DataFile", Seeds.dataFiles()),
        Arguments.of("DelegatedProgram", Seeds.programs()),
        Arguments.of("EtDump", Seeds.etDumps()),
        Arguments.of("Payload", Seeds.payloads()),
        Arguments.of("Program", Seeds.programs()));
  }

  @ParameterizedTest
  @MethodSource("targets")
  void recipesNameTheirSeed(String target, List<Seed> seeds) throws IOException {
    Path folder = Path.of("src/test/resources/dev/baton/fuzz").resolve(target + "FuzzTestInputs");
    List<Path> recipes;
    try (Stream<Path> files = Files.walk(folder)) {
      recipes = files.filter(Files::isRegularFile).toList();
    }
    assertTrue(recipes.size() >= seeds.size(), "recipes: " + recipes.size());
    for (Path file : recipes) {
      int seed = Recipe.of(Files.readAllBytes(file)).seed();
      assertTrue(
          seed < seeds.size(),
          () -> file + " names seed " + seed + ": write " + seed % seeds.size() + " instead");
    }
  }
}
