package dev.baton.benchmarks.beside;

import dev.baton.benchmarks.Spread;
import dev.baton.benchmarks.beside.Subject.Form;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.function.ToDoubleFunction;

/** All measurements, by what was measured and round. */
final class Results {
  /** What one series of rounds is of. */
  record Cell(String model, Form form, String runtime, int threads) {
    Cell withForm(Form other) {
      return new Cell(model, other, runtime, threads);
    }

    Cell withRuntime(String other) {
      return new Cell(model, form, other, threads);
    }

    Cell withThreads(int count) {
      return new Cell(model, form, runtime, count);
    }
  }

  private final Map<Cell, List<Measurement>> rounds = new LinkedHashMap<>();
  private final Map<Cell, String> titles = new LinkedHashMap<>();

  /** Adds the next round of a cell. */
  void add(Subject subject, String runtime, int threads, Measurement measurement) {
    Cell cell = new Cell(subject.model(), subject.form(), runtime, threads);
    rounds.computeIfAbsent(cell, c -> new ArrayList<>()).add(measurement);
    titles.put(cell, subject.title());
  }

  /** In the order in which they were first measured. */
  SequencedSet<Cell> cells() {
    return new LinkedHashSet<>(rounds.keySet());
  }

  /** The words for a cell's program. */
  String title(Cell cell) {
    return titles.getOrDefault(cell, cell.model());
  }

  /** Empty if the cell was not measured, or does not tell this figure. */
  Optional<Spread> figure(Cell cell, ToDoubleFunction<Measurement> figure) {
    List<Double> values = values(cell, figure);
    return values.isEmpty() ? Optional.empty() : Optional.of(Spread.of(values));
  }

  /** Times of a cell to those of another, round by round; empty if one was not measured. */
  Optional<Spread> ratio(Cell cell, Cell base) {
    List<Double> values = values(cell, Measurement::medianMicros);
    List<Double> bases = values(base, Measurement::medianMicros);
    return values.isEmpty() || bases.isEmpty()
        ? Optional.empty()
        : Optional.of(Spread.ofRatios(values, bases));
  }

  private List<Double> values(Cell cell, ToDoubleFunction<Measurement> figure) {
    return rounds.getOrDefault(cell, List.of()).stream()
        .map(figure::applyAsDouble)
        .filter(v -> !v.isNaN())
        .toList();
  }
}
