package dev.baton.cli;

import dev.baton.devtools.program.ProgramDiff;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** How two programs differ. */
@Command(
    name = "diff",
    description = {
      "Shows how two programs differ, and runs nothing.",
      "Compared are inputs, operators, weights by their content, payloads and instructions."
    },
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  baton diff before.pte after.pte",
      "  baton diff before.pte after.pte --json",
      "",
      "'-' stands before what only the first has, '+' before what only the second has.",
      "Exit status: 0 they are the same, whatever their files' layouts; 1 they differ."
    })
final class DiffCommand extends AbstractCommand {
  private static final int SHOWN = 20;

  @Parameters(index = "0", paramLabel = "FIRST.pte", description = "A program, or a case's folder.")
  private Path first;

  @Parameters(index = "1", paramLabel = "SECOND.pte", description = "Another.")
  private Path second;

  @Option(names = "--all", description = "Shows every line, not only the first of many.")
  private boolean all;

  @Option(names = "--json", description = "Writes JSON to stdout, and nothing else.")
  private boolean json;

  @SuppressWarnings("NullAway.Init")
  DiffCommand() {}

  @Override
  int execute() throws IOException {
    try (Program before = new DataOptions().open(first);
        Program after = new DataOptions().open(second)) {
      ProgramDiff diff = ProgramDiff.of(before, after);
      if (json) {
        out().println(Json.text(Json.object("same", diff.same(), "differences", diff)));
      } else {
        print(lines(diff));
      }
      return diff.same() ? DONE : FAILED;
    }
  }

  private List<String> lines(ProgramDiff diff) {
    List<String> lines = new ArrayList<>();
    if (diff.same()) {
      lines.add("the programs are the same");
    }
    diff.onlyInFirst().forEach(m -> lines.add("- method " + m));
    diff.onlyInSecond().forEach(m -> lines.add("+ method " + m));
    diff.methods().forEach(m -> method(m, lines));
    if (!diff.namedData().removed().isEmpty() || !diff.namedData().added().isEmpty()) {
      changes("named data", diff.namedData(), "", lines);
    }
    return lines;
  }

  private void method(ProgramDiff.Method method, List<String> lines) {
    lines.add("method " + method.name());
    pairs("input", method.inputs(), lines);
    pairs("output", method.outputs(), lines);
    method
        .operators()
        .forEach((name, count) ->
            lines.add("  " + name + ": " + count.first() + " -> " + count.second()));
    method
        .delegates()
        .forEach((id, pair) -> {
          lines.add("  - " + id + ": " + pair.first());
          lines.add("  + " + id + ": " + pair.second());
        });
    pairs("planned bytes of buffer", method.plannedBytes(), lines);
    if (!method.constants().removed().isEmpty() || !method.constants().added().isEmpty()) {
      changes("tensors with content", method.constants(), "  ", lines);
    }
    List<String> edits = new ArrayList<>();
    for (ProgramDiff.Edit edit : method.instructions()) {
      edits.add("    at instruction " + edit.at());
      edit.removed().forEach(i -> edits.add("    - " + i));
      edit.added().forEach(i -> edits.add("    + " + i));
    }
    if (!edits.isEmpty()) {
      lines.add("  instructions:");
      shown(edits, "    ", lines);
    }
    if (!method.rewired().isEmpty()) {
      lines.add("  instructions with another argument:");
      shown(method.rewired().stream().map(r -> "    " + rewired(r)).toList(), "    ", lines);
    }
  }

  private static String rewired(ProgramDiff.Rewired rewired) {
    return rewired.at() < 0
        ? "output " + rewired.argument() + " is another value"
        : "argument "
            + rewired.argument()
            + " at instruction "
            + rewired.at()
            + ", "
            + rewired.instruction();
  }

  private static void pairs(String what, List<ProgramDiff.Pair> pairs, List<String> lines) {
    for (int i = 0; i < pairs.size(); i++) {
      ProgramDiff.Pair pair = pairs.get(i);
      if (!pair.first().equals(pair.second())) {
        lines.add("  " + what + " " + i + ": " + pair.first() + " -> " + pair.second());
      }
    }
  }

  private void changes(
      String what, ProgramDiff.Changes changes, String indent, List<String> lines) {
    lines.add(indent + what + ": " + changes.same() + " the same");
    List<String> each = new ArrayList<>();
    changes.removed().forEach(c -> each.add(indent + "  - " + content(c)));
    changes.added().forEach(c -> each.add(indent + "  + " + content(c)));
    shown(each, indent + "  ", lines);
  }

  private static String content(ProgramDiff.Content content) {
    return content.name()
        + ", "
        + Text.bytes(content.bytes())
        + ", sha256 "
        + content.sha256().substring(0, 12);
  }

  private void shown(List<String> each, String indent, List<String> lines) {
    int count = all ? each.size() : Math.min(SHOWN, each.size());
    lines.addAll(each.subList(0, count));
    if (count < each.size()) {
      lines.add(indent + "… " + (each.size() - count) + " more (--all)");
    }
  }
}
