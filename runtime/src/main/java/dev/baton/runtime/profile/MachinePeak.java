package dev.baton.runtime.profile;

import dev.baton.runtime.Delegates;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.execute.PeakMeasurement;

/**
 * What this machine reaches at best, by measurement: what a step is compared with.
 *
 * @param threads that took part
 * @param arithmeticPerNano float32 operations a nanosecond, which are GFLOP/s, of a product of
 *     matrices that lie in the caches
 * @param measuredOn who ran the product: a delegate, or a provider of Java kernels. With neither an
 *     accelerator nor vector kernels this is far below what the machine can do.
 * @param bytesPerNano read and written a nanosecond, which are GB/s, by copies of memory that no
 *     cache holds
 */
public record MachinePeak(
    int threads, double arithmeticPerNano, String measuredOn, double bytesPerNano) {
  /** What keeps a step from being faster. */
  public enum Bound {
    /** Arithmetic takes longer than memory at best. */
    COMPUTE,
    /** Memory takes longer than arithmetic at best. */
    MEMORY
  }

  /**
   * Measures: some 0.3 seconds with a delegate that computes on the processor, some more while the
   * JVM compiles Java kernels. Loads and closes what it needs.
   *
   * @param options delegates and threads to measure with
   */
  public static MachinePeak measure(LoadOptions options, Delegates delegates) {
    return PeakMeasurement.measure(options, delegates);
  }

  /**
   * The part of the attainable speed at which something ran.
   *
   * @return 1 at the peak of arithmetic or of memory, whichever takes longer; 0 if it took no time
   */
  public double fraction(double arithmetic, double bytes, double nanos) {
    return nanos <= 0 ? 0 : Math.max(arithmetic / arithmeticPerNano, bytes / bytesPerNano) / nanos;
  }

  /** What bounds something of so much arithmetic and memory. */
  public Bound bound(double arithmetic, double bytes) {
    return arithmetic / arithmeticPerNano >= bytes / bytesPerNano ? Bound.COMPUTE : Bound.MEMORY;
  }
}
