package dev.baton.isolation.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The words of shared memory by which an execution's runs begin and end, the two sides' words in
 * cache lines of their own. A side that is about to sleep says so and looks once more; who has news
 * looks whether the other sleeps, and then sends it a frame: no wake-up is lost.
 */
public final class RunCell {
  /** Bytes at the begin of an execution's shared memory. */
  public static final int BYTES = 256;

  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private static final long REQUESTED = 0;
  private static final long RECORDED = 4;
  private static final long DEADLINE = 8;
  private static final long PARENT_SLEEPS = 16;
  private static final long CANCELLED = 64;
  private static final long FINISHED = 128;
  private static final long REPORTS = 132;
  private static final long CHILD_SLEEPS = 136;

  private final MemorySegment words;

  /**
   * @param words at least {@link #BYTES}, 8-aligned
   */
  public RunCell(MemorySegment words) {
    this.words = words;
  }

  private int get(long offset) {
    return (int) INT.getVolatile(words, offset);
  }

  private void set(long offset, int value) {
    INT.setVolatile(words, offset, value);
  }

  // ---- the parent's words

  /**
   * Begins a run.
   *
   * @param run its number, another than before
   * @param deadline by {@link System#nanoTime}, which all processes of a machine share
   */
  public void request(int run, boolean recorded, long deadline) {
    INT.set(words, RECORDED, recorded ? 1 : 0);
    LONG.set(words, DEADLINE, deadline);
    set(REQUESTED, run);
  }

  /** The last run that was asked for. */
  public int requested() {
    return get(REQUESTED);
  }

  public boolean recorded() {
    return get(RECORDED) != 0;
  }

  /** Of the present run; {@link Long#MAX_VALUE} for none. */
  public long deadline() {
    return (long) LONG.getVolatile(words, DEADLINE);
  }

  public void parentSleeps(boolean sleeps) {
    set(PARENT_SLEEPS, sleeps ? 1 : 0);
  }

  public boolean parentSleeps() {
    return get(PARENT_SLEEPS) != 0;
  }

  public void cancel(int run) {
    set(CANCELLED, run);
  }

  public boolean isCancelled(int run) {
    return get(CANCELLED) == run;
  }

  // ---- the child's words

  /**
   * Ends a run.
   *
   * @param reports true if a frame tells more of it
   */
  public void finish(int run, boolean reports) {
    INT.set(words, REPORTS, reports ? 1 : 0);
    set(FINISHED, run);
  }

  public boolean isFinished(int run) {
    return get(FINISHED) == run;
  }

  public boolean reports() {
    return get(REPORTS) != 0;
  }

  public void childSleeps(boolean sleeps) {
    set(CHILD_SLEEPS, sleeps ? 1 : 0);
  }

  public boolean childSleeps() {
    return get(CHILD_SLEEPS) != 0;
  }
}
