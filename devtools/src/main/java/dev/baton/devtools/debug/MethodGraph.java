package dev.baton.devtools.debug;

import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import dev.baton.runtime.MethodBlock;
import dev.baton.runtime.ModelMethod;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** A method's operators by their position in its placement. */
final class MethodGraph {
  private final List<Graph> graphs;
  private final List<Node> nodes = new ArrayList<>();
  private final List<Integer> blocks = new ArrayList<>();
  private final Map<Node, Integer> positions = new IdentityHashMap<>();

  MethodGraph(ModelMethod method) {
    this.graphs = method.blocks().stream().map(MethodBlock::graph).toList();
    for (int b = 0; b < graphs.size(); b++) {
      for (Node node : graphs.get(b).nodes()) {
        positions.put(node, nodes.size());
        nodes.add(node);
        blocks.add(b);
      }
    }
  }

  Node node(int position) {
    return nodes.get(position);
  }

  /** The graph that an operator is in. */
  Graph graph(int position) {
    return graphs.get(blocks.get(position));
  }

  /** What a tensor is known by in a visit of its block. */
  ObservedValues.Key key(Value value, Graph graph, ObservedValues.Visit visit) {
    Node producer = value.producer();
    Integer position = producer == null ? Integer.valueOf(-1) : positions.get(producer);
    if (position == null) {
      throw new IllegalArgumentException(value + " is of another method");
    }
    return new ObservedValues.Key(
        visit.call(),
        visit.visit(),
        position,
        producer == null ? graph.inputs().indexOf(value) : value.resultIndex());
  }

  /** Tensors that come into a set of operators of one block, constants excepted, each once. */
  static List<Value> inputs(List<Node> of) {
    return of.stream()
        .flatMap(n -> n.inputs().stream())
        .filter(v -> v.isTensor() && !v.isConstant() && !of.contains(v.producer()))
        .distinct()
        .toList();
  }

  /** Tensors that they give to others, or to nobody within. */
  static List<Value> outputs(List<Node> of, Graph graph) {
    return of.stream()
        .flatMap(n -> n.results().stream())
        .filter(Value::isTensor)
        .filter(v -> graph.isOutput(v) || !of.containsAll(graph.users(v)))
        .toList();
  }
}
