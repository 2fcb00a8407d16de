package dev.baton.delegate;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What the host tells a delegate, and what a delegate may tell the host. Safe for use by several
 * threads.
 */
public interface HostContext {
  /** Options that the caller set for this delegate, by key; never null, often empty. */
  Map<String, String> options();

  /** Number of threads that one run may use, at least 1. */
  int threads();

  /**
   * A folder of this delegate's own, where it may keep compiled or packed forms; empty if the host
   * has none.
   */
  Optional<Path> cacheDirectory();

  /**
   * Memory for what the delegate keeps: copies of constants, packed weights, buffers between its
   * operators. The host counts it, and a test makes it run out.
   *
   * @return shared, so that any thread may use and close it; the delegate closes it, at the latest
   *     with what it was asked for. Its {@code allocate} throws {@link OutOfMemoryError} where
   *     there is no memory: a delegate makes {@link DelegateException.Kind#RESOURCES} of that.
   */
  @SuppressWarnings("MustBeClosedChecker") // the delegate closes it
  default Arena newArena() {
    return Arena.ofShared();
  }

  /**
   * Tells the user of something worth knowing, once; the host writes it to its log.
   *
   * @param message one sentence
   */
  default void warn(String message) {}

  /**
   * Tells how far long work has come.
   *
   * @param what one or two words, such as {@code packing weights}
   * @param fraction 0 to 1; 0 as long as nobody knows
   */
  default void progress(String what, double fraction) {}

  /**
   * True if runs may be recorded: a delegate that can tell how long its own operators take gets
   * ready for it now. What that costs is paid in every run, and is to be small.
   */
  default boolean isProfiled() {
    return false;
  }

  /**
   * Tells how long a part of the present call took, for a profile of the load.
   *
   * @param what one or two words, such as {@code packing weights}
   * @param startNanos by {@link System#nanoTime}
   */
  default void record(String what, long startNanos, long nanos) {}

  /**
   * True if the caller no longer wants the result, or the deadline has passed: give up with {@link
   * DelegateException.Kind#CANCELLED}.
   */
  default boolean isCancelled() {
    return false;
  }

  /** Nanoseconds left for the present call; empty if there is no deadline. */
  default java.util.OptionalLong remainingNanos() {
    return java.util.OptionalLong.empty();
  }
}
