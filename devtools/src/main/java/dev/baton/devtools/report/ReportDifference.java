package dev.baton.devtools.report;

import com.github.difflib.DiffUtils;
import com.github.difflib.patch.AbstractDelta;
import com.github.difflib.patch.Patch;
import dev.baton.runtime.profile.MemoryPlan;
import dev.baton.runtime.profile.MemoryUse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * What changed between two reports. Nodes are matched in order, by operator and types of their
 * results.
 *
 * @param before what the other report is called
 * @param figures of the whole, those that differ and those that do not
 * @param matches for each node of the report after, its position in the one before; −1 if it is new
 * @param moved nodes that another runs now, by their position after
 * @param added nodes that are new, by their position after
 * @param removed nodes that are gone, by their position before
 * @param steps that compute the same nodes in both, the largest change of their time first
 */
public record ReportDifference(
    String before,
    List<Figure> figures,
    List<Integer> matches,
    List<Moved> moved,
    List<Integer> added,
    List<Gone> removed,
    List<StepChange> steps) {
  public ReportDifference {
    figures = List.copyOf(figures);
    matches = List.copyOf(matches);
    moved = List.copyOf(moved);
    added = List.copyOf(added);
    removed = List.copyOf(removed);
    steps = List.copyOf(steps);
  }

  /**
   * A figure of the whole.
   *
   * @param unit {@code nanos}, {@code bytes} or {@code count}
   */
  public record Figure(String name, String unit, long before, long after) {}

  /** Another runs it now. */
  public record Moved(int node, String before, String after) {}

  /** A node of the report before alone. */
  public record Gone(int node, String operator, String runner) {}

  /**
   * A step in both; times are medians, in nanoseconds.
   *
   * @param step its position after
   */
  public record StepChange(int step, long before, long after) {}

  /** Compares. */
  public static ReportDifference of(ModelReport before, ModelReport after) {
    int[] matches = match(before, after);
    List<Moved> moved = new ArrayList<>();
    List<Integer> added = new ArrayList<>();
    boolean[] met = new boolean[before.nodes().size()];
    for (int n = 0; n < matches.length; n++) {
      if (matches[n] < 0) {
        added.add(n);
        continue;
      }
      met[matches[n]] = true;
      String was = before.nodes().get(matches[n]).runner();
      String is = after.nodes().get(n).runner();
      if (!was.equals(is)) {
        moved.add(new Moved(n, was, is));
      }
    }
    List<Gone> removed = new ArrayList<>();
    for (int n = 0; n < met.length; n++) {
      if (!met[n]) {
        ModelReport.Node node = before.nodes().get(n);
        removed.add(new Gone(n, node.operator(), node.runner()));
      }
    }
    return new ReportDifference(
        before.model() + " " + before.method(),
        figures(before, after),
        java.util.Arrays.stream(matches).boxed().toList(),
        moved,
        added,
        removed,
        steps(before, after, matches));
  }

  private static int[] match(ModelReport before, ModelReport after) {
    List<String> from = keys(before);
    List<String> to = keys(after);
    Patch<String> patch = DiffUtils.diff(from, to);
    int[] matches = new int[to.size()];
    int b = 0;
    int a = 0;
    for (AbstractDelta<String> delta : patch.getDeltas()) {
      while (a < delta.getTarget().getPosition()) {
        matches[a++] = b++;
      }
      b += delta.getSource().size();
      for (int i = 0; i < delta.getTarget().size(); i++) {
        matches[a++] = -1;
      }
    }
    while (a < matches.length) {
      matches[a++] = b++;
    }
    return matches;
  }

  private static List<String> keys(ModelReport report) {
    return report.nodes().stream()
        .map(n ->
            n.operator() + n.results().stream().map(v -> report.values().get(v).type()).toList())
        .toList();
  }

  // ---- figures

  private static List<Figure> figures(ModelReport before, ModelReport after) {
    List<Figure> all = new ArrayList<>();
    if (!before.runs().nanos().isEmpty() && !after.runs().nanos().isEmpty()) {
      all.add(new Figure("a run, median", "nanos", before.runs().p50(), after.runs().p50()));
      all.add(new Figure("a run, p90", "nanos", before.runs().p90(), after.runs().p90()));
    }
    all.add(new Figure("load", "nanos", loadNanos(before), loadNanos(after)));
    all.add(new Figure("operators", "count", before.nodes().size(), after.nodes().size()));
    all.add(new Figure("subgraphs", "count", before.subgraphs().size(), after.subgraphs().size()));
    TreeSet<String> runners = new TreeSet<>();
    before.nodes().forEach(n -> runners.add(n.runner()));
    after.nodes().forEach(n -> runners.add(n.runner()));
    for (String runner : runners) {
      all.add(new Figure("on " + runner, "count", on(before, runner), on(after, runner)));
    }
    MemoryUse was = before.memory().use();
    MemoryUse is = after.memory().use();
    all.add(new Figure("constants", "bytes", was.constants(), is.constants()));
    all.add(new Figure("copies of constants", "bytes", was.copies(), is.copies()));
    all.add(new Figure("packed for Java", "bytes", was.packed(), is.packed()));
    all.add(new Figure("held by delegates", "bytes", was.delegates(), is.delegates()));
    all.add(new Figure("inputs and outputs", "bytes", was.inputsOutputs(), is.inputsOutputs()));
    all.add(new Figure("state", "bytes", was.state(), is.state()));
    all.add(new Figure("activations", "bytes", was.activations(), is.activations()));
    all.add(new Figure("scratch", "bytes", was.scratch(), is.scratch()));
    all.add(new Figure("planned arena", "bytes", arena(before), arena(after)));
    return all;
  }

  private static long loadNanos(ModelReport report) {
    return report.load().stream().mapToLong(p -> p.start() + p.nanos()).max().orElse(0);
  }

  private static long on(ModelReport report, String runner) {
    return report.nodes().stream().filter(n -> n.runner().equals(runner)).count();
  }

  private static long arena(ModelReport report) {
    return report.memory().plans().stream().mapToLong(MemoryPlan::arenaBytes).max().orElse(0);
  }

  // ---- steps

  private static List<StepChange> steps(ModelReport before, ModelReport after, int[] matches) {
    Map<List<Integer>, ModelReport.Step> known = new HashMap<>();
    for (ModelReport.Step step : before.steps()) {
      if (!step.nodes().isEmpty() && step.times().p50() > 0) {
        known.putIfAbsent(step.nodes(), step);
      }
    }
    List<StepChange> changes = new ArrayList<>();
    for (int s = 0; s < after.steps().size(); s++) {
      ModelReport.Step step = after.steps().get(s);
      ModelReport.Step other = known.get(step.nodes().stream().map(n -> matches[n]).toList());
      if (other != null && step.times().p50() > 0) {
        changes.add(new StepChange(s, other.times().p50(), step.times().p50()));
      }
    }
    changes.sort(
        Comparator.comparingLong((StepChange c) -> Math.abs(c.after() - c.before())).reversed());
    return changes;
  }
}
