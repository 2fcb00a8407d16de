package dev.baton.runtime.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ConvexPartsTest {
  private static final TensorType T = TensorType.of(DType.FLOAT, 2);
  private final Graph.Builder builder = new Graph.Builder();

  private Value add(Value a, Value b) {
    return builder
        .node(Operators.get("aten::add.Tensor"), List.of(a, b), List.of(T), Origin.HOST)
        .result();
  }

  private static Node node(Value value) {
    Node node = value.producer();
    assertNotNull(node);
    return node;
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static List<Node>[] noGroups(Graph graph) {
    return (List<Node>[]) new List[graph.nodeIdBound()];
  }

  @Test
  void aJavaNodeBetweenSplits() {
    Value x = builder.input(T);
    Value a = add(x, x);
    Value j = add(a, a);
    Value b = add(j, a);
    Graph graph = builder.build(List.of(b));
    String[] colours = new String[graph.nodeIdBound()];
    colours[node(a).id()] = "d";
    colours[node(b).id()] = "d";
    var result = ConvexParts.form(graph, colours, noGroups(graph));
    assertEquals(2, result.parts().size());
  }

  @Test
  void whatRunsInJavaFirstDividesNothing() {
    Value x = builder.input(T);
    Value mask = add(x, x);
    Value a = add(x, x);
    Value b = add(a, mask);
    Graph graph = builder.build(List.of(b));
    String[] colours = new String[graph.nodeIdBound()];
    colours[node(a).id()] = "d";
    colours[node(b).id()] = "d";
    assertEquals(1, ConvexParts.form(graph, colours, noGroups(graph)).parts().size());
  }

  @Test
  void partsWithNothingBetweenThemBecomeOne() {
    Value x = builder.input(T);
    Value a = add(x, x); // before Java
    Value j = add(a, a);
    Value b = add(j, x);
    Value c = add(x, x); // beside it, at the level of a
    Value d = builder.input(T);
    Value k = add(d, d);
    Value e = add(k, k); // on another way
    Value f = add(e, b);
    Graph graph = builder.build(List.of(f, c));
    String[] colours = new String[graph.nodeIdBound()];
    for (Value of : List.of(a, b, c, e, f)) {
      colours[node(of).id()] = "d";
    }
    var parts = ConvexParts.form(graph, colours, noGroups(graph)).parts();
    assertEquals(2, parts.size());
    parts.forEach(p -> assertConvex(graph, new HashSet<>(p.nodes())));
  }

  @Test
  void twoDelegatesDoNotWaitForEachOther() {
    Value x = builder.input(T);
    Value a = add(x, x);
    Value b = add(a, a);
    Value c = add(x, x);
    Value d = add(c, c);
    Graph graph = builder.build(List.of(b, d));
    String[] colours = new String[graph.nodeIdBound()];
    colours[node(a).id()] = "d";
    colours[node(b).id()] = "e";
    colours[node(c).id()] = "e";
    colours[node(d).id()] = "d";
    // a and d as one would wait for b and c as one, and these for those.
    assertEquals(3, ConvexParts.form(graph, colours, noGroups(graph)).parts().size());
  }

  @Test
  void branchesThatMeetAreOnePart() {
    Value x = builder.input(T);
    Value a = add(x, x);
    Value b = add(a, x);
    Value c = add(a, a);
    Value d = add(b, c);
    Graph graph = builder.build(List.of(d));
    String[] colours = new String[graph.nodeIdBound()];
    Arrays.fill(colours, "d");
    assertEquals(1, ConvexParts.form(graph, colours, noGroups(graph)).parts().size());
  }

  @Test
  void aGroupThatLeavesAndComesBackIsBroken() {
    Value x = builder.input(T);
    Value a = add(x, x);
    Value j = add(a, a);
    Value b = add(j, a);
    Graph graph = builder.build(List.of(b));
    String[] colours = new String[graph.nodeIdBound()];
    colours[node(a).id()] = "d";
    colours[node(b).id()] = "d";
    List<Node>[] groups = noGroups(graph);
    List<Node> group = List.of(node(a), node(b));
    groups[node(a).id()] = group;
    groups[node(b).id()] = group;
    var result = ConvexParts.form(graph, colours, groups);
    assertEquals(group, result.broken());
  }

  @Test
  void partsOfRandomGraphsAreConvexAndWhole() {
    Random random = new Random(7);
    for (int round = 0; round < 200; round++) {
      Graph.Builder random1 = new Graph.Builder();
      List<Value> values = new ArrayList<>(List.of(random1.input(T)));
      for (int n = 0; n < 30; n++) {
        Value a = values.get(random.nextInt(values.size()));
        Value b = values.get(random.nextInt(values.size()));
        values.add(
            random1
                .node(Operators.get("aten::add.Tensor"), List.of(a, b), List.of(T), Origin.HOST)
                .result());
      }
      int outputs = round % 2 == 0 ? values.size() - 1 : 3;
      Graph graph = random1.build(values.subList(values.size() - outputs, values.size()));
      String[] colours = new String[graph.nodeIdBound()];
      for (int n = 0; n < colours.length; n++) {
        colours[n] = new String[] {null, "d", "e"}[random.nextInt(3)];
      }
      var result = ConvexParts.form(graph, colours, noGroups(graph));
      assertNull(result.broken());
      Map<Node, Integer> part = new HashMap<>();
      for (int p = 0; p < result.parts().size(); p++) {
        for (Node member : result.parts().get(p).nodes()) {
          assertNull(part.put(member, p));
        }
      }
      assertEquals(
          graph.nodes().stream().filter(n -> colours[n.id()] != null).count(), part.size());
      for (var p : result.parts()) {
        assertConvex(graph, new HashSet<>(p.nodes()));
      }
      assertNoneWaitsForItself(graph, part);
    }
  }

  @Test
  void whatOneLaterPartAloneNeedsSinksThere() {
    TensorType large = TensorType.of(DType.FLOAT, 2, 2);
    Value x = builder.input(T);
    Value a = add(x, x);
    Value wide = wide(a, large); // larger than what it is made of
    Value j = add(a, a); // in Java
    Value b = wide(add(j, a), large);
    Value c = add(wide, b, large);
    Graph graph = builder.build(List.of(c));
    String[] colours = new String[graph.nodeIdBound()];
    Arrays.fill(colours, "d");
    colours[node(j).id()] = null;
    var parts = ConvexParts.form(graph, colours, noGroups(graph)).parts();
    assertEquals(List.of(node(a)), parts.get(0).nodes());
    assertTrue(parts.get(1).nodes().contains(node(wide)));
    List<Node>[] groups = noGroups(graph);
    groups[node(a).id()] = List.of(node(a), node(wide));
    groups[node(wide).id()] = List.of(node(a), node(wide));
    var grouped = ConvexParts.form(graph, colours, groups).parts();
    assertEquals(List.of(node(a), node(wide)), grouped.get(0).nodes());
  }

  @Test
  void whatIsNoSmallerBeforeStays() {
    Value x = builder.input(T);
    Value a = add(x, x);
    Value b = add(a, x);
    Value j = add(a, a); // in Java
    Value c = add(b, j);
    Graph graph = builder.build(List.of(c));
    String[] colours = new String[graph.nodeIdBound()];
    Arrays.fill(colours, "d");
    colours[node(j).id()] = null;
    var parts = ConvexParts.form(graph, colours, noGroups(graph)).parts();
    assertEquals(List.of(node(a), node(b)), parts.get(0).nodes());
  }

  private Value add(Value a, Value b, TensorType type) {
    return builder
        .node(Operators.get("aten::add.Tensor"), List.of(a, b), List.of(type), Origin.HOST)
        .result();
  }

  private Value wide(Value a, TensorType type) {
    return add(a, builder.constant(Constant.of(MemorySegment.ofArray(new float[4]), type)), type);
  }

  /** Parts, and nodes without one, can run one after another. */
  private static void assertNoneWaitsForItself(Graph graph, Map<Node, Integer> part) {
    Map<Object, Set<Object>> waitsFor = new HashMap<>();
    for (Node node : graph.nodes()) {
      Object unit = part.containsKey(node) ? part.get(node) : node;
      Set<Object> of = waitsFor.computeIfAbsent(unit, u -> new HashSet<>());
      for (Value input : node.inputs()) {
        Node producer = input.producer();
        if (producer != null) {
          of.add(part.containsKey(producer) ? part.get(producer) : producer);
        }
      }
      of.remove(unit);
    }
    while (!waitsFor.isEmpty()) {
      Set<Object> ready = new HashSet<>();
      waitsFor.forEach((unit, of) -> {
        if (of.isEmpty()) {
          ready.add(unit);
        }
      });
      assertTrue(!ready.isEmpty(), "parts wait for each other");
      waitsFor.keySet().removeAll(ready);
      waitsFor.values().forEach(of -> of.removeAll(ready));
    }
  }

  /** No path leaves the members and comes back. */
  private static void assertConvex(Graph graph, Set<Node> members) {
    Set<Node> outside = new HashSet<>(); // reached from a member, through nodes that are none
    for (Node node : graph.nodes()) {
      boolean fromOutside = node.inputs().stream().anyMatch(v -> outside.contains(v.producer()));
      if (members.contains(node)) {
        assertTrue(!fromOutside, "a path comes back");
      } else if (fromOutside
          || node.inputs().stream().anyMatch(v -> members.contains(v.producer()))) {
        outside.add(node);
      }
    }
  }
}
