package dev.baton.benchmarks;

import dev.baton.cases.ModelCase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures Baton beside other runtimes, in turn, on the same cases. */
@Command(
    name = "side-by-side",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Measures Baton beside other runtimes, in turn, on the same cases.",
    footer = {
      "",
      "A case is a folder with model.pte, case.json and inputs/0.npy. In CASE=OTHER, Baton runs CASE"
          + " and the other runtimes OTHER: the same model, exported in another way. ONNX Runtime"
          + " takes cases with a model.onnx.",
      "",
      "Each measurement is a process of its own; in each round every runtime has its turn. Ratios"
          + " are of medians in the same round: below 1, the runtime is faster than the first"
          + " column's."
    })
public final class SideBySide implements Callable<Integer> {
  private static final String BEGIN = "<!-- side-by-side: begin -->";
  private static final String END = "<!-- side-by-side: end -->";

  @Parameters(paramLabel = "CASE[=OTHER]", arity = "1..*", description = "Folders of cases.")
  private List<String> cases = new ArrayList<>();

  @Option(
      names = "--executorch",
      paramLabel = "FILE",
      description = "The program that benchmarks/executorch/build makes.")
  private @Nullable Path executorch;

  @Option(names = "--java", description = "Measures Baton without delegates too.")
  private boolean java;

  @Option(
      names = "--threads",
      split = ",",
      defaultValue = "1,2",
      description = "Thread counts; default: 1,2.")
  private List<Integer> threads = new ArrayList<>();

  @Option(names = "--rounds", defaultValue = "4", description = "Default: 4.")
  private int rounds;

  @Option(names = "--seconds", defaultValue = "2", description = "Of each measurement; default: 2.")
  private double seconds;

  @Option(
      names = "--write",
      paramLabel = "FILE.md",
      description = "Also puts the tables between this file's markers " + BEGIN + ".")
  private @Nullable Path write;

  @SuppressWarnings("NullAway.Init")
  SideBySide() {}

  public static void main(String[] arguments) {
    System.exit(
        new CommandLine(new SideBySide())
            .setExecutionExceptionHandler((e, command, parsed) -> {
              System.err.println("side-by-side: " + e.getMessage());
              return 1;
            })
            .execute(arguments));
  }

  /** A case of Baton's, and the one that others run. */
  private record Line(ModelCase own, ModelCase others, int threads) {
    String title() {
      return own.name()
          + (own.name().equals(others.name()) ? "" : " (others: " + others.name() + ")");
    }

    ModelCase of(Contender contender) {
      return contender instanceof BatonContender ? own : others;
    }
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    List<Contender> contenders = contenders();
    List<String> report = new ArrayList<>();
    report.add("%s. %d rounds of %.0f s each.".formatted(Machine.describe(), rounds, seconds));
    report.add("");
    report.add("| Program | Threads | Runtime | Median | Ratio | First load | Peak memory |");
    report.add("|---|---|---|---|---|---|---|");
    report.forEach(System.out::println);
    for (Line line : lines()) {
      for (String row : rows(line, measure(line, contenders))) {
        System.out.println(row);
        report.add(row);
      }
    }
    if (write != null) {
      replace(write, String.join("\n", report));
    }
    return 0;
  }

  private List<Contender> contenders() {
    List<Contender> contenders = new ArrayList<>();
    if (executorch != null) {
      contenders.add(new ExecutorchContender(executorch));
    }
    contenders.add(new BatonContender("Baton", "auto"));
    if (java) {
      contenders.add(new BatonContender("Baton, Java alone", "none"));
    }
    contenders.add(new OnnxContender());
    return contenders;
  }

  private List<Line> lines() throws IOException {
    List<Line> lines = new ArrayList<>();
    for (String spec : cases) {
      int equals = spec.indexOf('=');
      ModelCase own = ModelCase.read(Path.of(equals < 0 ? spec : spec.substring(0, equals)));
      ModelCase others = equals < 0 ? own : ModelCase.read(Path.of(spec.substring(equals + 1)));
      threads.forEach(t -> lines.add(new Line(own, others, t)));
    }
    return lines;
  }

  private Map<String, Series> measure(Line line, List<Contender> contenders)
      throws IOException, InterruptedException {
    Map<String, Series> series = new LinkedHashMap<>();
    for (int round = 0; round < rounds; round++) {
      for (Contender contender : contenders) {
        if (contender.takes(line.of(contender))) {
          series
              .computeIfAbsent(contender.name(), n -> new Series())
              .add(contender.measure(line.of(contender), line.threads(), seconds));
        }
      }
    }
    return series;
  }

  private static List<String> rows(Line line, Map<String, Series> all) {
    List<String> rows = new ArrayList<>();
    Series base = all.values().iterator().next();
    all.forEach((name, series) -> {
      double peak = series.median(Measurement::peakMegabytes);
      rows.add(
          String.format(
              Locale.ROOT,
              "| %s | %d | %s | %s | %s | %.1f ms | %s |",
              line.title(),
              line.threads(),
              name,
              time(series.median(Measurement::medianMicros)),
              series == base ? "1" : series.ratio(base, Measurement::medianMicros),
              series.median(Measurement::loadMillis),
              Double.isNaN(peak) ? "" : "%.0f MB".formatted(peak)));
    });
    return rows;
  }

  private static String time(double micros) {
    return micros < 1000
        ? String.format(Locale.ROOT, "%.1f µs", micros)
        : String.format(Locale.ROOT, "%.2f ms", micros / 1000);
  }

  private static void replace(Path file, String tables) throws IOException {
    String text = Files.readString(file);
    int begin = text.indexOf(BEGIN);
    int end = text.indexOf(END);
    if (begin < 0 || end < begin) {
      throw new IOException(file + " has no lines " + BEGIN + " and " + END);
    }
    Files.writeString(
        file,
        text.substring(0, begin + BEGIN.length()) + "\n" + tables + "\n" + text.substring(end));
  }
}
