package dev.baton.runtime.kernel;

import dev.baton.graph.Node;

/**
 * The random numbers of a node in an execution: others for each instruction of the program, and for
 * each time that it runs; the same in every execution, from its beginning or its reset on. The
 * generator is not PyTorch's (SplitMix64 over the element's index). One thread at a time.
 */
public final class RandomNumbers {
  private static final long STEP = 0x9E3779B97F4A7C15L;

  private final long seed;
  private long runs;
  private long start;

  private RandomNumbers(long seed) {
    this.seed = seed;
    this.start = seed;
  }

  /** Those of a node, from the first on. */
  public static RandomNumbers of(Node node) {
    return new RandomNumbers(mix(node.origin().hashCode() * STEP));
  }

  /** The node runs: what is drawn is new. */
  void next() {
    start = mix(seed + runs++ * STEP);
  }

  /** The next run is the first. */
  public void restart() {
    runs = 0;
  }

  /**
   * True for an operator whose results are made of these: it is not computed ahead of the run,
   * though it may have no input.
   */
  public static boolean makes(String operator) {
    return switch (operator) {
      case "aten::rand",
          "aten::rand_like",
          "aten::randn",
          "aten::randn_like",
          "aten::randint",
          "aten::randint.low",
          "aten::randint_like",
          "aten::randint_like.low_dtype",
          "aten::randperm",
          "aten::native_dropout" ->
          true;
      default -> false;
    };
  }

  /** In [0, 1), with no more bits than the dtype keeps: else it would round to 1. */
  double uniform(long index, int bits) {
    return (mix(start + (index + 1) * STEP) >>> (64 - bits)) * Math.scalb(1.0, -bits);
  }

  /** Normal, by Box and Muller. */
  double normal(long index) {
    double radius = Math.sqrt(-2 * StrictMath.log1p(-uniform(2 * index, 53)));
    return radius * StrictMath.cos(2 * Math.PI * uniform(2 * index + 1, 53));
  }

  private static long mix(long z) {
    long y = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long x = (y ^ (y >>> 27)) * 0x94D049BB133111EBL;
    return x ^ (x >>> 31);
  }
}
