package dev.baton.runtime.lift;

import dev.baton.delegate.Payload;
import dev.baton.graph.Graph;
import java.util.List;
import java.util.Map;

/**
 * A stretch of a method without jumps, and without shapes that its own data decide.
 *
 * @param reads the variable behind each input of the graph
 * @param writes the variable that receives each result of the graph
 * @param payloads the payload of each node that calls an opaque one, by node id
 * @param next where the method goes on
 */
public record Block(
    Graph graph,
    List<Variable> reads,
    List<Variable> writes,
    Map<Integer, Payload> payloads,
    Next next) {

  /** What follows a block. */
  public sealed interface Next {}

  /** The method ends. */
  public record Return() implements Next {}

  public record Goto(int block) implements Next {}

  /**
   * @param condition a bool scalar, or a tensor that is true if all its elements are
   */
  public record Branch(Variable condition, int ifTrue, int ifFalse) implements Next {}
}
