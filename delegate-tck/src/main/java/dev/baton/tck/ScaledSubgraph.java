package dev.baton.tck;

import dev.baton.delegate.Subgraph;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** A subgraph in which some results are multiplied by a number before anything else reads them. */
final class ScaledSubgraph implements Subgraph {
  private final Graph graph;
  private final String name;

  private ScaledSubgraph(Graph graph, String name) {
    this.graph = graph;
    this.name = name;
  }

  /** The subgraph itself if no fault is meant for it. */
  static Subgraph of(Subgraph subgraph, List<OperatorFault> faults) {
    if (subgraph.nodes().stream().noneMatch(n -> faults.stream().anyMatch(f -> f.hits(n)))) {
      return subgraph;
    }
    Graph.Builder builder = new Graph.Builder();
    Map<Value, Value> copies = new IdentityHashMap<>();
    subgraph.inputs().forEach(v -> copies.put(v, builder.input(v.type())));
    for (Node node : subgraph.nodes()) {
      Node copy =
          builder.node(
              node.operator(),
              node.arguments().stream().map(a -> copy(a, builder, copies)).toList(),
              node.results().stream().map(Value::type).toList(),
              node.origin());
      for (int r = 0; r < node.results().size(); r++) {
        copies.put(node.results().get(r), copy.results().get(r));
      }
      for (OperatorFault fault : faults) {
        if (fault.hits(node)) {
          copies.computeIfPresent(
              node.result(), (v, right) -> scaled(right, fault.factor(), node.origin(), builder));
        }
      }
    }
    return new ScaledSubgraph(
        builder.build(subgraph.outputs().stream().map(copies::get).toList()), subgraph.name());
  }

  private static Value scaled(Value value, double factor, Origin origin, Graph.Builder builder) {
    // Delegates keep addresses of constants: these four bytes are never freed.
    MemorySegment number = Arena.global().allocate(ValueLayout.JAVA_FLOAT);
    number.set(ValueLayout.JAVA_FLOAT, 0, (float) factor);
    Value constant = builder.constant(Constant.of(number, TensorType.of(DType.FLOAT, 1)));
    return builder
        .node(
            Operators.get("aten::mul.Tensor"),
            List.of(value, constant),
            List.of(value.type()),
            origin)
        .result();
  }

  private static Argument copy(Argument argument, Graph.Builder builder, Map<Value, Value> copies) {
    return switch (argument) {
      case Value v when v.isConstant() ->
          copies.computeIfAbsent(v, c -> builder.constant(c.constant()));
      case Value v -> copies.getOrDefault(v, v);
      case Argument.Items list ->
          new Argument.Items(list.items().stream().map(a -> copy(a, builder, copies)).toList());
      default -> argument;
    };
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<Node> nodes() {
    return graph.nodes();
  }

  @Override
  public List<Value> inputs() {
    return graph.inputs();
  }

  @Override
  public List<Value> outputs() {
    return graph.outputs();
  }

  @Override
  public List<Node> users(Value value) {
    return graph.users(value);
  }

  @Override
  public boolean isOutput(Value value) {
    return graph.isOutput(value);
  }
}
