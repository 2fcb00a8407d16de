package dev.baton.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpreadTest {
  @Test
  void medianOfOddAndEvenNumbers() {
    assertEquals(new Spread(2, 1, 9), Spread.of(List.of(9.0, 1.0, 2.0)));
    assertEquals(new Spread(3, 1, 9), Spread.of(List.of(9.0, 1.0, 2.0, 4.0)));
    assertEquals(new Spread(5, 5, 5), Spread.of(List.of(5.0)));
  }

  /** The ratio of the medians would be 1. */
  @Test
  void ratiosAreOfTheSameRound() {
    Spread ratios = Spread.ofRatios(List.of(1.0, 2.0, 30.0), List.of(2.0, 1.0, 10.0));
    assertEquals(new Spread(2, 0.5, 3), ratios);
    assertEquals("2.00 (0.50–3.00)", ratios.toString());
  }

  @Test
  void refusesWhatHasNoSpread() {
    List<Double> one = List.of(1.0);
    assertThrows(IllegalArgumentException.class, () -> Spread.of(List.of()));
    assertThrows(IllegalArgumentException.class, () -> Spread.of(List.of(1.0, Double.NaN)));
    assertThrows(IllegalArgumentException.class, () -> Spread.ofRatios(one, List.of(1.0, 2.0)));
  }
}
