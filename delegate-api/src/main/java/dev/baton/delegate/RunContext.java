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
}
