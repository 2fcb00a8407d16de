package dev.baton.delegate;

/**
 * A delegate's estimate of how long a group takes on it. The host knows what Java kernels would
 * take, and leaves out a subgraph that does not save what it costs to enter. An estimate need not
 * be better than of the right order of magnitude.
 */
public final class Cost {
  private static final Cost UNKNOWN = new Cost(-1);
  private final double nanos;

  private Cost(double nanos) {
    this.nanos = nanos;
  }

  /** No estimate: a subgraph with such a group is taken to pay. */
  public static Cost unknown() {
    return UNKNOWN;
  }

  /**
   * What running the group takes, in nanoseconds, as a part of a larger subgraph and at the upper
   * bounds of its shapes: without what it costs to enter the subgraph.
   *
   * @param nanos 0 for what the delegate does not compute at all, such as another view of the same
   *     bytes
   * @throws IllegalArgumentException if it is negative or no finite number
   */
  public static Cost takes(double nanos) {
    if (!(nanos >= 0 && nanos < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("a group takes " + nanos + " ns");
    }
    return new Cost(nanos);
  }

  public boolean isKnown() {
    return nanos >= 0;
  }

  /** Nanoseconds that the group takes; 0 if unknown. */
  public double nanos() {
    return Math.max(nanos, 0);
  }
}
