package dev.baton.runtime;

import dev.baton.graph.Graph;
import dev.baton.graph.ValueType;
import java.util.List;

/**
 * A stretch of a method without jumps, as it was placed: simplified, with opened payloads written
 * out as operators. What it computes goes through variables to the blocks after it.
 *
 * @param graph whose nodes are the operators of {@link Placement#operators}, in that order, after
 *     those of the blocks before. Bytes of its constants stay valid until the method is closed.
 * @param reads the variable behind each input of the graph
 * @param writes the variable that receives each result of the graph
 */
public record MethodBlock(Graph graph, List<Variable> reads, List<Variable> writes) {
  public MethodBlock {
    reads = List.copyOf(reads);
    writes = List.copyOf(writes);
  }

  /**
   * A place that outlives a block.
   *
   * @param index among those of the method
   * @param type of a tensor that varies, at its upper bound
   */
  public record Variable(int index, String name, Kind kind, ValueType type) {
    /** What it is for. */
    public enum Kind {
      /** Given by the caller before each run. */
      INPUT,
      /** Handed to the caller after each run. */
      OUTPUT,
      /** Lives from run to run: a mutable buffer. */
      STATE,
      /** Carries a value from block to block. */
      LOCAL
    }
  }
}
