package dev.baton.devtools.view;

import java.util.List;

/**
 * A graph with the place of everything in it, in pixels from the top left corner.
 *
 * @param name of what is joined: {@code Operators}, where nothing is
 * @param boxes whose index lines name
 */
public record Drawing(String name, List<Box> boxes, List<Line> lines) {
  /**
   * @param kind {@code operator}, {@code subgraph}, {@code module} or {@code variable}
   * @param label first line
   * @param detail second line
   * @param nodes of the report that it stands for; none for a variable
   * @param value of the report that a variable has; −1 for others
   * @param x of its centre
   * @param y of its centre
   */
  public record Box(
      String kind,
      String label,
      String detail,
      List<Integer> nodes,
      int value,
      double x,
      double y,
      double width,
      double height) {}

  /**
   * @param value first of those that go this way
   * @param values how many do
   * @param points x and y of the line's ends and bends, in turn
   */
  public record Line(int from, int to, int value, int values, List<Double> points) {}
}
