package dev.baton.runtime.placement;

import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Forms convex parts of one colour, as few as it can.
 *
 * <p>A coloured node's <i>level</i> is the greatest number of times that a path leaves a part
 * before it arrives there: for nodes without a colour, or for a part of another colour. Nodes of
 * one colour and level form a part: a path that leaves it comes back at a higher level. Nodes
 * without a colour are units of their own and have no part to leave, so what runs before the first
 * coloured node divides nothing. Members of a group share the highest level of any of them. Then
 * parts of one colour become one wherever no path between them leads through another unit. Last, a
 * node moves to the one part that needs its results, if that part is of its colour and so fewer
 * bytes cross.
 *
 * <p>Only tensors count as paths: a scalar is known before the run.
 */
final class ConvexParts {
  /**
   * Nodes of one colour that run as one, in the order of the graph.
   *
   * @param colour who runs them
   */
  record Part(String colour, List<Node> nodes) {}

  /**
   * @param parts those of every colour
   * @param broken a group that leaves and comes back, and so cannot be in one part; null if there
   *     is none
   */
  record Result(List<Part> parts, @Nullable List<Node> broken) {}

  private final Graph graph;
  private final @Nullable String[] colours;

  /** By node id: of a coloured node its level, of others the lowest that can follow. */
  private final int[] level;

  private ConvexParts(Graph graph, @Nullable String[] colours) {
    this.graph = graph;
    this.colours = colours;
    this.level = new int[graph.nodeIdBound()];
  }

  /**
   * @param colours by node id; null for nodes that no delegate runs
   * @param groups by node id; nodes that must share a part have the same list; null for nodes alone
   */
  static Result form(Graph graph, @Nullable String[] colours, @Nullable List<Node>[] groups) {
    ConvexParts parts = new ConvexParts(graph, colours);
    List<Node> broken = parts.level(groups);
    return broken != null
        ? new Result(List.of(), broken)
        : new Result(parts.sunk(parts.merged(parts.byLevel()), groups), null);
  }

  /** As {@link #form}, with each group, and each node that is in none, in a part of its own. */
  static Result single(Graph graph, @Nullable String[] colours, @Nullable List<Node>[] groups) {
    List<Part> parts = new ArrayList<>();
    boolean[] taken = new boolean[graph.nodeIdBound()];
    for (Node node : graph.nodes()) {
      String colour = colours[node.id()];
      if (colour == null || taken[node.id()]) {
        continue;
      }
      List<Node> group = groups[node.id()];
      Set<Node> members = group == null ? Set.of(node) : new HashSet<>(group);
      members.forEach(n -> taken[n.id()] = true);
      parts.add(new Part(colour, graph.nodes().stream().filter(members::contains).toList()));
    }
    Units units = new Units(graph, parts);
    for (int p = 0; p < parts.size(); p++) {
      if (units.leadsThroughAnother(p, p)) {
        return new Result(List.of(), parts.get(p).nodes());
      }
    }
    return new Result(parts, null);
  }

  /** Gives every node its level. A group that comes back to itself would rise without end. */
  private @Nullable List<Node> level(@Nullable List<Node>[] groups) {
    int rounds = 0;
    boolean changed = true;
    List<Node> moved = null;
    while (changed) {
      changed = false;
      for (Node node : graph.nodes()) {
        int at = level[node.id()];
        for (Value input : node.inputs()) {
          Node producer = input.producer();
          if (producer != null && input.isTensor()) {
            String from = colours[producer.id()];
            boolean leaves = from != null && !from.equals(colours[node.id()]);
            at = Math.max(at, level[producer.id()] + (leaves ? 1 : 0));
          }
        }
        List<Node> group = groups[node.id()];
        if (group == null) {
          level[node.id()] = at;
          continue;
        }
        for (Node member : group) {
          if (level[member.id()] < at) {
            level[member.id()] = at;
            changed = true;
            moved = group;
          }
        }
      }
      if (++rounds > graph.nodes().size() + 1) {
        return moved;
      }
    }
    return null;
  }

  /** Parts by level, and by colour where the level is one. */
  private List<Part> byLevel() {
    Map<Integer, Map<String, List<Node>>> levels = new TreeMap<>();
    for (Node node : graph.nodes()) {
      String colour = colours[node.id()];
      if (colour != null) {
        levels
            .computeIfAbsent(level[node.id()], l -> new TreeMap<>())
            .computeIfAbsent(colour, c -> new ArrayList<>())
            .add(node);
      }
    }
    List<Part> parts = new ArrayList<>();
    levels
        .values()
        .forEach(
            of -> of.forEach((colour, nodes) -> parts.add(new Part(colour, List.copyOf(nodes)))));
    return parts;
  }

  // ---- merging

  private List<Part> merged(List<Part> parts) {
    if (parts.size() < 2 || parts.size() > MOST_MERGED) {
      return parts;
    }
    Units units = new Units(graph, parts);
    List<Part> kept = new ArrayList<>();
    for (int p = 0; p < parts.size(); p++) {
      boolean gone = false;
      for (int q = p + 1; q < parts.size() && !gone; q++) {
        boolean alike = parts.get(q).colour().equals(parts.get(p).colour());
        if (alike && !units.isBetween(p, q)) {
          units.merge(p, q);
          parts.set(q, union(parts.get(p), parts.get(q)));
          gone = true;
        }
      }
      if (!gone) {
        kept.add(parts.get(p));
      }
    }
    return kept;
  }

  /** More parts are left as they are: what is so scattered is not worth a longer load. */
  private static final int MOST_MERGED = 400;

  private Part union(Part a, Part b) {
    Set<Node> members = new HashSet<>(a.nodes());
    members.addAll(b.nodes());
    return new Part(a.colour(), graph.nodes().stream().filter(members::contains).toList());
  }

  // ---- sinking

  /**
   * From the last node to the first, so that chains move. All that a node leads to is in its new
   * part or behind it, so no path comes back to either part.
   */
  private List<Part> sunk(List<Part> parts, @Nullable List<Node>[] groups) {
    int[] at = new int[graph.nodeIdBound()];
    Arrays.fill(at, NO_PART);
    for (int p = 0; p < parts.size(); p++) {
      for (Node node : parts.get(p).nodes()) {
        at[node.id()] = p;
      }
    }
    boolean changed = false;
    for (Node node : graph.nodes().reversed()) {
      int from = at[node.id()];
      if (from == NO_PART || groups[node.id()] != null) {
        continue;
      }
      int to = onlyUser(node, at);
      if (to != NO_PART
          && to != from
          && parts.get(to).colour().equals(parts.get(from).colour())
          && bytesInto(node, to, at) < bytesOf(node.results())) {
        at[node.id()] = to;
        changed = true;
      }
    }
    if (!changed) {
      return parts;
    }
    List<Part> kept = new ArrayList<>();
    for (int p = 0; p < parts.size(); p++) {
      int part = p;
      List<Node> nodes = graph.nodes().stream().filter(n -> at[n.id()] == part).toList();
      if (!nodes.isEmpty()) {
        kept.add(new Part(parts.get(p).colour(), nodes));
      }
    }
    return kept;
  }

  private static final int NO_PART = -1;

  /** The part of all who use the node's results, if there is one and no result is an output. */
  private int onlyUser(Node node, int[] at) {
    int only = NO_PART;
    for (Value result : node.results()) {
      if (graph.isOutput(result)) {
        return NO_PART;
      }
      for (Node user : graph.users(result)) {
        int part = at[user.id()];
        if (part == NO_PART || (only != NO_PART && part != only)) {
          return NO_PART;
        }
        only = part;
      }
    }
    return only;
  }

  /** Of the tensors that the node would bring into a part that does not read them yet. */
  private long bytesInto(Node node, int part, int[] at) {
    return bytesOf(
        node.inputs().stream()
            .distinct()
            .filter(input -> isComputedOutside(input, part, at))
            .filter(input -> graph.users(input).stream().noneMatch(u -> at[u.id()] == part))
            .toList());
  }

  private static boolean isComputedOutside(Value input, int part, int[] at) {
    Node producer = input.producer();
    return producer != null && at[producer.id()] != part;
  }

  private static long bytesOf(List<Value> values) {
    return values.stream()
        .filter(Value::isTensor)
        .mapToLong(value -> value.tensorType().byteSize())
        .sum();
  }

  /** What runs as one: the parts, by their index, then every other node alone. */
  private static final class Units {
    private final List<Set<Integer>> users = new ArrayList<>();

    Units(Graph graph, List<Part> parts) {
      int[] unit = new int[graph.nodeIdBound()];
      Arrays.fill(unit, NO_PART);
      for (Part part : parts) {
        part.nodes().forEach(node -> unit[node.id()] = users.size());
        users.add(new HashSet<>());
      }
      for (Node node : graph.nodes()) {
        if (unit[node.id()] == NO_PART) {
          unit[node.id()] = users.size();
          users.add(new HashSet<>());
        }
        for (Value input : node.inputs()) {
          Node producer = input.producer();
          if (producer != null && input.isTensor() && unit[producer.id()] != unit[node.id()]) {
            users.get(unit[producer.id()]).add(unit[node.id()]);
          }
        }
      }
    }

    /** True if a path from one unit to the other, either way, leads through a third. */
    boolean isBetween(int p, int q) {
      return leadsThroughAnother(p, q) || leadsThroughAnother(q, p);
    }

    private boolean leadsThroughAnother(int from, int to) {
      boolean[] seen = new boolean[users.size()];
      Deque<Integer> open = new ArrayDeque<>();
      for (int user : users.get(from)) {
        if (user != to) {
          open.add(user);
        }
      }
      while (!open.isEmpty()) {
        int unit = open.remove();
        if (unit == to) {
          return true;
        }
        if (!seen[unit]) {
          seen[unit] = true;
          open.addAll(users.get(unit));
        }
      }
      return false;
    }

    /** Makes {@code gone} a part of {@code into}. */
    void merge(int gone, int into) {
      users.get(into).addAll(users.get(gone));
      users.get(into).remove(into);
      users.get(into).remove(gone);
      users.get(gone).clear();
      for (Set<Integer> of : users) {
        if (of.remove(gone) && of != users.get(into)) {
          of.add(into);
        }
      }
    }
  }
}
