package dev.baton.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Rows under a heading. */
public final class MarkdownTable {
  private final int columns;
  private final List<String> lines = new ArrayList<>();

  public MarkdownTable(String... headings) {
    columns = headings.length;
    line(Arrays.asList(headings));
    lines.add("|" + String.join("|", Collections.nCopies(columns, "---")) + "|");
  }

  /**
   * @throws IllegalArgumentException if there are more or fewer cells than headings
   */
  public void row(String... cells) {
    if (cells.length != columns) {
      throw new IllegalArgumentException(cells.length + " cells, expected " + columns);
    }
    line(Arrays.asList(cells));
  }

  private void line(List<String> cells) {
    lines.add("| " + String.join(" | ", cells) + " |");
  }

  /** True if there are no rows. */
  public boolean isEmpty() {
    return lines.size() == 2;
  }

  @Override
  public String toString() {
    return String.join("\n", lines);
  }
}
