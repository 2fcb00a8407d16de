package dev.baton.isolation;

import java.time.Duration;
import java.util.List;

/** How a child process is started and what is expected of it. Immutable. */
public final class IsolationOptions {
  private static final IsolationOptions DEFAULTS =
      new IsolationOptions(
          List.of(), Duration.ofMillis(100), Duration.ofSeconds(30), Duration.ofMinutes(5));

  private final List<String> javaOptions;
  private final Duration firstBackOff;
  private final Duration longestBackOff;
  private final Duration patience;

  private IsolationOptions(
      List<String> javaOptions, Duration firstBackOff, Duration longestBackOff, Duration patience) {
    this.javaOptions = List.copyOf(javaOptions);
    this.firstBackOff = firstBackOff;
    this.longestBackOff = longestBackOff;
    this.patience = patience;
  }

  public static IsolationOptions defaults() {
    return DEFAULTS;
  }

  /** More options for the child's Java, such as {@code -Xmx256m}. */
  public IsolationOptions withJavaOptions(List<String> options) {
    return new IsolationOptions(options, firstBackOff, longestBackOff, patience);
  }

  /**
   * How long a child that died is not started again: {@code first} after it died once, twice as
   * long each time that the next dies too within {@code longest}, and never longer than that. 0.1 s
   * and 30 s by default.
   *
   * @throws IllegalArgumentException if one is negative, or {@code first} the longer
   */
  public IsolationOptions withBackOff(Duration first, Duration longest) {
    if (first.isNegative() || first.compareTo(longest) > 0) {
      throw new IllegalArgumentException("back-off from " + first + " to " + longest);
    }
    return new IsolationOptions(javaOptions, first, longest, patience);
  }

  /**
   * How long any request but a run may take before the child counts as hung and is killed; 5
   * minutes by default. Runs end by {@code Execution.setDeadline} and {@code cancel}.
   */
  public IsolationOptions withPatience(Duration longest) {
    return new IsolationOptions(javaOptions, firstBackOff, longestBackOff, longest);
  }

  List<String> javaOptions() {
    return javaOptions;
  }

  Duration firstBackOff() {
    return firstBackOff;
  }

  Duration longestBackOff() {
    return longestBackOff;
  }

  Duration patience() {
    return patience;
  }
}
