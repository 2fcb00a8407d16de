package dev.baton.delegate;

import dev.baton.graph.Shape;
import java.util.List;
import java.util.Optional;

/**
 * A compiled subgraph or loaded payload: immutable, shared by all callers, safe for use by several
 * threads. Closed once by the host; closing again does nothing, and use afterwards is an exception,
 * never a crash.
 */
public interface CompiledSubgraph extends AutoCloseable {
  /**
   * Makes what one caller at a time runs. Called once for each concurrent caller.
   *
   * @return never null; closed once by the host, before this is closed
   */
  DelegateExecution newExecution(ExecutionContext context) throws DelegateException;

  /** What buffers the delegate needs for inputs and outputs. */
  default BufferRequirements buffers() {
    return BufferRequirements.none();
  }

  /**
   * Bytes that this holds outside of the host's memory: packed weights, compiled code. An estimate.
   */
  default long memoryBytes() {
    return 0;
  }

  /**
   * Output shapes of an opaque payload for given input shapes, where they vary; empty if they are
   * as the program declares. Not asked for claimed subgraphs: the host infers those.
   *
   * @throws DelegateException if the shapes are not supported
   */
  default Optional<List<Shape>> outputShapes(List<Shape> inputs) throws DelegateException {
    return Optional.empty();
  }

  /**
   * Which nodes a part of a run works for, so that a profile tells what each operator of the
   * program takes. A node may have several parts, and a part several nodes. Asked by any thread,
   * after runs that told of the part.
   *
   * @param part a number given to {@link RunContext#record}; the same for all executions
   * @return positions among the nodes of the subgraph that was compiled; empty where that is not
   *     known for sure, and of a payload
   */
  default List<Integer> nodesOf(int part) {
    return List.of();
  }

  @Override
  void close();
}
