package dev.baton.runtime.shadow;

/** Errors by classes of a quarter of a decade, from 1e-12 to 1e4. Safe for several threads. */
final class ErrorDistribution {
  private static final int CLASSES_PER_DECADE = 4;
  private static final int LEAST_DECADE = -12;
  private static final int CLASSES = 16 * CLASSES_PER_DECADE;

  /** Class 0 is of errors up to the least, the last of all that are greater than the others'. */
  private final long[] counts = new long[CLASSES + 2];

  private long total;
  private double worst;

  synchronized void add(double error) {
    counts[classOf(error)]++;
    total++;
    worst = Math.max(worst, error);
  }

  private static int classOf(double error) {
    if (error <= 0) {
      return 0;
    }
    double place = Math.ceil((Math.log10(error) - LEAST_DECADE) * CLASSES_PER_DECADE);
    return (int) Math.max(0, Math.min(CLASSES + 1, place));
  }

  synchronized long total() {
    return total;
  }

  synchronized double worst() {
    return worst;
  }

  /**
   * The upper end of the class in which a part of the errors ends, the worst in that of the
   * greatest; 0 if there are none.
   *
   * @param part 0 to 1
   */
  synchronized double quantile(double part) {
    long wanted = Math.max(1, (long) Math.ceil(part * total));
    long seen = 0;
    for (int c = 0; c < counts.length && total > 0; c++) {
      seen += counts[c];
      if (seen >= wanted) {
        if (c == counts.length - 1) {
          return worst;
        }
        double end = Math.pow(10, LEAST_DECADE + (double) c / CLASSES_PER_DECADE);
        return c == 0 ? 0 : Math.min(worst, end);
      }
    }
    return 0;
  }
}
