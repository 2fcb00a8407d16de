package dev.baton.runtime;

/** What happens when a delegate is unavailable, cannot compile, or fails while it runs. */
public enum FallbackPolicy {
  /**
   * It is an error. The default for delegates that the caller names. Where the caller names none, a
   * delegate that is unavailable is not missed; one that is available must work.
   */
  FAIL,
  /** The work goes to the next delegate, or to Java. */
  FALL_BACK,
  /** As {@link #FALL_BACK}, with a warning in the log. The default. */
  FALL_BACK_AND_REPORT
}
