package dev.baton.cli;

import dev.baton.delegate.Availability;
import dev.baton.devtools.advice.PlacementCost;
import dev.baton.graph.Origin;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Event;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Placement;
import dev.baton.runtime.profile.MachinePeak;
import dev.baton.runtime.profile.MemoryUse;
import dev.baton.runtime.profile.Profile;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Who runs what here, and why. */
@Command(
    name = "explain",
    description = "Says who runs each operator of a method on this machine, and why not another.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  baton explain model.pte",
      "  baton explain model.pte --delegates none   what Java alone would do",
      "  baton explain model.pte --json             each operator's reasons",
      "  baton explain model.pte --measure          and what they cost",
      "",
      "Runners: a delegate's name; a Java kernel provider ('reference'); 'plan' for what is",
      "computed once when shapes are known and costs nothing in a run.",
      "",
      "Exit status: 0 the method can run here; 1 it cannot, and 'cannot run here' says why."
    })
final class ExplainCommand extends AbstractCommand {
  private static final int SHOWN_NAMES = 4;
  private static final int RUNS = 30;

  @Mixin private ModelOptions model;
  @Mixin private DelegateOptions delegates;
  @Mixin private InputOptions inputs;

  @Mixin private RecordingOptions recording;

  @Option(
      names = "--measure",
      description = {
        "Loads and runs the method too, and says what the borders of subgraphs, their number and each"
            + " reason to decline cost."
      })
  private boolean measure;

  @Option(names = "--json", description = "Writes JSON to stdout, and nothing else.")
  private boolean json;

  @SuppressWarnings("NullAway.Init")
  ExplainCommand() {}

  @Override
  int execute() throws IOException {
    recording.require();
    List<String> events = new ArrayList<>();
    LoadOptions options = delegates.loadOptions();
    Delegates known = delegates.known();
    try (Program program = model.open()) {
      Placement placement =
          ModelMethod.explain(
              program, model.method(program), options.withListener(e -> note(e, events)), known);
      Measured measured =
          measure && placement.problems().isEmpty() ? measure(program, options, known) : null;
      if (json) {
        Map<String, Object> content = PlacementJson.full(placement);
        content.put("liftedPayloads", payloads(placement));
        content.put("events", events);
        if (measured != null) {
          content.put("cost", measured.cost());
          content.put("memoryUse", measured.memory());
          content.put("fallenBack", measured.fallenBack());
        }
        out().println(Json.text(content));
      } else {
        print(lines(placement, events));
        if (measured != null) {
          print(CostReport.text(measured.cost(), measured.memory()));
          print(
              measured.fallenBack().stream()
                  .map(s -> "fell back to Java while it ran, so these times are Java's: " + s)
                  .toList());
        }
      }
      return placement.problems().isEmpty() ? DONE : FAILED;
    }
  }

  private record Measured(PlacementCost cost, MemoryUse memory, List<String> fallenBack) {}

  private Measured measure(Program program, LoadOptions options, Delegates known)
      throws IOException {
    try (ModelMethod method =
            ModelMethod.load(program, model.method(program), options.withProfiling(true), known);
        Execution execution = method.newExecution()) {
      inputs.setOrRandomize(execution, model);
      Profile profile = recording.record(execution, RUNS);
      MachinePeak peak =
          MachinePeak.measure(LoadOptions.defaults().withThreads(options.threads()), known);
      return new Measured(PlacementCost.of(profile, peak), profile.memory(), profile.fallenBack());
    }
  }

  /** Payloads that were opened and written out as operators, by backend id. */
  private static Map<String, Long> payloads(Placement placement) {
    return placement.operators().stream()
        .map(Placement.PlacedOperator::origin)
        .filter(o -> !o.payload().isEmpty() && o.index() >= 0)
        .map(o -> new Origin(o.instruction(), o.payload(), 0))
        .distinct()
        .collect(Collectors.groupingBy(Origin::payload, TreeMap::new, Collectors.counting()));
  }

  private static void note(Event event, List<String> events) {
    if (!(event instanceof Event.Loaded
        || event instanceof Event.DelegateUnavailable
        || event instanceof Event.Progress)) {
      events.add(event.message());
    }
  }

  private static List<String> lines(Placement placement, List<String> events) {
    List<String> lines = new ArrayList<>();
    lines.add(placement.summary());
    lines.add("memory: " + Text.memory(placement.memory()));
    placement.problems().forEach(p -> lines.add("cannot run here: " + p));
    payloads(placement)
        .forEach((id, n) -> lines.add("opened: " + Text.count(n, "payload") + " of " + id));
    subgraphs(placement, lines);
    inJava(placement, lines);
    declines(placement, lines);
    new TreeMap<>(placement.unavailable()).forEach((name, why) -> unavailable(name, why, lines));
    events.forEach(e -> lines.add("note: " + e));
    return lines;
  }

  private static void subgraphs(Placement placement, List<String> lines) {
    for (Placement.PlacedSubgraph subgraph : placement.subgraphs()) {
      lines.add("");
      lines.add(
          subgraph.name()
              + " on "
              + subgraph.runner()
              + ": "
              + (subgraph.operatorCount() == 0
                  ? "an opaque payload"
                  : Text.count(subgraph.operatorCount(), "operator"))
              + ", "
              + Text.bytes(subgraph.inputBytes())
              + " in, "
              + Text.bytes(subgraph.outputBytes())
              + " out, the delegate holds "
              + Text.bytes(subgraph.memoryBytes()));
      operators(
          placement.operators().stream().filter(o -> o.subgraph().equals(subgraph.name())).toList(),
          lines);
    }
  }

  private static void inJava(Placement placement, List<String> lines) {
    Map<String, List<Placement.PlacedOperator>> byRunner =
        placement.operators().stream()
            .filter(o -> o.subgraph().isEmpty())
            .collect(
                Collectors.groupingBy(
                    Placement.PlacedOperator::runner, TreeMap::new, Collectors.toList()));
    byRunner.forEach((runner, operators) -> {
      lines.add("");
      lines.add(runner(runner) + ": " + Text.count(operators.size(), "operator"));
      operators(operators, lines);
    });
  }

  private static String runner(String name) {
    return switch (name) {
      case "plan" -> "plan (computed when shapes are known)";
      case "none" -> "nobody";
      default -> name + " (Java)";
    };
  }

  private static void operators(List<Placement.PlacedOperator> operators, List<String> lines) {
    Map<String, Long> counts =
        operators.stream()
            .collect(
                Collectors.groupingBy(
                    Placement.PlacedOperator::name, TreeMap::new, Collectors.counting()));
    counts.entrySet().stream()
        .sorted(
            Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
                .thenComparing(Map.Entry.comparingByKey()))
        .forEach(e -> lines.add(Text.format("  %6d  %s", e.getValue(), e.getKey())));
  }

  /** A reason that several operators share. */
  private record Reason(String delegate, String kind, String detail) {}

  private static void declines(Placement placement, List<String> lines) {
    Map<Reason, List<String>> byReason = new java.util.LinkedHashMap<>();
    for (Placement.PlacedOperator operator : placement.operators()) {
      for (Placement.DeclinedBy decline : operator.declines()) {
        byReason
            .computeIfAbsent(
                new Reason(
                    decline.delegate(), decline.reason().kind().name(), decline.reason().detail()),
                r -> new ArrayList<>())
            .add(operator.name());
      }
    }
    if (byReason.isEmpty()) {
      return;
    }
    lines.add("");
    lines.add("declined:");
    byReason.entrySet().stream()
        .sorted(Comparator.comparingInt(e -> -e.getValue().size()))
        .forEach(e ->
            lines.add(
                Text.format(
                    "  %6d  %s: %s (%s): %s",
                    e.getValue().size(),
                    e.getKey().delegate(),
                    e.getKey().detail(),
                    e.getKey().kind(),
                    names(e.getValue()))));
  }

  private static String names(List<String> operators) {
    List<String> distinct = operators.stream().distinct().sorted().toList();
    return distinct.stream().limit(SHOWN_NAMES).collect(Collectors.joining(", "))
        + (distinct.size() > SHOWN_NAMES ? ", …" : "");
  }

  private static void unavailable(String name, Availability why, List<String> lines) {
    lines.add("");
    lines.add(name + " is unavailable (" + why.reason() + "): " + why.message());
    lines.add("  remedy: " + why.remedy());
  }
}
