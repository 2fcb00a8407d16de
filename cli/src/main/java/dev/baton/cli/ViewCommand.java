package dev.baton.cli;

import dev.baton.devtools.etrecord.EtRecord;
import dev.baton.devtools.etrecord.EtRecordFile;
import dev.baton.devtools.report.ModelReport;
import dev.baton.devtools.report.NodeErrors;
import dev.baton.devtools.report.NodeSources;
import dev.baton.devtools.report.ReportBuilder;
import dev.baton.devtools.report.ReportJson;
import dev.baton.devtools.view.ReportPage;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.profile.Profile;
import dev.baton.runtime.program.Program;
import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One page that shows a method: its graph, who runs it and why, times and memory. */
@Command(
    name = "view",
    description = "Writes one HTML file that shows a method: graph, placement, times, memory.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  baton view model.pte                               writes model.html",
      "  baton view model.pte --open                        and opens it in the browser",
      "  baton view model.pte --json before.json            keeps the report",
      "  baton view model.pte --delegates none --against before.json",
      "                                                     shows what changed since",
      "  baton view model.pte --etrecord model.etrecord     with modules and lines of Python",
      "  baton view model.pte --errors found/report.json    with errors that 'baton debug' found",
      "",
      "The file needs no network and holds no weights."
    })
final class ViewCommand extends AbstractCommand {
  @Mixin private ModelOptions model;

  @Mixin private FallbackOptions fallback;

  @Mixin private InputOptions inputs;

  @Mixin private DelegateOptions delegates;

  @Mixin private RecordingOptions recording;

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "20",
      description = "How many runs to record; 0 for none; default: 20.")
  private int runs;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "The HTML file; default: the model's name with .html, in this folder.")
  private @Nullable Path out;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Writes the report as JSON too, for --against.")
  private @Nullable Path json;

  @Option(
      names = "--against",
      paramLabel = "REPORT.json",
      description = "Shows what changed since an earlier report.")
  private @Nullable Path against;

  @Option(
      names = "--etrecord",
      paramLabel = "FILE",
      description = "Shows modules and stack traces, which the export's ETRecord tells.")
  private @Nullable Path etRecord;

  @Option(
      names = "--errors",
      paramLabel = "REPORT.json",
      description = "Shows the error of each operator, as 'baton debug --out FOLDER' wrote it.")
  private @Nullable Path errors;

  @Option(names = "--open", description = "Opens the file in the desktop's browser.")
  private boolean open;

  @SuppressWarnings("NullAway.Init")
  ViewCommand() {}

  @Override
  int execute() throws IOException {
    if (runs < 0) {
      throw usageError("--runs is " + runs + ", expected at least 0");
    }
    recording.require();
    // Before anything is measured, since this may fail.
    OutputFiles.requireWritable("--out", out);
    OutputFiles.requireWritable("--json", json);
    ModelReport before = against == null ? null : ReportJson.read(against);
    EtRecord record = etRecord == null ? null : EtRecordFile.read(etRecord);
    NodeErrors compared = errors == null ? null : NodeErrors.read(errors);
    ModelReport report = report(record, compared);
    Path page = out == null ? Path.of(model.name() + ".html") : out;
    say("draws the graph of " + Text.count(report.nodes().size(), "operator"));
    if (json != null) {
      Files.writeString(json, ReportJson.write(report) + "\n");
    }
    Files.writeString(page, ReportPage.of(report, before));
    out().println("view: " + page);
    if (json != null) {
      out().println("report: " + json);
    }
    if (open && !Browser.open(page)) {
      err().println("baton: there is no desktop here to open a browser on: open " + page);
    }
    return DONE;
  }

  private ModelReport report(@Nullable EtRecord record, @Nullable NodeErrors compared)
      throws IOException {
    LoadOptions options = delegates.loadOptions().withProfiling(true);
    say("loads " + model.file());
    try (Program program = model.open();
        ModelMethod method = fallback.load(model, program, options, delegates.known());
        Execution execution = method.newExecution()) {
      ReportBuilder report = new ReportBuilder(model.name(), execution);
      if (record != null) {
        report.withSources(NodeSources.of(record, method.name()));
      }
      if (compared != null) {
        if (!compared.method().equals(method.name())) {
          throw new IllegalArgumentException(
              errors + " is of method '" + compared.method() + "', not '" + method.name() + "'");
        }
        if (!compared.isOf(method.placement())) {
          throw new IOException(errors + " is of another program: its operators are not these");
        }
        report.withErrors(compared.reference(), compared.nodes());
      }
      InputOptions.Origin origin = inputs.setOrRandomize(execution, model);
      if (runs > 0) {
        String given = InputOptions.line(origin, execution);
        say("runs " + method.name() + (given == null ? "" : "; " + given));
        Profile recorded = recording.record(execution, runs);
        recorded.fallenBack().forEach(s -> say("fell back to Java while it ran: " + s));
      }
      return report.build();
    }
  }

  /** Progress is for whoever waits at a terminal. */
  private void say(String what) {
    Console console = System.console();
    if (isVerbose() || (console != null && console.isTerminal())) {
      err().println("baton: " + what);
    }
  }
}
