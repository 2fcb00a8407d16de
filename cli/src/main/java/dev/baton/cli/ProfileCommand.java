package dev.baton.cli;

import dev.baton.devtools.etdump.DebugValues;
import dev.baton.devtools.etdump.EtDump;
import dev.baton.devtools.etdump.EtDumpFile;
import dev.baton.devtools.etdump.ProfileDump;
import dev.baton.devtools.report.ReportBuilder;
import dev.baton.devtools.view.ReportPage;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.profile.MachinePeak;
import dev.baton.runtime.profile.Profile;
import dev.baton.runtime.profile.ProfileTable;
import dev.baton.runtime.program.Program;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Where the time of one method goes. */
@Command(
    name = "profile",
    description = "Shows where the time of a method goes: by step, operator or delegate.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  baton profile model.pte                           each step, and XNNPACK's own operators",
      "  baton profile model.pte --by operator --delegates none",
      "  baton profile model.pte --trace trace.json        for ui.perfetto.dev",
      "  baton profile model.pte --etdump model.etdp       for ExecuTorch's Inspector",
      "",
      "Bytes are inputs, outputs and constants. Peak is the part of what this machine reaches, as is",
      "measured at the end: of arithmetic (a) or of memory (m), whichever takes longer at best;",
      "'cache' where data came faster than from memory."
    })
final class ProfileCommand extends AbstractCommand {
  @Mixin private ModelOptions model;

  @Mixin private FallbackOptions fallback;

  @Mixin private InputOptions inputs;

  @Mixin private DelegateOptions delegates;

  @Mixin private RecordingOptions recording;

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "50",
      description = "How many runs to record; default: 50.")
  private int runs;

  @Option(
      names = "--by",
      paramLabel = "step|operator|delegate",
      defaultValue = "step",
      converter = Rows.class,
      description = "What a line is of; default: step.")
  private ProfileTable.By by = ProfileTable.By.STEP;

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      description = "Writes load and runs to FILE as a trace for Chrome and Perfetto.")
  private @Nullable Path trace;

  @Option(
      names = "--etdump",
      paramLabel = "FILE",
      description =
          "Writes load and runs to FILE as an ETDump, for the Inspector of ExecuTorch, which joins it "
              + "with an ETRecord of the export.")
  private @Nullable Path etdump;

  @Option(
      names = "--debug-buffer",
      paramLabel = "FILE",
      description =
          "With --etdump: writes to FILE what each operator gives, as the ETDump's debug buffer. Java then "
              + "runs each operator by itself, which takes longer.")
  private @Nullable Path debugBuffer;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Writes the page that 'baton view' writes.")
  private @Nullable Path html;

  @Option(names = "--json", description = "Writes JSON to stdout, and nothing else.")
  private boolean json;

  @SuppressWarnings("NullAway.Init")
  ProfileCommand() {}

  @Override
  int execute() throws IOException {
    if (runs < 1) {
      throw usageError("--runs is " + runs + ", expected at least 1");
    }
    recording.require();
    OutputFiles.requireWritable("--trace", trace);
    OutputFiles.requireWritable("--etdump", etdump);
    OutputFiles.requireWritable("--debug-buffer", debugBuffer);
    OutputFiles.requireWritable("--html", html);
    if (debugBuffer != null && etdump == null) {
      throw usageError("--debug-buffer holds the values of an ETDump: give --etdump too");
    }
    LoadOptions options =
        delegates.loadOptions().withProfiling(true).withSingleSteps(debugBuffer != null);
    Delegates known = delegates.known();
    try (Program program = model.open();
        ModelMethod method = fallback.load(model, program, options, known);
        Execution execution = method.newExecution()) {
      InputOptions.Origin origin = inputs.setOrRandomize(execution, model);
      Profile profile = recording.record(execution, runs);
      // Afterwards, so that the load is that of a process in which nothing is open yet.
      MachinePeak peak =
          MachinePeak.measure(LoadOptions.defaults().withThreads(options.threads()), known);
      if (trace != null) {
        Files.writeString(trace, Json.text(ProfileTrace.of(profile)) + "\n");
      }
      if (etdump != null) {
        EtDump dump = ProfileDump.of(profile, program.method(method.name()));
        if (debugBuffer != null) {
          try (OutputStream buffer = new BufferedOutputStream(Files.newOutputStream(debugBuffer))) {
            dump = DebugValues.into(dump, DebugValues.record(execution, buffer));
          }
        }
        Files.write(etdump, EtDumpFile.write(dump));
      }
      if (html != null) {
        Files.writeString(html, ReportPage.of(new ReportBuilder(model.name(), execution).build()));
      }
      if (json) {
        out().println(Json.text(ProfileReport.json(profile, peak, by)));
      } else {
        print(ProfileReport.text(profile, peak, by));
        String given = InputOptions.line(origin, execution);
        if (given != null) {
          out().println();
          out().println(given);
        }
        if (trace != null) {
          out().println("trace: " + trace);
        }
        if (etdump != null) {
          out().println("ETDump: " + etdump);
        }
        if (debugBuffer != null) {
          out().println("debug buffer: " + debugBuffer);
        }
        if (html != null) {
          out().println("view: " + html);
        }
      }
      return DONE;
    }
  }

  /** From the words of the command line. */
  static final class Rows implements ITypeConverter<ProfileTable.By> {
    Rows() {}

    @Override
    public ProfileTable.By convert(String value) {
      return Arrays.stream(ProfileTable.By.values())
          .filter(by -> name(by).equalsIgnoreCase(value))
          .findFirst()
          .orElseThrow(() ->
              new TypeConversionException("'" + value + "' is none of step, operator, delegate"));
    }
  }

  /** As people write it. */
  static String name(ProfileTable.By by) {
    return by.name().toLowerCase(Locale.ROOT);
  }
}
