package dev.baton.cli;

import dev.baton.devtools.etdump.EtDump;
import dev.baton.devtools.etdump.EtDumpFile;
import dev.baton.devtools.etrecord.EtRecord;
import dev.baton.devtools.etrecord.EtRecordFile;
import dev.baton.devtools.program.ProgramSize;
import dev.baton.devtools.program.ProgramSummary;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a file holds. */
@Command(
    name = "inspect",
    description = {
      "Shows what a program, an ETDump or an ETRecord holds.",
      "Opens payloads, loads no delegate and runs nothing. An ETDump is a recording of runs, an ETRecord of an export."
    },
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  baton inspect model.pte",
      "  baton inspect model.pte --size",
      "  baton inspect model.pte --json",
      "  baton inspect run.etdp                            events and their times",
      "  baton inspect model.etrecord                      which lines of Python became an instruction",
      "",
      "'baton explain' says who would run it on this machine."
    })
final class InspectCommand extends AbstractCommand {
  /** Identifiers lie in these. */
  private static final int START_BYTES = 12;

  @Parameters(
      paramLabel = "FILE",
      description =
          "A program, or a folder with a model.pte, such as a case; an ETDump; an ETRecord.")
  private Path model;

  @Mixin private DataOptions data;

  @Option(
      names = "--size",
      description = "Shows where the bytes of the file go instead, the largest first.")
  private boolean size;

  @Option(names = "--all", description = "Shows every piece, not only the largest.")
  private boolean all;

  @Option(names = "--json", description = "Writes JSON to stdout, and nothing else.")
  private boolean json;

  @SuppressWarnings("NullAway.Init")
  InspectCommand() {}

  @Override
  int execute() throws IOException {
    if (Files.isRegularFile(model)) {
      byte[] start;
      try (InputStream in = Files.newInputStream(model)) {
        start = in.readNBytes(START_BYTES);
      }
      if (EtDumpFile.isEtDump(start)) {
        EtDump dump = EtDumpFile.read(model.toString(), Files.readAllBytes(model));
        show(
            json ? EtDumpReport.json(dump) : null, () -> EtDumpReport.text(model.toString(), dump));
        return DONE;
      }
      if (start.length > 1
          && start[0] == 'P'
          && start[1] == 'K'
          && EtRecordFile.isEtRecord(model)) {
        EtRecord record = EtRecordFile.read(model);
        show(
            json ? EtRecordReport.json(record) : null,
            () -> EtRecordReport.text(model.toString(), record));
        return DONE;
      }
    }
    return program();
  }

  private void show(@Nullable Map<String, Object> asJson, Supplier<List<String>> lines)
      throws IOException {
    if (asJson != null) {
      out().println(Json.text(asJson));
    } else {
      print(lines.get());
    }
  }

  private int program() throws IOException {
    try (Program program = data.open(model)) {
      if (size) {
        showSize(ProgramSize.of(program));
        return DONE;
      }
      Delegates known = Delegates.load();
      Map<String, List<String>> unopened = new HashMap<>();
      for (String method : program.methods().keySet()) {
        unopened.put(
            method, ModelMethod.unopenedPayloads(program, method, LoadOptions.defaults(), known));
      }
      ProgramReport report = new ProgramReport(ProgramSummary.of(program), unopened);
      show(json ? report.json() : null, report::text);
      return DONE;
    }
  }

  private void showSize(ProgramSize program) throws IOException {
    if (json) {
      out().println(Json.text(Json.object("byKind", program.byKind(), "size", program)));
    } else {
      print(SizeReport.text(program, all));
    }
  }
}
