package dev.baton.runtime.lift;

import dev.baton.delegate.Payload;
import dev.baton.graph.Argument;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a block again, node by node, where a subclass may put something else in a node's place.
 * What nobody needs any more is left out. Used once, by one thread.
 */
abstract class GraphRewriter {
  /** The graph that is read. */
  final Graph graph;

  /** The graph that is written. */
  final Graph.Builder into = new Graph.Builder();

  private final Map<Value, Value> mapped = new HashMap<>();

  GraphRewriter(Graph graph) {
    this.graph = graph;
  }

  /**
   * What stands for a node's results.
   *
   * @return values of the new graph, one for each result; null if the node is to be copied
   */
  abstract @Nullable List<Value> replacement(Node node);

  final Block rewrite(Block block) {
    for (Value input : graph.inputs()) {
      mapped.put(input, into.input(input.type()));
    }
    Map<Integer, Payload> payloads = new HashMap<>();
    for (Node node : graph.nodes()) {
      List<Value> given = replacement(node);
      List<Value> results = given != null ? given : copy(node).results();
      for (int r = 0; r < results.size(); r++) {
        mapped.put(node.results().get(r), results.get(r));
      }
      Payload payload = block.payloads().get(node.id());
      Node written = results.isEmpty() ? null : results.get(0).producer();
      if (payload != null && written != null) {
        payloads.put(written.id(), payload);
      }
    }
    List<Value> results = graph.results().stream().map(this::map).toList();
    return new Block(into.build(results), block.reads(), block.writes(), payloads, block.next());
  }

  private Node copy(Node node) {
    return into.node(
        node.operator(),
        node.arguments().stream().map(this::map).toList(),
        node.results().stream().map(Value::type).toList(),
        node.origin());
  }

  /** The value of the new graph that stands for one of the old. */
  final Value map(Value value) {
    return mapped.computeIfAbsent(value, v -> into.constant(v.constant()));
  }

  final Argument map(Argument argument) {
    return switch (argument) {
      case Value v -> map(v);
      case Argument.Items list -> new Argument.Items(list.items().stream().map(this::map).toList());
      default -> argument;
    };
  }

  /** Adds a node with one result to the new graph. */
  final Value add(
      String operator, TensorType type, Origin origin, List<? extends Argument> arguments) {
    return into.node(Operators.get(operator), arguments, List.of(type), origin).result();
  }
}
