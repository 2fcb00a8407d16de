package dev.baton.cli;

import dev.baton.devtools.program.ProgramSummary;
import dev.baton.runtime.program.ProgramLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Writes a {@link ProgramSummary}, for people and for programs.
 *
 * @param unopened why payloads stay closed, by method
 */
record ProgramReport(ProgramSummary program, Map<String, List<String>> unopened) {
  private static final int SHOWN_PAYLOADS = 10;
  private static final int SHOWN_KEYS = 10;

  /** Lines for people. */
  List<String> text() {
    List<String> lines = new ArrayList<>();
    lines.add(program.source() + ": ExecuTorch program, " + layout(program.layout()));
    List<Long> segments = program.segments();
    if (segments.stream().anyMatch(bytes -> bytes > 0)) {
      lines.add(
          "segments: "
              + segments.stream()
                  .limit(SHOWN_KEYS)
                  .map(Text::bytes)
                  .collect(Collectors.joining(", "))
              + (segments.size() > SHOWN_KEYS ? ", …" : ""));
    }
    if (!program.namedData().isEmpty()) {
      long total = program.namedData().values().stream().mapToLong(Long::longValue).sum();
      lines.add(
          "named data: "
              + Text.count(program.namedData().size(), "key")
              + ", "
              + Text.bytes(total));
      program.namedData().entrySet().stream()
          .limit(SHOWN_KEYS)
          .forEach(e -> lines.add("  " + e.getKey() + ": " + Text.bytes(e.getValue())));
      if (program.namedData().size() > SHOWN_KEYS) {
        lines.add("  … (all with --json)");
      }
    }
    if (!program.tests().isEmpty()) {
      lines.add(
          "bundled tests: "
              + program.tests().entrySet().stream()
                  .map(e -> e.getKey() + " " + e.getValue())
                  .collect(Collectors.joining(", "))
              + " ('baton verify' runs them)");
    }
    program.methods().forEach(m -> method(m, lines));
    return lines;
  }

  private static String layout(ProgramLayout layout) {
    return Text.bytes(layout.fileBytes())
        + " (tables "
        + Text.bytes(layout.programBytes())
        + (layout.segmentBase() == 0
            ? ", no segments"
            : ", segments from byte " + layout.segmentBase())
        + (layout.headerBytes() == 0
            ? ", no extended header)"
            : ", header " + layout.headerBytes() + " B)");
  }

  private void method(ProgramSummary.Method method, List<String> lines) {
    lines.add("");
    lines.add("method " + method.name() + ": " + Text.count(method.instructions(), "instruction"));
    numbered("input", method.inputs(), lines);
    numbered("output", method.outputs(), lines);
    if (!method.operators().isEmpty()) {
      lines.add(
          "  operators: "
              + method.operators().size()
              + " in "
              + Text.count(sum(method.operators()), "call"));
      method.operators().entrySet().stream()
          .sorted(
              Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                  .thenComparing(Map.Entry.comparingByKey()))
          .forEach(e -> lines.add(Text.format("  %6d  %s", e.getValue(), e.getKey())));
    }
    payloads(method.payloads(), lines);
    unopened
        .getOrDefault(method.name(), List.of())
        .forEach(why -> lines.add("  not opened: " + why.replaceAll("\\s*\\R\\s*", " ")));
    lines.add(
        "  memory: "
            + (method.plannedBytes().isEmpty()
                ? "none planned"
                : "planned "
                    + method.plannedBytes().stream()
                        .map(Text::bytes)
                        .collect(Collectors.joining(" + ")))
            + "; "
            + Text.count(method.constants(), "constant")
            + ", "
            + Text.bytes(method.constantBytes())
            + (method.stateBytes() == 0 ? "" : "; state " + Text.bytes(method.stateBytes())));
    if (!method.externalTensors().isEmpty()) {
      lines.add(
          "  in a data file (.ptd): "
              + Text.count(method.externalTensors().size(), "tensor")
              + ": "
              + String.join(", ", method.externalTensors()));
    }
  }

  private static void numbered(String what, List<String> values, List<String> lines) {
    for (int i = 0; i < values.size(); i++) {
      lines.add("  " + what + " " + i + ": " + values.get(i));
    }
  }

  private static int sum(Map<String, Integer> counts) {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }

  private static void payloads(List<ProgramSummary.Payload> payloads, List<String> lines) {
    if (payloads.isEmpty()) {
      return;
    }
    Map<String, List<ProgramSummary.Payload>> byId =
        payloads.stream()
            .collect(
                Collectors.groupingBy(
                    ProgramSummary.Payload::id, java.util.TreeMap::new, Collectors.toList()));
    byId.forEach((id, all) -> {
      long bytes = all.stream().mapToLong(ProgramSummary.Payload::bytes).sum();
      lines.add(
          "  delegate " + id + ": " + Text.count(all.size(), "payload") + ", " + Text.bytes(bytes));
      all.stream().limit(SHOWN_PAYLOADS).forEach(p -> lines.add("    " + payload(p)));
      if (all.size() > SHOWN_PAYLOADS) {
        lines.add("    … (all with --json)");
      }
    });
  }

  private static String payload(ProgramSummary.Payload payload) {
    return Text.bytes(payload.bytes())
        + " in "
        + payload.place()
        + ", "
        + Text.count(payload.calls(), "call")
        + (payload.compileSpecs().isEmpty()
            ? ""
            : ", compile specs "
                + payload.compileSpecs().entrySet().stream()
                    .map(e ->
                        e.getKey() + (e.getValue().isEmpty() ? " (empty)" : "=" + e.getValue()))
                    .collect(Collectors.joining(", ")));
  }

  Map<String, Object> json() {
    ProgramLayout layout = program.layout();
    return Json.object(
        "source",
        program.source(),
        "schemaVersion",
        program.schemaVersion(),
        "layout",
        Json.object(
            "fileBytes",
            layout.fileBytes(),
            "headerBytes",
            layout.headerBytes(),
            "programBytes",
            layout.programBytes(),
            "segmentBase",
            layout.segmentBase(),
            "segmentBytes",
            layout.segmentBytes()),
        "segments",
        program.segments(),
        "namedData",
        program.namedData(),
        "bundledTests",
        program.tests(),
        "methods",
        program.methods().stream().map(this::json).toList());
  }

  private Map<String, Object> json(ProgramSummary.Method method) {
    return Json.object(
        "name",
        method.name(),
        "inputs",
        method.inputs(),
        "outputs",
        method.outputs(),
        "instructions",
        method.instructions(),
        "operators",
        method.operators(),
        "delegates",
        method.payloads().stream()
            .map(p ->
                Json.object(
                    "id",
                    p.id(),
                    "calls",
                    p.calls(),
                    "bytes",
                    p.bytes(),
                    "place",
                    p.place(),
                    "compileSpecs",
                    p.compileSpecs()))
            .toList(),
        "notOpened",
        unopened.getOrDefault(method.name(), List.of()),
        "plannedBytes",
        method.plannedBytes(),
        "constants",
        method.constants(),
        "constantBytes",
        method.constantBytes(),
        "stateBytes",
        method.stateBytes(),
        "externalTensors",
        method.externalTensors());
  }
}
