package dev.baton.cli;

import dev.baton.devtools.program.ProgramSize;
import dev.baton.devtools.program.ProgramSummary;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a file holds. */
@Command(
    name = "inspect",
    description = "Shows what a program holds. Loads no delegate and runs nothing.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  baton inspect model.pte",
      "  baton inspect model.pte --size",
      "  baton inspect model.pte --json",
      "",
      "'baton explain' says who would run it on this machine."
    })
final class InspectCommand extends AbstractCommand {
  @Parameters(
      paramLabel = "MODEL.pte",
      description = "A program; or a folder with a model.pte, such as a case.")
  private java.nio.file.Path model;

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
    try (Program program = data.open(model)) {
      if (size) {
        showSize(ProgramSize.of(program));
        return DONE;
      }
      ProgramSummary summary = ProgramSummary.of(program);
      if (json) {
        Map<String, Object> content = ProgramReport.json(summary);
        out().println(Json.text(content));
      } else {
        ProgramReport.text(summary).forEach(out()::println);
      }
      return DONE;
    }
  }

  private void showSize(ProgramSize program) throws IOException {
    if (json) {
      out().println(Json.text(Json.object("byKind", program.byKind(), "size", program)));
    } else {
      SizeReport.text(program, all).forEach(out()::println);
    }
  }
}
