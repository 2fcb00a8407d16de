package dev.baton.runtime.program;

/**
 * How a program is read.
 *
 * @param access whether the file stays in use
 * @param budget what it may cost
 */
public record ReadOptions(Access access, ReadBudget budget) {

  private static final ReadOptions DEFAULTS = new ReadOptions(Access.MAP, ReadBudget.defaults());

  /** How the bytes of a file reach memory. */
  public enum Access {
    /**
     * The file is mapped: weights are read when first touched and shared with other processes. The
     * file must not change or shrink while the program is open: the JVM reports lost pages as
     * {@link InternalError}, and changed ones not at all.
     */
    MAP,
    /**
     * The file is copied into native memory, outside the Java heap, and may change or vanish
     * afterwards.
     */
    COPY
  }

  /** Mapped, with the default budget. */
  public static ReadOptions defaults() {
    return DEFAULTS;
  }

  public ReadOptions withAccess(Access access) {
    return new ReadOptions(access, budget);
  }

  public ReadOptions withBudget(ReadBudget budget) {
    return new ReadOptions(access, budget);
  }
}
