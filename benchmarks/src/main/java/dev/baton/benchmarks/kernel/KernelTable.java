package dev.baton.benchmarks.kernel;

import dev.baton.benchmarks.Machine;
import dev.baton.benchmarks.MarkdownTable;
import dev.baton.benchmarks.MarkedDocument;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Runs {@link KernelBenchmark} by JMH, and shows what it gave as one table. */
public final class KernelTable {
  private static final String HELP =
      """
      Measures kernels by themselves, by JMH.

        benchmarks/jmh [REGEX] [--write] [JMH-OPTION…]

      REGEX chooses programs by a part of their names: %s.

      Each runs on the vector kernels, on the reference kernels, on XNNPACK if that takes it, and on
      the vector kernels in a process that has run every other program before (polluted). A program
      whose results are not those of the reference kernels fails. About 8 minutes for all.

        --write         puts the table between the marked lines of docs/performance.md
        -p runner=VECTOR, -p profile=CLEAN, -p threads=1,2
                        what to measure, of each
        -h              JMH's options; such as -f FORKS, -i ITERATIONS, -r SECONDS, -wi WARM-UPS
      """;

  private static final String PART = "kernels";

  /** A row of the table. */
  private record Row(String program, String threads) {}

  /** A column of it. */
  private record Column(KernelRunner runner, KernelBenchmark.Profile profile) {}

  private static final Column VECTOR =
      new Column(KernelRunner.VECTOR, KernelBenchmark.Profile.CLEAN);
  private static final Column REFERENCE =
      new Column(KernelRunner.REFERENCE, KernelBenchmark.Profile.CLEAN);
  private static final Column XNNPACK =
      new Column(KernelRunner.XNNPACK, KernelBenchmark.Profile.CLEAN);
  private static final Column POLLUTED =
      new Column(KernelRunner.VECTOR, KernelBenchmark.Profile.POLLUTED);
  private static final List<Column> COLUMNS = List.of(VECTOR, REFERENCE, XNNPACK, POLLUTED);

  private KernelTable() {}

  public static void main(String[] arguments)
      throws IOException, RunnerException, CommandLineOptionException {
    List<String> rest = new ArrayList<>(Arrays.asList(arguments));
    if (rest.contains("--help")) {
      System.out.printf(HELP, String.join(", ", KernelPrograms.names()));
      return;
    }
    boolean write = rest.remove("--write");
    String regex = rest.isEmpty() || rest.getFirst().startsWith("-") ? "" : rest.removeFirst();
    CommandLineOptions options = new CommandLineOptions(rest.toArray(String[]::new));
    if (options.shouldHelp()) {
      options.showHelp();
      return;
    }
    Map<Row, Map<Column, Double>> nanos = measure(programs(regex), options);
    List<String> command = new ArrayList<>(List.of("benchmarks/jmh"));
    command.addAll(Arrays.asList(arguments));
    String text =
        "%s. `Execution.run()`, measured by `%s`.\n\n%s"
            .formatted(Machine.describe(), String.join(" ", command), table(nanos));
    System.out.println(text);
    if (write) {
      Path benchmarks = Path.of(System.getProperty("baton.benchmarks", "benchmarks"));
      MarkedDocument.write(
          benchmarks.resolveSibling("docs").resolve("performance.md"), Map.of(PART, text));
    }
  }

  private static List<String> programs(String regex) {
    Pattern pattern = Pattern.compile(regex);
    List<String> chosen =
        KernelPrograms.names().stream().filter(n -> pattern.matcher(n).find()).toList();
    if (chosen.isEmpty()) {
      throw new IllegalArgumentException(
          "no program matches '" + regex + "', there are " + KernelPrograms.names());
    }
    return chosen;
  }

  private static Map<Row, Map<Column, Double>> measure(
      List<String> programs, CommandLineOptions options) throws RunnerException {
    Map<Row, Map<Column, Double>> nanos = new LinkedHashMap<>();
    for (Column column : COLUMNS) {
      List<String> taken =
          programs.stream().filter(p -> column.runner().takes(KernelPrograms.get(p))).toList();
      if (taken.isEmpty()
          || !asked(options, "runner", column.runner())
          || !asked(options, "profile", column.profile())) {
        continue;
      }
      Collection<RunResult> results =
          new Runner(
                  new OptionsBuilder()
                      .parent(options)
                      .include(Pattern.quote(KernelBenchmark.class.getName() + ".run"))
                      .param("program", taken.toArray(String[]::new))
                      .param("runner", column.runner().name())
                      .param("profile", column.profile().name())
                      .shouldFailOnError(true)
                      .build())
              .run();
      for (RunResult result : results) {
        Row row =
            new Row(result.getParams().getParam("program"), result.getParams().getParam("threads"));
        nanos
            .computeIfAbsent(row, r -> new HashMap<>())
            .put(column, result.getPrimaryResult().getScore());
      }
    }
    return nanos;
  }

  private static boolean asked(CommandLineOptions options, String parameter, Enum<?> value) {
    return !options.getParameter(parameter).hasValue()
        || options.getParameter(parameter).get().contains(value.name());
  }

  /** Time on the vector kernels, their rate, and the others' times to it. */
  static String table(Map<Row, Map<Column, Double>> nanos) {
    MarkdownTable table =
        new MarkdownTable(
            "Program",
            "Threads",
            "vector",
            "vector, rate",
            "XNNPACK, rate",
            "reference, rate",
            "vector / XNNPACK",
            "polluted / clean");
    nanos.forEach((row, times) -> {
      KernelProgram program = KernelPrograms.get(row.program());
      Double vector = times.get(VECTOR);
      table.row(
          row.program(),
          row.threads(),
          vector == null ? "" : number("%.1f µs", vector / 1000),
          rate(program, vector),
          rate(program, times.get(XNNPACK)),
          rate(program, times.get(REFERENCE)),
          ratio(vector, times.get(XNNPACK)),
          ratio(times.get(POLLUTED), vector));
    });
    return table.toString();
  }

  private static String rate(KernelProgram program, @Nullable Double nanos) {
    return nanos == null
        ? ""
        : number("%.1f ", program.work() / nanos) + program.unit().perNanosecond();
  }

  private static String ratio(@Nullable Double nanos, @Nullable Double base) {
    return nanos == null || base == null ? "" : number("%.2f", nanos / base);
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
