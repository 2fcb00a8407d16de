package dev.baton.benchmarks.beside;

import dev.baton.benchmarks.Machine;
import dev.baton.benchmarks.MarkedDocument;
import dev.baton.benchmarks.beside.Subject.Form;
import dev.baton.cases.ModelCase;
import dev.baton.delegate.Delegate;
import dev.baton.runtime.Delegates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures Baton beside other runtimes, in turn, on the same cases. */
@Command(
    name = "side-by-side",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Measures Baton beside other runtimes, in turn, on the same cases.",
    footer = {
      "",
      "Each case, runtime and thread count is a process of its own. All processes of a model are"
          + " loaded and warmed up, then they take turns, one at a time, round after round; ratios"
          + " are of medians in the same round. Outputs are compared with the goldens before"
          + " anything is timed.",
      "",
      "A case whose name ends in -portable is run by Baton alone, and compared with what ExecuTorch"
          + " makes of the same model's -xnn case. ONNX Runtime takes cases with a model.onnx."
    })
public final class SideBySide implements Callable<Integer> {
  /** Of static and dynamic int8, one of each model that has them. */
  private static final List<String> DEFAULT_CASES =
      List.of(
          "mobilenet_v2-xnn",
          "mobilenet_v2-xnn8",
          "mobilenet_v2-portable",
          "resnet18-xnn",
          "resnet18-xnn8",
          "resnet18-portable",
          "deit_tiny-xnn",
          "deit_tiny-xnn8d",
          "deit_tiny-portable",
          "minilm-xnn",
          "minilm-portable");

  private static final String PROVENANCE = "measurement";

  @Option(
      names = "--cases",
      split = ",",
      paramLabel = "CASE",
      description =
          "Names of cases, or paths of their folders; default: a selection of what"
              + " benchmarks/export writes.")
  private List<String> cases = DEFAULT_CASES;

  @Option(
      names = "--folder",
      paramLabel = "FOLDER",
      defaultValue = "${sys:baton.benchmarks}/target/cases",
      description =
          "Where cases lie that are given by name; default: where benchmarks/export"
              + " writes them.")
  private Path folder;

  @Option(
      names = "--executorch",
      paramLabel = "FILE",
      description =
          "What benchmarks/executorch/build made; default: where it puts it, and without"
              + " ExecuTorch if it is not there.")
  private @Nullable Path executorch;

  @Option(
      names = "--threads",
      split = ",",
      paramLabel = "N",
      defaultValue = "1,2",
      description = "Thread counts; default: 1,2.")
  private List<Integer> threads = new ArrayList<>();

  @Option(names = "--rounds", paramLabel = "N", defaultValue = "9", description = "Default: 9.")
  private int rounds;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "0.3",
      description = "Of each turn; default: 0.3.")
  private double seconds;

  @Option(
      names = "--starts",
      paramLabel = "N",
      defaultValue = "3",
      description = "How often load and first run are measured; default: 3.")
  private int starts;

  @Option(
      names = "--write",
      arity = "0..1",
      paramLabel = "FILE.md",
      fallbackValue = "${sys:baton.benchmarks}/../docs/performance.md",
      description =
          "Also puts the tables between this file's marked lines; default:"
              + " docs/performance.md.")
  private @Nullable Path write;

  @SuppressWarnings("NullAway.Init")
  SideBySide() {}

  public static void main(String[] arguments) {
    CommandLine command = new CommandLine(new SideBySide());
    command.setExecutionExceptionHandler((e, c, parsed) -> {
      System.err.println("side-by-side: " + e.getMessage());
      return 1;
    });
    command.getCommandSpec().usageMessage().width(100);
    System.exit(command.execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    Map<String, List<Subject>> models = models();
    List<Contender> contenders = contenders();
    check(models, contenders);
    Results results = new Results();
    for (Map.Entry<String, List<Subject>> model : models.entrySet()) {
      System.err.println(model.getKey());
      measure(model.getValue(), contenders, results);
    }
    Map<String, String> parts = new LinkedHashMap<>();
    parts.put(PROVENANCE, provenance(contenders));
    parts.putAll(new Tables(results).all());
    parts.forEach((name, text) -> System.out.printf("%s:%n%n%s%n%n", name, text));
    if (write != null) {
      MarkedDocument.write(write, parts);
    }
    return 0;
  }

  private List<Contender> contenders() throws IOException {
    List<Contender> contenders = new ArrayList<>();
    Path tool = executorch == null ? folderOfBenchmarks().resolve("target/etbench") : executorch;
    if (Files.isExecutable(tool)) {
      contenders.add(new ExecutorchContender(tool));
    } else if (executorch != null) {
      throw new IOException(tool + " is no program; benchmarks/executorch/build makes it");
    } else {
      System.err.println(
          "side-by-side: without ExecuTorch; benchmarks/executorch/build makes what it needs");
    }
    contenders.addAll(List.of(BatonContender.values()));
    contenders.add(new OnnxContender());
    return contenders;
  }

  private static Path folderOfBenchmarks() {
    return Path.of(System.getProperty("baton.benchmarks", "benchmarks"));
  }

  /** The cases, by model: what is compared is measured close together. */
  private Map<String, List<Subject>> models() throws IOException {
    Map<String, List<Subject>> models = new LinkedHashMap<>();
    for (String name : cases) {
      Path path = name.contains("/") ? Path.of(name) : folder.resolve(name);
      if (!ModelCase.isCase(path)) {
        throw new IOException(path + " is no case; benchmarks/export/export writes them");
      }
      Subject subject = Subject.of(ModelCase.read(path));
      models.computeIfAbsent(subject.model(), m -> new ArrayList<>()).add(subject);
    }
    return models;
  }

  private static boolean takes(Contender contender, Subject subject) {
    return subject.form() == Form.PORTABLE
        ? contender == BatonContender.NATIVE
        : contender.takes(subject.files());
  }

  private static void check(Map<String, List<Subject>> models, List<Contender> contenders)
      throws IOException {
    for (List<Subject> subjects : models.values()) {
      for (Subject subject : subjects) {
        for (Contender contender : contenders) {
          if (takes(contender, subject)) {
            contender.check(subject.files());
          }
        }
      }
    }
  }

  /** What takes turns with others. */
  private record Player(Subject subject, Contender contender, int threads, BenchProcess process) {
    Turn turn(double seconds) throws IOException {
      return Turn.of(process.turn(seconds));
    }
  }

  private void measure(List<Subject> subjects, List<Contender> contenders, Results results)
      throws IOException {
    List<Player> players = new ArrayList<>();
    try {
      startCold(subjects, contenders, results);
      start(subjects, contenders, players);
      for (Player player : players) {
        player.turn(player.contender().warmUpSeconds());
      }
      for (int round = 0; round < rounds; round++) {
        for (Player player : players) {
          String runtime = player.contender().title();
          results.add(player.subject(), runtime, player.threads(), player.turn(seconds));
        }
      }
    } finally {
      close(players);
    }
  }

  /** Each process alone: what the one before still compiles would delay it. */
  private void startCold(List<Subject> subjects, List<Contender> contenders, Results results)
      throws IOException {
    int fewest = Collections.min(threads);
    for (int start = 0; start < starts; start++) {
      for (Subject subject : subjects) {
        for (Contender contender : contenders) {
          if (takes(contender, subject)) {
            try (BenchProcess process =
                new BenchProcess(contender.command(subject.files(), fewest))) {
              results.add(subject, contender.title(), fewest, Start.of(process.start));
            }
          }
        }
      }
    }
  }

  private void start(List<Subject> subjects, List<Contender> contenders, List<Player> players)
      throws IOException {
    for (Subject subject : subjects) {
      for (Contender contender : contenders) {
        if (takes(contender, subject)) {
          for (int count : threads) {
            BenchProcess process = new BenchProcess(contender.command(subject.files(), count));
            players.add(new Player(subject, contender, count, process));
          }
        }
      }
    }
  }

  private static void close(List<Player> players) {
    players.forEach(p -> p.process().close());
    players.clear();
  }

  private String provenance(List<Contender> contenders) throws IOException {
    List<String> others = new ArrayList<>();
    Delegate xnnpack = Delegates.load().find("xnnpack");
    others.add("XNNPACK: " + (xnnpack == null ? "none" : nameOf(xnnpack)));
    for (Contender contender : contenders) {
      if (contender instanceof ExecutorchContender tool) {
        others.add(ExecutorchContender.TITLE + " " + tool.version());
      }
    }
    others.add(OnnxContender.TITLE + " " + OnnxContender.version());
    return """
    %s; %s. Starts: %d; rounds: %d, of turns of %s s; medians, in brackets the least and the \
    greatest. Made by `benchmarks/side-by-side --starts %d --rounds %d --seconds %s --threads %s%s \
    --write`.\
    """
        .formatted(
            Machine.describe(),
            String.join(", ", others),
            starts,
            rounds,
            seconds,
            starts,
            rounds,
            seconds,
            String.join(",", threads.stream().map(String::valueOf).toList()),
            cases.equals(DEFAULT_CASES) ? "" : " --cases " + names());
  }

  /** What a delegate says of its library, without the folder in which that lies here. */
  private static String nameOf(Delegate delegate) {
    return delegate.availability().message().replaceFirst("^\\S*/", "");
  }

  private String names() {
    return String.join(",", cases.stream().map(c -> Path.of(c).getFileName().toString()).toList());
  }
}
