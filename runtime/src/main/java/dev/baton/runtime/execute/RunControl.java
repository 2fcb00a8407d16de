package dev.baton.runtime.execute;

import dev.baton.delegate.RunContext;
import dev.baton.runtime.CancelledException;
import java.time.Duration;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Whether the run in flight shall go on: asked between steps, and by delegates within theirs.
 * {@link #cancel} comes from any thread; the rest belongs to the thread that runs.
 */
final class RunControl implements RunContext {
  private volatile boolean cancelled;
  private volatile boolean running;
  private @Nullable Duration limit;
  private long end;

  /** Ends the run in flight; without one, does nothing. */
  void cancel() {
    cancelled = running;
  }

  /**
   * @param limit how long each of the runs that follow may take; null for any time
   */
  void limit(@Nullable Duration limit) {
    this.limit = limit;
  }

  void begin() {
    cancelled = false;
    running = true;
    Duration allowed = limit;
    if (allowed != null) {
      end = System.nanoTime() + allowed.toNanos();
    }
  }

  void finish() {
    running = false;
  }

  @Override
  public boolean isCancelled() {
    return cancelled || (limit != null && System.nanoTime() - end >= 0);
  }

  @Override
  public OptionalLong remainingNanos() {
    return limit == null
        ? OptionalLong.empty()
        : OptionalLong.of(Math.max(0, end - System.nanoTime()));
  }

  /**
   * @throws CancelledException if the run shall end
   */
  void check() {
    if (isCancelled()) {
      throw new CancelledException(
          cancelled ? "the run was cancelled" : "the run has passed its deadline of " + limit);
    }
  }
}
