package dev.baton.runtime.program;

import java.nio.file.Path;
import java.util.List;

/**
 * How a program is read.
 *
 * @param access whether the file stays in use
 * @param budget what it may cost; each data file has one of its own
 * @param dataFiles the {@code .ptd} files that hold weights of the program, read in the same way;
 *     in any order
 */
public record ReadOptions(Access access, ReadBudget budget, List<Path> dataFiles) {

  private static final ReadOptions DEFAULTS =
      new ReadOptions(Access.MAP, ReadBudget.defaults(), List.of());

  public ReadOptions {
    dataFiles = List.copyOf(dataFiles);
  }

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

  /** Mapped, with the default budget, without data files. */
  public static ReadOptions defaults() {
    return DEFAULTS;
  }

  public ReadOptions withAccess(Access access) {
    return new ReadOptions(access, budget, dataFiles);
  }

  public ReadOptions withBudget(ReadBudget budget) {
    return new ReadOptions(access, budget, dataFiles);
  }

  public ReadOptions withDataFiles(List<Path> dataFiles) {
    return new ReadOptions(access, budget, dataFiles);
  }
}
