package dev.baton.devtools.debug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The fewest that still show something, and how often it was tried. */
final class BisectionTest {
  private final List<List<Integer>> tried = new ArrayList<>();

  private static List<Integer> positions(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  private Bisection<List<Integer>> bisection(int probes, Predicate<List<Integer>> shows) {
    return new Bisection<>(
        probes,
        positions -> {
          tried.add(positions);
          return shows.test(positions) ? positions : null;
        });
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "0, 199", "198, 199", "20, 150", "99, 100", "7, 7"})
  void onlyWhatIsNeededIsKept(int one, int other) throws IOException {
    Set<Integer> needed = one == other ? Set.of(one) : Set.of(one, other);
    Bisection.Least<List<Integer>> least =
        bisection(64, p -> p.containsAll(needed)).search(positions(200)).orElseThrow();
    assertEquals(needed.stream().sorted().toList(), least.operators());
    assertEquals(least.operators(), least.shown());
    assertTrue(least.complete());
    assertTrue(tried.size() <= 64, () -> tried.size() + " were tried");
  }

  @Test
  void whatAllAreNeededForIsKept() throws IOException {
    Bisection.Least<List<Integer>> least =
        bisection(1000, p -> p.size() == 10).search(positions(10)).orElseThrow();
    assertEquals(positions(10), least.operators());
    assertTrue(least.complete());
  }

  @Test
  void aSearchThatEndsEarlySaysSo() throws IOException {
    Set<Integer> needed = Set.copyOf(positions(100));
    Bisection.Least<List<Integer>> least =
        bisection(64, p -> p.containsAll(needed)).search(positions(102)).orElseThrow();
    assertFalse(least.complete());
    assertEquals(64, tried.size());
    assertTrue(least.operators().containsAll(needed));
  }

  @Test
  void whatDoesNotShowIsNotSearched() throws IOException {
    assertTrue(bisection(64, p -> false).search(positions(5)).isEmpty());
    assertEquals(1, tried.size());
  }

  @Test
  void nothingIsTriedWithoutOperators() throws IOException {
    bisection(64, p -> true).search(positions(3));
    assertTrue(tried.stream().noneMatch(List::isEmpty));
  }
}
