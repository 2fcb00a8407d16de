package dev.baton.runtime.kernel;

/**
 * Arrays of a step's own: held against the bound on an execution's memory, and freed with the plan.
 * Kernels make those whose length follows from a shape or an argument here.
 */
public interface HeapArrays {
  /** The longest array that every JVM allocates. */
  int LONGEST = Integer.MAX_VALUE - 8;

  /**
   * Called before an array is made.
   *
   * @throws KernelException if it is too large
   */
  void heap(long bytes);

  /**
   * @throws KernelException if no array is as long, or there is no memory for it
   */
  default double[] doubles(long count) {
    return new double[length(count, Double.BYTES)];
  }

  /** As {@link #doubles}. */
  default float[] floats(long count) {
    return new float[length(count, Float.BYTES)];
  }

  /** As {@link #doubles}. */
  default long[] longs(long count) {
    return new long[length(count, Long.BYTES)];
  }

  /** As {@link #doubles}. */
  default int[] ints(long count) {
    return new int[length(count, Integer.BYTES)];
  }

  /** As {@link #doubles}. */
  default byte[] bytes(long count) {
    return new byte[length(count, Byte.BYTES)];
  }

  /** As {@link #doubles}. */
  default boolean[] booleans(long count) {
    return new boolean[length(count, Byte.BYTES)];
  }

  private int length(long count, int bytes) {
    if (count < 0 || count > LONGEST) {
      throw new KernelException("no array has " + count + " elements");
    }
    heap(count * bytes);
    return (int) count;
  }
}
