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

/** What all processes told, by what was measured. */
final class Results {
  /** What one series of turns is of. */
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

  private final Map<Cell, List<Start>> starts = new LinkedHashMap<>();
  private final Map<Cell, List<Turn>> turns = new LinkedHashMap<>();
  private final Map<Cell, String> titles = new LinkedHashMap<>();

  static Cell cell(Subject subject, String runtime, int threads) {
    return new Cell(subject.model(), subject.form(), runtime, threads);
  }

  /** Adds another start of a cell. */
  void add(Subject subject, String runtime, int threads, Start start) {
    Cell cell = cell(subject, runtime, threads);
    starts.computeIfAbsent(cell, c -> new ArrayList<>()).add(start);
    titles.put(cell, subject.title());
  }

  /** Adds the next turn of a cell. */
  void add(Subject subject, String runtime, int threads, Turn turn) {
    Cell cell = cell(subject, runtime, threads);
    turns.computeIfAbsent(cell, c -> new ArrayList<>()).add(turn);
    titles.put(cell, subject.title());
  }

  /** In the order in which they were first measured. */
  SequencedSet<Cell> cells() {
    return new LinkedHashSet<>(titles.keySet());
  }

  /** The words for a cell's program. */
  String title(Cell cell) {
    return titles.getOrDefault(cell, cell.model());
  }

  /** Empty if the cell was not measured, or does not tell this figure. */
  Optional<Spread> atStart(Cell cell, ToDoubleFunction<Start> figure) {
    return spread(told(starts.getOrDefault(cell, List.of()), figure));
  }

  /** Empty if the cell was not measured, or does not tell this figure. */
  Optional<Spread> inTurns(Cell cell, ToDoubleFunction<Turn> figure) {
    return spread(told(turns.getOrDefault(cell, List.of()), figure));
  }

  /** Times of a cell to those of another, round by round; empty if one was not measured. */
  Optional<Spread> ratio(Cell cell, Cell base) {
    List<Double> values = told(turns.getOrDefault(cell, List.of()), Turn::medianMicros);
    List<Double> bases = told(turns.getOrDefault(base, List.of()), Turn::medianMicros);
    return values.isEmpty() || bases.isEmpty()
        ? Optional.empty()
        : Optional.of(Spread.ofRatios(values, bases));
  }

  private static Optional<Spread> spread(List<Double> values) {
    return values.isEmpty() ? Optional.empty() : Optional.of(Spread.of(values));
  }

  private static <T> List<Double> told(List<T> all, ToDoubleFunction<T> figure) {
    return all.stream().map(figure::applyAsDouble).filter(v -> !v.isNaN()).toList();
  }
}
