package dev.baton.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The measurements of one contender on one line, one for each round. */
final class Series {
  private final List<Measurement> rounds = new ArrayList<>();

  void add(Measurement measurement) {
    rounds.add(measurement);
  }

  boolean isEmpty() {
    return rounds.isEmpty();
  }

  /** The median over the rounds. */
  double median(ToDoubleFunction<Measurement> figure) {
    return median(rounds.stream().map(figure::applyAsDouble).toList());
  }

  /** Median and range of the ratios of each round to the same round of another series. */
  String ratio(Series base, ToDoubleFunction<Measurement> figure) {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < Math.min(rounds.size(), base.rounds.size()); i++) {
      ratios.add(figure.applyAsDouble(rounds.get(i)) / figure.applyAsDouble(base.rounds.get(i)));
    }
    return String.format(
        Locale.ROOT,
        "%.2f (%.2f–%.2f)",
        median(ratios),
        Collections.min(ratios),
        Collections.max(ratios));
  }

  private static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int n = sorted.size();
    return n % 2 == 1 ? sorted.get(n / 2) : (sorted.get(n / 2 - 1) + sorted.get(n / 2)) / 2;
  }
}
