package dev.baton.runtime;

import java.util.Optional;

/**
 * Asks that a sample of delegates' runs is repeated in Java and compared. Immutable.
 *
 * <p>Inputs and outputs of a sampled run are copied on the caller's thread; a thread of the process
 * computes and compares. If it is busy, the run is not compared, and counted as dropped. Parts
 * whose delegate holds state, opaque payloads, and parts with operators that have no Java kernel
 * are not compared.
 *
 * <p>A run's error is the greatest difference of two elements, divided by the greatest magnitude
 * that Java has in that tensor, or by 1e-5 (integers: 1) if that is more: 0.01 is a hundredth. A
 * NaN or an infinity that only one side has is an infinite error.
 */
public final class Shadow {
  /** System property with the rate for loads that do not set one: {@code 0.1}. */
  public static final String RATE_PROPERTY = "baton.shadow";

  /** System property with the bound that goes with {@link #RATE_PROPERTY}. */
  public static final String BOUND_PROPERTY = "baton.shadow.bound";

  /** The bound unless another is set: an int8 result may be off by one of 127 steps. */
  public static final double DEFAULT_BOUND = 0.01;

  private final double rate;
  private final double bound;
  private final long seed;
  private final boolean inline;

  private Shadow(double rate, double bound, long seed, boolean inline) {
    if (!(rate > 0 && rate <= 1)) {
      throw new IllegalArgumentException("a sampling rate of " + rate + ", expected up to 1");
    }
    if (!(bound >= 0)) {
      throw new IllegalArgumentException("an error bound of " + bound);
    }
    this.rate = rate;
    this.bound = bound;
    this.seed = seed;
    this.inline = inline;
  }

  /**
   * @param rate the part of the runs that is compared, above 0 and up to 1
   * @throws IllegalArgumentException if it is not in that range
   */
  public static Shadow ofRate(double rate) {
    return new Shadow(rate, DEFAULT_BOUND, 0, false);
  }

  /** From the system properties; empty if they do not ask for it. */
  static Optional<Shadow> ofProperties() {
    String text = System.getProperty(RATE_PROPERTY);
    if (text == null) {
      return Optional.empty();
    }
    try {
      Shadow shadow = ofRate(Double.parseDouble(text));
      String limit = System.getProperty(BOUND_PROPERTY);
      return Optional.of(limit == null ? shadow : shadow.withBound(Double.parseDouble(limit)));
    } catch (IllegalArgumentException e) {
      throw new BatonException(
          "-D" + RATE_PROPERTY + "=RATE and -D" + BOUND_PROPERTY + "=BOUND: " + e.getMessage(), e);
    }
  }

  /**
   * @param error past which a part runs in Java from then on, in that execution
   */
  public Shadow withBound(double error) {
    return new Shadow(rate, error, seed, inline);
  }

  /** Which runs are sampled follows from the seed, and from the part's name. */
  public Shadow withSeed(long value) {
    return new Shadow(rate, bound, value, inline);
  }

  /** Compares on the caller's thread, which waits for it: no sampled run is dropped. */
  public Shadow onCallersThread() {
    return new Shadow(rate, bound, seed, true);
  }

  public double rate() {
    return rate;
  }

  public double bound() {
    return bound;
  }

  public long seed() {
    return seed;
  }

  public boolean isOnCallersThread() {
    return inline;
  }
}
