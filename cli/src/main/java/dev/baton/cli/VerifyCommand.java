package dev.baton.cli;

import dev.baton.cases.CaseResult;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.Placement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares with goldens. */
@Command(
    name = "verify",
    description = "Runs cases and compares their outputs with what was expected.",
    sortOptions = false,
    footer = {
      "",
      "A case is a folder: model.pte, inputs/0.npy …, expected/0.npy …, case.json with the method",
      "and the tolerance; later calls on the same method are in calls/1, calls/2, …. A case passes",
      "where max |actual - expected| <= tolerance x max |expected| for each output; integers and",
      "bools are equal. A bundled program (model.bpte) is a case too: each of its tests is run from a",
      "fresh state, with a tolerance of 1e-4.",
      "",
      "Examples:",
      "  baton verify cases                    all cases below a folder",
      "  baton verify cases/a cases/b --delegates none",
      "  baton verify model.bpte",
      "",
      "Exit status: 0 all passed; 1 one failed."
    })
final class VerifyCommand extends AbstractCommand {
  @Parameters(
      arity = "1..*",
      paramLabel = "CASE",
      description = "Case folders or bundled programs (.bpte), or folders that hold some.")
  private List<Path> folders = new ArrayList<>();

  @Mixin private DelegateOptions delegates;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes the results to FILE too.")
  private @Nullable Path json;

  @SuppressWarnings("NullAway.Init")
  VerifyCommand() {}

  /** One line of the report. */
  private record Line(
      Path folder, boolean passed, String reason, @Nullable CaseResult result, long millis) {}

  @Override
  int execute() throws IOException {
    LoadOptions options = DelegateOptions.comparingAtOnce(delegates.loadOptions());
    delegates.requireKnown("", options.delegates().orElse(List.of()));
    CaseRunner runner = new CaseRunner(delegates.known(), options);
    List<Path> cases = cases();
    int width = cases.stream().mapToInt(c -> name(c).length()).max().orElse(0);
    List<Line> lines = new ArrayList<>();
    for (Path folder : cases) {
      Line line = verify(runner, folder);
      lines.add(line);
      out().println(text(line, width));
      out().flush();
    }
    if (json != null) {
      Files.writeString(json, Json.text(json(lines)) + "\n");
    }
    long failed = lines.stream().filter(l -> !l.passed()).count();
    out().println(lines.size() - failed + " passed, " + failed + " failed");
    return failed == 0 ? DONE : FAILED;
  }

  private List<Path> cases() throws IOException {
    List<Path> cases = new ArrayList<>();
    for (Path folder : folders) {
      if (!Files.exists(folder)) {
        throw new NoSuchFileException(folder.toString());
      }
      boolean file = !Files.isDirectory(folder) && !ModelCase.isBundle(folder);
      List<Path> found = file ? List.of() : ModelCase.find(folder);
      if (found.isEmpty()) {
        throw new IllegalArgumentException(
            folder
                + (file ? " is no case" : " holds no case")
                + ": a case is a folder with case.json and model.pte, or a bundled"
                + " program (.bpte)"
                + (file
                    ? "; 'baton run' runs a program, 'baton debug' compares it with the reference"
                        + " kernels"
                    : ""));
      }
      cases.addAll(found);
    }
    return cases;
  }

  private static Line verify(CaseRunner runner, Path folder) {
    long start = System.nanoTime();
    CaseResult result = null;
    String reason;
    try {
      result = runner.run(ModelCase.read(folder));
      reason = result.firstFailure().map(VerifyCommand::reason).orElse("");
    } catch (Exception | OutOfMemoryError | StackOverflowError | LinkageError e) {
      reason = Failures.sentence(e);
    }
    return new Line(
        folder, reason.isEmpty(), reason, result, (System.nanoTime() - start) / 1_000_000);
  }

  private static String reason(CaseResult.Output failure) {
    String where = failure.call() == 0 ? "" : "call " + failure.call() + ", ";
    return where + "output " + failure.output() + ": " + failure.comparison();
  }

  private static String name(Path folder) {
    Path last = folder.toAbsolutePath().normalize().getFileName();
    return last == null ? folder.toString() : last.toString();
  }

  private static String text(Line line, int width) {
    String name = Text.format("%-" + Math.max(1, width) + "s", name(line.folder()));
    CaseResult result = line.result();
    String who = result == null ? "" : "  " + who(result);
    return line.passed() && result != null
        ? Text.format(
            "pass  %s  error %.1e of %.0e  %s",
            name, result.relativeError(), result.modelCase().tolerance(), who.strip())
        : "FAIL  " + name + "  " + line.reason() + who;
  }

  private static String who(CaseResult result) {
    Placement placement = result.placement();
    String counts =
        placement.counts().entrySet().stream()
            .map(e -> e.getKey() + " " + e.getValue())
            .collect(Collectors.joining(", ", "[", "]"));
    return counts
        + (result.fallenBack().isEmpty()
            ? ""
            : " fell back to Java: " + String.join(", ", result.fallenBack()));
  }

  private static Map<String, Object> json(List<Line> lines) {
    long failed = lines.stream().filter(l -> !l.passed()).count();
    return Json.object(
        "passed",
        lines.size() - failed,
        "failed",
        failed,
        "cases",
        lines.stream().map(VerifyCommand::json).toList());
  }

  private static Map<String, Object> json(Line line) {
    Map<String, Object> json =
        Json.object(
            "name",
            name(line.folder()),
            "folder",
            line.folder().toString(),
            "passed",
            line.passed(),
            "reason",
            line.reason(),
            "millis",
            line.millis());
    CaseResult result = line.result();
    if (result != null) {
      json.put("tolerance", result.modelCase().tolerance());
      json.put("relativeError", result.relativeError());
      json.put("maxAbsoluteError", result.maxAbsoluteError());
      json.put("placement", PlacementJson.summary(result.placement()));
      json.put("fallenBack", result.fallenBack());
    }
    return json;
  }
}
