package dev.baton.benchmarks.beside;

import dev.baton.benchmarks.MarkdownTable;
import dev.baton.benchmarks.Spread;
import dev.baton.benchmarks.beside.Results.Cell;
import dev.baton.benchmarks.beside.Subject.Form;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What measurements say, as Markdown. */
final class Tables {
  private static final String NOTHING = "";

  /** The model whose cold run has a bar. */
  private static final String FIRST_RUN_OF = "mobilenet_v2";

  private static final String JAVA = BatonContender.JAVA.title();
  private static final String NATIVE = BatonContender.NATIVE.title();

  private final Results results;

  Tables(Results results) {
    this.results = results;
  }

  /** Every table, by the name of its part in the document. */
  Map<String, String> all() {
    Map<String, MarkdownTable> tables = new LinkedHashMap<>();
    tables.put("bars", bars());
    tables.put("runtimes", runtimes());
    tables.put("java", java());
    tables.put("int8", int8());
    tables.put("load", load());
    Map<String, String> texts = new LinkedHashMap<>();
    tables.forEach((name, t) -> texts.put(name, t.isEmpty() ? "Not measured." : t.toString()));
    return texts;
  }

  /** Time of each runtime: ExecuTorch's, and the others' ratio to it. */
  private MarkdownTable runtimes() {
    String onnx = OnnxContender.TITLE;
    MarkdownTable table =
        new MarkdownTable(
            "Program",
            "Threads",
            ExecutorchContender.TITLE,
            NATIVE,
            NATIVE + " / ExecuTorch",
            JAVA + " / ExecuTorch",
            onnx + " / ExecuTorch");
    for (Cell cell : of(NATIVE)) {
      // What was never lowered is measured against the lowered file.
      Form form = cell.form() == Form.PORTABLE ? Form.LOWERED : cell.form();
      Cell base = cell.withForm(form).withRuntime(ExecutorchContender.TITLE);
      table.row(
          results.title(cell),
          "" + cell.threads(),
          time(base),
          time(cell),
          ratio(cell, base),
          ratio(cell.withRuntime(JAVA), base),
          ratio(cell.withRuntime(onnx), base));
    }
    return table;
  }

  /** Java against native, threads against one thread, what a run allocates. */
  private MarkdownTable java() {
    MarkdownTable table =
        new MarkdownTable(
            "Program",
            "Threads",
            "Java",
            "Java / native",
            "Java, speed-up over 1 thread",
            "native, speed-up over 1 thread",
            "Java, heap bytes a run",
            "native, heap bytes a run");
    for (Cell cell : of(JAVA)) {
      Cell other = cell.withRuntime(NATIVE);
      table.row(
          results.title(cell),
          "" + cell.threads(),
          time(cell),
          ratio(cell, other),
          cell.threads() == 1 ? NOTHING : ratio(cell.withThreads(1), cell),
          cell.threads() == 1 ? NOTHING : ratio(other.withThreads(1), other),
          heap(cell),
          heap(other));
    }
    return table;
  }

  /** int8 against float32, on the same runtime. */
  private MarkdownTable int8() {
    MarkdownTable table =
        new MarkdownTable("Program", "Threads", "Java, int8 / float32", "native, int8 / float32");
    for (Cell cell : of(JAVA)) {
      if (isInt8(cell.form())) {
        Cell other = cell.withRuntime(NATIVE);
        table.row(
            results.title(cell),
            "" + cell.threads(),
            ratio(cell, cell.withForm(Form.LOWERED)),
            ratio(other, other.withForm(Form.LOWERED)));
      }
    }
    return table;
  }

  /** What comes before the first result, and memory; with the fewest threads that were measured. */
  private MarkdownTable load() {
    MarkdownTable table =
        new MarkdownTable(
            "Program",
            "Threads",
            "Runtime",
            "Load",
            "First run",
            "Peak memory",
            "Arena",
            "Packed, copied");
    int fewest = results.cells().stream().mapToInt(Cell::threads).min().orElse(1);
    for (Cell cell : results.cells()) {
      if (cell.threads() > fewest) {
        continue;
      }
      table.row(
          results.title(cell),
          "" + cell.threads(),
          cell.runtime(),
          spread(results.atStart(cell, Start::loadMillis), "%.1f", " ms"),
          spread(results.atStart(cell, Start::firstMillis), "%.1f", " ms"),
          median(results.inTurns(cell, Turn::peakMegabytes), "%.0f MiB"),
          median(results.atStart(cell, Start::arenaMegabytes), "%.2f MiB"),
          median(results.atStart(cell, Start::constantMegabytes), "%.2f MiB"));
    }
    return table;
  }

  // ---- bars

  /** A bar, and the measurement that is farthest from passing it. */
  private static final class Bar {
    final String words;
    final double limit;
    final boolean atMost;
    double worst = Double.NaN;
    String where = NOTHING;

    Bar(String words, double limit, boolean atMost) {
      this.words = words;
      this.limit = limit;
      this.atMost = atMost;
    }

    void meet(String title, Optional<Double> value) {
      value.ifPresent(v -> {
        if (Double.isNaN(worst) || (atMost ? v > worst : v < worst)) {
          worst = v;
          where = title;
        }
      });
    }

    boolean isMet() {
      return atMost ? worst <= limit : worst >= limit;
    }
  }

  private MarkdownTable bars() {
    Bar ratio = new Bar("Java / native, float32, 1 thread", 3, true);
    Bar speedUp = new Bar("Java, float32, 2 threads: speed-up over 1", 1.6, false);
    Bar int8 = new Bar("Java, int8 / float32, 1 thread", 1.3, true);
    Bar heap = new Bar("heap bytes a run, Java", 1, true);
    Bar nativeHeap = new Bar("heap bytes a run, native", 1, true);
    Bar first = new Bar("first run after load, Java, of " + FIRST_RUN_OF + " (ms)", 1500, true);
    for (Cell cell : of(JAVA)) {
      String title = results.title(cell);
      boolean single = cell.threads() == 1;
      if (cell.form() == Form.LOWERED && single) {
        ratio.meet(title, medianRatio(cell, cell.withRuntime(NATIVE)));
        if (cell.model().equals(FIRST_RUN_OF)) {
          first.meet(title, middle(results.atStart(cell, Start::firstMillis)));
        }
      }
      if (cell.form() == Form.LOWERED && cell.threads() == 2) {
        speedUp.meet(title, medianRatio(cell.withThreads(1), cell));
      }
      if (isInt8(cell.form()) && single) {
        int8.meet(title, medianRatio(cell, cell.withForm(Form.LOWERED)));
      }
      heap.meet(title, middle(results.inTurns(cell, Turn::heapBytesPerRun)));
      nativeHeap.meet(
          title, middle(results.inTurns(cell.withRuntime(NATIVE), Turn::heapBytesPerRun)));
    }
    MarkdownTable table = new MarkdownTable("Bar", "Limit", "Worst median", "Program", "Met");
    for (Bar bar : List.of(ratio, speedUp, int8, heap, nativeHeap, first)) {
      if (!Double.isNaN(bar.worst)) {
        table.row(
            bar.words,
            (bar.atMost ? "≤ " : "≥ ") + number("%.1f", bar.limit),
            number("%.2f", bar.worst),
            bar.where,
            bar.isMet() ? "yes" : "**no**");
      }
    }
    return table;
  }

  private static boolean isInt8(Form form) {
    return form == Form.STATIC_INT8 || form == Form.DYNAMIC_INT8;
  }

  // ---- cells

  private List<Cell> of(String runtime) {
    List<Cell> cells = new ArrayList<>();
    for (Cell cell : results.cells()) {
      if (cell.runtime().equals(runtime)) {
        cells.add(cell);
      }
    }
    return cells;
  }

  private Optional<Double> medianRatio(Cell cell, Cell base) {
    return middle(results.ratio(cell, base));
  }

  private static Optional<Double> middle(Optional<Spread> spread) {
    return spread.map(Spread::median);
  }

  private String ratio(Cell cell, Cell base) {
    return results.ratio(cell, base).map(Spread::toString).orElse(NOTHING);
  }

  private String time(Cell cell) {
    return results
        .inTurns(cell, Turn::medianMicros)
        .map(s ->
            s.median() < 1000
                ? number("%.1f µs", s.median())
                : number("%.2f ms", s.median() / 1000))
        .orElse(NOTHING);
  }

  private String heap(Cell cell) {
    return median(results.inTurns(cell, Turn::heapBytesPerRun), "%.2f");
  }

  private static String median(Optional<Spread> spread, String format) {
    return spread.map(s -> number(format, s.median())).orElse(NOTHING);
  }

  private static String spread(Optional<Spread> spread, String format, String unit) {
    return spread
        .map(s ->
            number(format, s.median())
                + " ("
                + number(format, s.min())
                + "–"
                + number(format, s.max())
                + ")"
                + unit)
        .orElse(NOTHING);
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
