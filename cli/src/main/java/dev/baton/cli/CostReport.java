package dev.baton.cli;

import dev.baton.devtools.advice.PlacementCost;
import dev.baton.runtime.profile.MemoryUse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/** What a placement costs, for people. */
final class CostReport {
  private static final int SHOWN = 8;
  private static final int SHOWN_NAMES = 4;

  private CostReport() {}

  static List<String> text(PlacementCost cost, MemoryUse memory) {
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.add(
        "measured: "
            + micros(cost.runNanos())
            + " a run (median), of which "
            + micros(cost.hostNanos())
            + " copy results; memory: "
            + ProfileReport.memory(memory));
    borders(cost, lines);
    fragments(cost, lines);
    declines(cost, lines);
    candidates(cost, lines);
    return lines;
  }

  private static void borders(PlacementCost cost, List<String> lines) {
    section("borders, the dearest first:", cost.borders(), lines);
    cost.borders().stream()
        .limit(SHOWN)
        .forEach(b ->
            lines.add(
                Text.format(
                    "  %10s of %s outside of %s's operators, %s cross  %s",
                    b.overheadNanos() < 0 ? "unknown" : micros(b.overheadNanos()),
                    micros(b.nanos()),
                    b.delegate(),
                    Text.bytes(b.bytes()),
                    b.subgraph())));
    more(cost.borders(), lines);
  }

  private static void fragments(PlacementCost cost, List<String> lines) {
    for (PlacementCost.Fragments fragments : cost.fragments()) {
      if (fragments.subgraphs() > 1) {
        lines.add("");
        lines.add(
            fragments.delegate()
                + " is cut into "
                + fragments.subgraphs()
                + " subgraphs of "
                + Text.count(fragments.operators(), "operator")
                + ", the smallest of "
                + fragments.smallest()
                + ", by "
                + names(fragments.between()));
      }
    }
  }

  private static void declines(PlacementCost cost, List<String> lines) {
    section("what was declined takes in Java, the dearest reason first:", cost.declines(), lines);
    cost.declines().stream()
        .limit(SHOWN)
        .forEach(d ->
            lines.add(
                Text.format(
                    "  %10s %4.1f %%  %s by %s: %s (%s): %s",
                    micros(d.nanos()),
                    share(d.nanos(), cost),
                    Text.count(d.operators(), "operator"),
                    d.delegate(),
                    d.detail(),
                    d.kind(),
                    names(d.names()))));
    more(cost.declines(), lines);
  }

  private static void candidates(PlacementCost cost, List<String> lines) {
    List<PlacementCost.Candidate> worth =
        cost.candidates().stream().filter(c -> c.savedNanos() > 0).toList();
    section("an operator more in a delegate would save (an estimate):", worth, lines);
    worth.stream()
        .limit(SHOWN)
        .forEach(c ->
            lines.add(
                Text.format(
                    "  %10s %4.1f %%  %s × %d in %s, %s in Java now",
                    micros(c.savedNanos()),
                    share(c.savedNanos(), cost),
                    c.operator(),
                    c.calls(),
                    c.delegate(),
                    micros(c.nanos()))));
    more(worth, lines);
  }

  private static void section(String title, List<?> rows, List<String> lines) {
    if (!rows.isEmpty()) {
      lines.add("");
      lines.add(title);
    }
  }

  private static void more(List<?> rows, List<String> lines) {
    if (rows.size() > SHOWN) {
      lines.add("  … " + (rows.size() - SHOWN) + " more (--json)");
    }
  }

  private static String names(Collection<String> names) {
    return names.stream().limit(SHOWN_NAMES).collect(Collectors.joining(", "))
        + (names.size() > SHOWN_NAMES ? ", …" : "");
  }

  private static double share(double nanos, PlacementCost cost) {
    return 100 * nanos / Math.max(cost.runNanos(), 1);
  }

  private static String micros(double nanos) {
    return Text.format("%.1f us", nanos / 1e3);
  }
}
