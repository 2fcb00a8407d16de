package dev.baton.tck.container;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Hosts by placement, reasons and golden output. Safe for use by several threads. */
final class HostTable {
  private static final List<String> HEADER =
      List.of("host", "placement", "unavailable", "golden output", "seconds", "as expected");

  private final List<List<String>> rows = new ArrayList<>();

  synchronized void add(String host, Observation seen, double seconds, boolean asExpected) {
    String unavailable =
        new TreeMap<>(seen.unavailable())
            .entrySet().stream()
                .map(e -> e.getKey() + " " + e.getValue().reason())
                .collect(Collectors.joining(", "));
    rows.add(
        List.of(
            host,
            seen.failed() ? "failed" : placement(seen),
            unavailable,
            seen.failed() ? firstLine(seen.detail()) : seen.golden() ? "yes" : "no",
            String.format("%.1f", seconds),
            asExpected ? "yes" : "NO"));
  }

  synchronized void addNotRun(String host, String why) {
    rows.add(List.of(host, "not run", "", firstLine(why), "", ""));
  }

  private static String placement(Observation seen) {
    return new TreeMap<>(seen.runners())
        .entrySet().stream().map(HostTable::runner).collect(Collectors.joining(", "));
  }

  private static String runner(Map.Entry<String, Long> runner) {
    return runner.getKey() + " " + runner.getValue();
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("").replace('|', '/');
  }

  /** As Markdown, columns aligned; empty if nothing has run. */
  synchronized String toMarkdown() {
    if (rows.isEmpty()) {
      return "";
    }
    List<List<String>> all = new ArrayList<>(rows);
    all.addFirst(HEADER);
    int[] widths = new int[HEADER.size()];
    for (List<String> row : all) {
      for (int c = 0; c < widths.length; c++) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (int r = 0; r < all.size(); r++) {
      line(text, all.get(r), widths, ' ');
      if (r == 0) {
        line(text, HEADER.stream().map(h -> "").toList(), widths, '-');
      }
    }
    return text.toString();
  }

  private static void line(StringBuilder text, List<String> row, int[] widths, char filler) {
    for (int c = 0; c < widths.length; c++) {
      String cell = row.get(c);
      text.append("| ").append(cell);
      text.repeat(filler, widths[c] - cell.length()).append(' ');
    }
    text.append("|\n");
  }
}
