package dev.baton.runtime.profile;

import java.util.Arrays;

/** What a part of some values does not exceed, by the nearest rank: always one of the values. */
public final class Quantiles {
  private Quantiles() {}

  /**
   * The least value that a part of all does not exceed.
   *
   * @param values in any order; not changed
   * @param part above 0, at most 1: 0.5 for the median, the lower one of two
   * @return 0 if there are no values
   */
  public static long of(long[] values, double part) {
    long[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted.length == 0 ? 0 : sorted[rank(sorted.length, part)];
  }

  /** The same of doubles. */
  public static double of(double[] values, double part) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted.length == 0 ? 0 : sorted[rank(sorted.length, part)];
  }

  private static int rank(int count, double part) {
    return Math.clamp((long) Math.ceil(part * count) - 1, 0, count - 1);
  }
}
