package dev.baton.delegate;

/** A delegate's estimate of what a group costs; the host leaves out subgraphs that cannot pay. */
public final class Cost {
  private static final Cost UNKNOWN = new Cost(-1);
  private final double nanos;

  private Cost(double nanos) {
    this.nanos = nanos;
  }

  /** No estimate: the group is taken to pay. */
  public static Cost unknown() {
    return UNKNOWN;
  }

  /**
   * @param nanos what running the group saves against Java kernels, in nanoseconds; negative if it
   *     loses
   */
  public static Cost saves(double nanos) {
    return new Cost(Math.max(nanos, 0));
  }

  /** Moving data only: of use beside other work, never alone. */
  public static Cost free() {
    return new Cost(0);
  }

  public boolean isKnown() {
    return nanos >= 0;
  }

  /** Nanoseconds saved; 0 if unknown. */
  public double nanosSaved() {
    return Math.max(nanos, 0);
  }
}
