package dev.baton.delegate;

import java.util.OptionalLong;

/**
 * What the host tells a delegate about one run. Valid during {@link DelegateExecution#run} only,
 * and the same object in every run of an execution. May be asked by any thread.
 */
public interface RunContext {
  /**
   * True if the caller no longer wants the result, or the deadline has passed. A delegate whose
   * runs are long asks now and then, and gives up with {@link DelegateException.Kind#CANCELLED};
   * the outputs are then undefined. Costs a few nanoseconds.
   */
  default boolean isCancelled() {
    return false;
  }

  /** Nanoseconds left for the run; empty if there is no deadline. */
  default OptionalLong remainingNanos() {
    return OptionalLong.empty();
  }

  /** True if the run is recorded; else {@link #record} does nothing. Costs a nanosecond. */
  default boolean isRecorded() {
    return false;
  }

  /**
   * Tells of a part of this run, such as one of the delegate's own operators. Called by the thread
   * that runs, in any order. Allocates nothing in the steady state.
   *
   * @param id the part's number in the subgraph, as the delegate counts and {@link
   *     CompiledSubgraph#nodesOf} knows it; −1 if it has none
   * @param name kept as it is given: let it be the same object in every run
   * @param startNanos by {@link System#nanoTime}, within the call of {@code run}
   */
  default void record(int id, String name, long startNanos, long nanos) {}
}
