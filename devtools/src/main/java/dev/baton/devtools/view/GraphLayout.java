package dev.baton.devtools.view;

import dev.baton.devtools.report.ModelReport;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.eclipse.elk.alg.layered.options.LayeredMetaDataProvider;
import org.eclipse.elk.alg.layered.options.LayeredOptions;
import org.eclipse.elk.alg.layered.options.WrappingStrategy;
import org.eclipse.elk.core.RecursiveGraphLayoutEngine;
import org.eclipse.elk.core.data.LayoutMetaDataService;
import org.eclipse.elk.core.options.CoreOptions;
import org.eclipse.elk.core.options.Direction;
import org.eclipse.elk.core.options.EdgeRouting;
import org.eclipse.elk.core.util.BasicProgressMonitor;
import org.eclipse.elk.graph.ElkBendPoint;
import org.eclipse.elk.graph.ElkEdge;
import org.eclipse.elk.graph.ElkEdgeSection;
import org.eclipse.elk.graph.ElkNode;
import org.eclipse.elk.graph.util.ElkGraphUtil;
import org.jspecify.annotations.Nullable;

/**
 * Draws the graphs of a report in layers, from the top down, by Eclipse's layout kernel; those of
 * many thousand boxes in columns.
 */
final class GraphLayout {
  private static final double HEIGHT = 40;
  private static final double CHARACTER = 6.6;
  private static final double PADDING = 22;
  private static final double LEAST_WIDTH = 84;
  private static final double MOST_WIDTH = 260;
  private static final int MODULE_DEPTHS = 4;
  private static final int LONG = 120;
  private static final double ASPECT_RATIO = 1.4;

  /** Layers of more boxes take the kernel minutes. */
  private static final int MOST_LAYERED = 3000;

  private static final double GAP = 40;

  static {
    LayoutMetaDataService.getInstance()
        .registerLayoutMetaDataProviders(new LayeredMetaDataProvider(), new CoreOptions());
  }

  /** A box without a place. */
  private static final class Member {
    final String kind;
    final String label;
    final String detail;
    final List<Integer> nodes = new ArrayList<>();
    final int value;

    Member(String kind, String label, String detail, int value) {
      this.kind = kind;
      this.label = label;
      this.detail = detail;
      this.value = value;
    }

    String detail() {
      return kind.equals("subgraph") || kind.equals("module")
          ? nodes.size() + (nodes.size() == 1 ? " operator" : " operators")
          : detail;
    }
  }

  /** What goes from one box to another. */
  private record Way(int from, int to) {}

  private final ModelReport report;

  GraphLayout(ModelReport report) {
    this.report = report;
  }

  /** Each operator by itself; each subgraph as one; each module as one, where modules are known. */
  List<Drawing> all() {
    List<Drawing> all = new ArrayList<>();
    all.add(draw("Operators", "operator", n -> null));
    if (!report.subgraphs().isEmpty()) {
      all.add(draw("Subgraphs", "subgraph", this::subgraph));
    }
    for (int depth = 1; depth <= Math.min(moduleDepth(), MODULE_DEPTHS); depth++) {
      int at = depth;
      all.add(draw("Modules, depth " + depth, "module", n -> module(n, at)));
    }
    return all;
  }

  private @Nullable String subgraph(int node) {
    String name = report.nodes().get(node).subgraph();
    return name.isEmpty() ? null : name;
  }

  private int moduleDepth() {
    return report.nodes().stream()
        .mapToInt(n -> n.source() == null ? 0 : n.source().modules().size())
        .max()
        .orElse(0);
  }

  private @Nullable String module(int node, int depth) {
    ModelReport.Node of = report.nodes().get(node);
    if (of.source() == null || of.source().modules().isEmpty()) {
      return null;
    }
    List<String> modules = of.source().modules();
    return modules.get(Math.min(depth, modules.size()) - 1);
  }

  // ---- boxes and ways

  private Drawing draw(String name, String kind, IntFunction<@Nullable String> group) {
    List<Member> members = new ArrayList<>();
    Map<String, Integer> groups = new HashMap<>();
    int[] memberOf = new int[report.nodes().size()];
    for (int n = 0; n < memberOf.length; n++) {
      String joined = group.apply(n);
      Integer known = joined == null ? null : groups.get(joined);
      if (known == null) {
        known = members.size();
        members.add(joined == null ? operator(n) : new Member(kind, joined, "", -1));
        if (joined != null) {
          groups.put(joined, known);
        }
      }
      members.get(known).nodes.add(n);
      memberOf[n] = known;
    }
    Map<Integer, Integer> variables = new HashMap<>(); // by value
    for (ModelReport.Block block : report.blocks()) {
      for (ModelReport.Access read : block.reads()) {
        variables.put(read.value(), members.size());
        members.add(variable(read));
      }
    }
    Map<Way, List<Integer>> ways = new LinkedHashMap<>();
    for (int n = 0; n < memberOf.length; n++) {
      for (ModelReport.Argument argument : report.nodes().get(n).arguments()) {
        for (int value : argument.values()) {
          way(ways, giver(value, memberOf, variables), memberOf[n], value);
        }
      }
    }
    for (ModelReport.Block block : report.blocks()) {
      for (ModelReport.Access write : block.writes()) {
        way(ways, giver(write.value(), memberOf, variables), members.size(), write.value());
        members.add(variable(write));
      }
    }
    return place(name, members, ways);
  }

  /** The box that a value comes from; −1 of a constant. */
  private int giver(int value, int[] memberOf, Map<Integer, Integer> variables) {
    int producer = report.values().get(value).producer();
    return producer >= 0 ? memberOf[producer] : variables.getOrDefault(value, -1);
  }

  private static void way(Map<Way, List<Integer>> ways, int from, int to, int value) {
    if (from < 0 || from == to) {
      return;
    }
    List<Integer> values = ways.computeIfAbsent(new Way(from, to), w -> new ArrayList<>());
    if (!values.contains(value)) {
      values.add(value);
    }
  }

  private Member operator(int node) {
    ModelReport.Node of = report.nodes().get(node);
    String label = of.operator().substring(Math.max(of.operator().indexOf("::") + 2, 0));
    if (!of.operator().contains("::")) {
      label = of.operator();
    }
    int overload = label.indexOf('.');
    return new Member(
        "operator",
        overload <= 0 ? label : label.substring(0, overload),
        of.results().isEmpty() ? "" : report.values().get(of.results().getFirst()).type(),
        -1);
  }

  private Member variable(ModelReport.Access access) {
    return new Member(
        "variable", access.variable(), report.values().get(access.value()).type(), access.value());
  }

  // ---- places

  private static Drawing place(String name, List<Member> members, Map<Way, List<Integer>> ways) {
    if (members.size() <= MOST_LAYERED) {
      try {
        return layers(name, members, ways);
      } catch (StackOverflowError e) {
        // the kernel goes from box to box by calls: this thread has no room for so many
      }
    }
    return columns(name, members, ways);
  }

  /** As a text is written: one below the other, column by column, in the order of the report. */
  private static Drawing columns(String name, List<Member> members, Map<Way, List<Integer>> ways) {
    int rows = (int) Math.ceil(Math.sqrt(members.size() * (MOST_WIDTH + GAP) / (HEIGHT + GAP)));
    List<Drawing.Box> boxes = new ArrayList<>();
    for (int m = 0; m < members.size(); m++) {
      boxes.add(
          box(
              members.get(m),
              (m / rows + 0.5) * (MOST_WIDTH + GAP),
              (m % rows + 0.5) * (HEIGHT + GAP),
              width(members.get(m)),
              HEIGHT));
    }
    List<Drawing.Line> lines = new ArrayList<>();
    ways.forEach((way, values) -> {
      List<Double> points = new ArrayList<>();
      add(points, boxes.get(way.from()).x(), boxes.get(way.from()).y() + HEIGHT / 2);
      add(points, boxes.get(way.to()).x(), boxes.get(way.to()).y() - HEIGHT / 2);
      lines.add(new Drawing.Line(way.from(), way.to(), values.getFirst(), values.size(), points));
    });
    return new Drawing(name, boxes, lines);
  }

  private static Drawing.Box box(Member member, double x, double y, double width, double height) {
    return new Drawing.Box(
        member.kind,
        member.label,
        member.detail(),
        List.copyOf(member.nodes),
        member.value,
        round(x),
        round(y),
        round(width),
        round(height));
  }

  private static Drawing layers(String name, List<Member> members, Map<Way, List<Integer>> ways) {
    ElkNode root = ElkGraphUtil.createGraph();
    root.setProperty(CoreOptions.ALGORITHM, LayeredOptions.ALGORITHM_ID);
    root.setProperty(CoreOptions.DIRECTION, Direction.DOWN);
    root.setProperty(CoreOptions.EDGE_ROUTING, EdgeRouting.ORTHOGONAL);
    root.setProperty(LayeredOptions.SPACING_NODE_NODE, 24.0);
    root.setProperty(LayeredOptions.SPACING_NODE_NODE_BETWEEN_LAYERS, 26.0);
    root.setProperty(LayeredOptions.SPACING_EDGE_NODE, 14.0);
    if (members.size() > LONG) {
      // Columns side by side: else a thousand operators are a line that nobody can look at.
      root.setProperty(LayeredOptions.WRAPPING_STRATEGY, WrappingStrategy.MULTI_EDGE);
      root.setProperty(CoreOptions.ASPECT_RATIO, ASPECT_RATIO);
    }
    List<ElkNode> nodes = new ArrayList<>();
    for (Member member : members) {
      ElkNode node = ElkGraphUtil.createNode(root);
      node.setDimensions(width(member), HEIGHT);
      nodes.add(node);
    }
    List<ElkEdge> edges = new ArrayList<>();
    for (Way way : ways.keySet()) {
      edges.add(ElkGraphUtil.createSimpleEdge(nodes.get(way.from()), nodes.get(way.to())));
    }
    new RecursiveGraphLayoutEngine().layout(root, new BasicProgressMonitor());
    List<Drawing.Box> boxes = new ArrayList<>();
    for (int m = 0; m < members.size(); m++) {
      ElkNode node = nodes.get(m);
      boxes.add(
          box(
              members.get(m),
              node.getX() + node.getWidth() / 2,
              node.getY() + node.getHeight() / 2,
              node.getWidth(),
              node.getHeight()));
    }
    List<Drawing.Line> lines = new ArrayList<>();
    ways.forEach((way, values) ->
        lines.add(
            new Drawing.Line(
                way.from(),
                way.to(),
                values.getFirst(),
                values.size(),
                points(edges.get(lines.size())))));
    return new Drawing(name, boxes, lines);
  }

  private static double width(Member member) {
    int longest = Math.max(member.label.length(), member.detail().length());
    return Math.clamp(Math.rint(longest * CHARACTER + PADDING), LEAST_WIDTH, MOST_WIDTH);
  }

  private static List<Double> points(ElkEdge edge) {
    List<Double> points = new ArrayList<>();
    for (ElkEdgeSection section : edge.getSections()) {
      add(points, section.getStartX(), section.getStartY());
      for (ElkBendPoint bend : section.getBendPoints()) {
        add(points, bend.getX(), bend.getY());
      }
      add(points, section.getEndX(), section.getEndY());
    }
    return points;
  }

  private static void add(List<Double> points, double x, double y) {
    points.add(round(x));
    points.add(round(y));
  }

  /** Tenths of a pixel are more than anybody sees. */
  private static double round(double pixels) {
    return Math.rint(pixels * 10) / 10;
  }
}
