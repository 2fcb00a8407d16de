package dev.baton.runtime.execute;

import dev.baton.delegate.RunContext;
import dev.baton.runtime.CancelledException;
import dev.baton.runtime.plan.Recording;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Whether the run in flight shall go on: asked between steps, and by delegates within theirs, from
 * any thread. {@link #cancel} comes from any thread; the rest belongs to the thread that runs.
 */
final class RunControl implements RunContext {
  private static final int IDLE = 0;
  private static final int RUNNING = 1;
  private static final int CANCELLED = 2;

  /** Longer than any process lives, and far from overflowing a sum. */
  private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE / 4);

  private final AtomicInteger state = new AtomicInteger(IDLE);
  private volatile @Nullable Duration limit;
  private volatile long end;
  private @Nullable Recording recording;

  /** Ends the run in flight; without one, does nothing. */
  void cancel() {
    state.compareAndSet(RUNNING, CANCELLED);
  }

  /**
   * @param given how long each of the runs that follow may take; null for any time
   */
  void limit(@Nullable Duration given) {
    limit = given == null || given.compareTo(FOR_EVER) < 0 ? given : FOR_EVER;
  }

  /**
   * @param given where the run that follows is recorded; null if it is not
   */
  void record(@Nullable Recording given) {
    recording = given;
  }

  /** Where the run is recorded; null if it is not. */
  @Nullable Recording recording() {
    return recording;
  }

  void begin() {
    Duration allowed = limit;
    if (allowed != null) {
      end = System.nanoTime() + allowed.toNanos();
    }
    state.set(RUNNING);
  }

  void finish() {
    state.set(IDLE);
  }

  @Override
  public boolean isCancelled() {
    return state.get() == CANCELLED || (limit != null && System.nanoTime() - end >= 0);
  }

  @Override
  public OptionalLong remainingNanos() {
    return limit == null
        ? OptionalLong.empty()
        : OptionalLong.of(Math.max(0, end - System.nanoTime()));
  }

  @Override
  public boolean isRecorded() {
    return recording != null;
  }

  @Override
  public void record(int id, String name, long startNanos, long nanos) {
    Recording into = recording;
    if (into != null) {
      into.part(id, name, startNanos, nanos);
    }
  }

  /**
   * @throws CancelledException if the run shall end
   */
  void check() {
    if (isCancelled()) {
      throw new CancelledException(
          state.get() == CANCELLED
              ? "the run was cancelled"
              : "the run has passed its deadline of " + limit);
    }
  }
}
