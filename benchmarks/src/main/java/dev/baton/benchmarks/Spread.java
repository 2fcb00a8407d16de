package dev.baton.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What several rounds gave: of an even number of values, the median is the middle two's mean. */
public record Spread(double median, double min, double max) {
  /**
   * @throws IllegalArgumentException if there are no values, or one is NaN
   */
  public static Spread of(List<Double> values) {
    if (values.isEmpty() || values.contains(Double.NaN)) {
      throw new IllegalArgumentException("no spread of " + values);
    }
    List<Double> sorted = values.stream().sorted().toList();
    int n = sorted.size();
    return new Spread(
        (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2, sorted.getFirst(), sorted.getLast());
  }

  /**
   * The ratios of values to bases, round by round: what slowed the machine in a round slowed both.
   *
   * @throws IllegalArgumentException if their numbers differ
   */
  public static Spread ofRatios(List<Double> values, List<Double> bases) {
    if (values.size() != bases.size()) {
      throw new IllegalArgumentException(values.size() + " rounds and " + bases.size());
    }
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      ratios.add(values.get(i) / bases.get(i));
    }
    return of(ratios);
  }

  /** Median and range, with two decimals: {@code 0.98 (0.91–1.07)}. */
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%.2f (%.2f–%.2f)", median, min, max);
  }
}
