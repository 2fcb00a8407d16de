package dev.baton.xnnpack;

import dev.baton.xnnpack.ffi.XnnNode;
import dev.baton.xnnpack.ffi.XnnNode.UnaryOperator;
import dev.baton.xnnpack.ffi.XnnOperatorNames;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which nodes of a subgraph each operator of a runtime works for. XNNPACK tells its operators'
 * names and no more. They are what was defined, in that order, without what it fuses or does not
 * need; so an operator is known where all ways to find the operators among the nodes, by kind,
 * agree on it. What it did without is then in the operator before or behind.
 */
final class PartNodes {
  private static final int NONE = -1;
  private static final int SEVERAL = -2;

  /** An operator that XNNPACK makes of a node, unless it does without. */
  private record Expected(int node, Set<String> kinds) {}

  private final List<XnnNode> defined;
  private final List<List<Integer>> purposes;
  private final List<Expected> expected = new ArrayList<>();

  /** The operator that each of the expected may be. */
  private final int[] operators;

  private final List<Set<Integer>> found = new ArrayList<>();

  private PartNodes(List<XnnNode> defined, List<List<Integer>> purposes) {
    this.defined = defined;
    this.purposes = purposes;
    for (int n = 0; n < defined.size(); n++) {
      for (Set<String> kinds : XnnOperatorNames.of(defined.get(n))) {
        expected.add(new Expected(n, kinds));
      }
    }
    this.operators = new int[expected.size()];
    Arrays.fill(operators, NONE);
  }

  /**
   * The nodes of each operator, in order; empty where they are not known.
   *
   * @param defined in the order in which they were
   * @param purposes of each of these, positions in the subgraph
   * @param names of the runtime's operators, in the order in which they run
   */
  static List<List<Integer>> of(
      List<XnnNode> defined, List<List<Integer>> purposes, List<String> names) {
    PartNodes nodes = new PartNodes(defined, purposes);
    nodes.match(names.stream().map(XnnOperatorNames::kind).toList());
    return nodes.found.stream().map(List::copyOf).toList();
  }

  private void match(List<String> kinds) {
    int[] first = new int[kinds.size()];
    int[] last = new int[kinds.size()];
    int at = 0;
    for (int o = 0; o < first.length; o++, at++) {
      while (at < expected.size() && !expected.get(at).kinds.contains(kinds.get(o))) {
        at++;
      }
      if (at == expected.size()) {
        return; // XNNPACK made something else of the nodes
      }
      first[o] = at;
    }
    at = expected.size() - 1;
    for (int o = last.length - 1; o >= 0; o--, at--) {
      while (!expected.get(at).kinds.contains(kinds.get(o))) {
        at--;
      }
      last[o] = at;
    }
    List<List<Integer>> candidates = new ArrayList<>();
    for (int o = 0; o < first.length; o++) {
      List<Integer> possible = new ArrayList<>();
      for (int e = first[o]; e <= last[o]; e++) {
        if (expected.get(e).kinds.contains(kinds.get(o))) {
          possible.add(e);
          operators[e] = operators[e] == NONE ? o : SEVERAL;
        }
      }
      candidates.add(possible);
    }
    candidates.forEach(possible -> found.add(agreed(possible)));
    fuse();
  }

  /** What an operator works for that is one of these, or that several of these became. */
  private Set<Integer> agreed(List<Integer> candidates) {
    Set<List<Integer>> different = new HashSet<>();
    Set<Integer> all = new TreeSet<>();
    boolean chain = true;
    for (int c = 0; c < candidates.size(); c++) {
      int node = expected.get(candidates.get(c)).node;
      different.add(purposes.get(node));
      all.addAll(purposes.get(node));
      chain &= operators[candidates.get(c)] != SEVERAL;
      if (c > 0) {
        int before = expected.get(candidates.get(c - 1)).node;
        chain &= before == node || reads(node, before);
      }
    }
    return different.size() == 1 || chain ? all : new TreeSet<>();
  }

  private boolean reads(int node, int other) {
    return defined.get(node).inputs().contains(defined.get(other).output());
  }

  /** Adds what has no operator of its own to those that do it as well. */
  private void fuse() {
    Map<Integer, Integer> operatorOf = new HashMap<>();
    Set<Integer> possible = new HashSet<>();
    for (int e = 0; e < operators.length; e++) {
      int operator = operators[e];
      if (operator != NONE) {
        possible.add(expected.get(e).node);
      }
      if (operator >= 0 && !found.get(operator).isEmpty()) {
        operatorOf.putIfAbsent(expected.get(e).node, operator);
      }
    }
    Map<Integer, Integer> producers = new HashMap<>();
    for (int n = 0; n < defined.size(); n++) {
      producers.put(defined.get(n).output(), n);
      Integer producer = producers.get(defined.get(n).inputs().getFirst());
      if (!possible.contains(n) && joinsProducer(defined.get(n)) && producer != null) {
        add(n, operatorOf.get(producer), operatorOf);
      }
    }
    for (int user = defined.size() - 1; user >= 0; user--) {
      for (int value : defined.get(user).inputs()) {
        Integer producer = producers.get(value);
        if (producer != null && !possible.contains(producer) && joinsUser(defined.get(producer))) {
          add(producer, operatorOf.get(user), operatorOf);
        }
      }
    }
  }

  private void add(int node, @Nullable Integer operator, Map<Integer, Integer> operatorOf) {
    if (operator != null) {
      found.get(operator).addAll(purposes.get(node));
      operatorOf.put(node, operator);
    }
  }

  private static boolean joinsProducer(XnnNode node) {
    return node instanceof XnnNode.Copy || isUnary(node, UnaryOperator.CLAMP);
  }

  private static boolean joinsUser(XnnNode node) {
    return node instanceof XnnNode.Pad
        || node instanceof XnnNode.Reshape
        || node instanceof XnnNode.ExpandDims
        || node instanceof XnnNode.Transpose
        || isUnary(node, UnaryOperator.CONVERT)
        || isUnary(node, UnaryOperator.SQUARE);
  }

  private static boolean isUnary(XnnNode node, UnaryOperator operator) {
    return node instanceof XnnNode.Unary unary && unary.operator() == operator;
  }
}
