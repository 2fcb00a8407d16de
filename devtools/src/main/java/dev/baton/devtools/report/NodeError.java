package dev.baton.devtools.report;

import org.jspecify.annotations.Nullable;

/**
 * How far a result of a node is from a reference's. Figures that are no number are null: infinite
 * ratios, and whatever NaN makes meaningless.
 *
 * @param node its position in the report
 * @param result which of its results
 * @param maximum largest absolute difference
 * @param mean of the absolute differences
 * @param snr signal to noise in decibels; null if there is no noise, and then {@code maximum} is 0,
 *     or no signal
 * @param cosine of the angle between the two, as vectors
 * @param nans elements that are NaN here and not in the reference
 * @param infinities elements that are infinite here and not in the reference
 */
public record NodeError(
    int node,
    int result,
    @Nullable Double maximum,
    @Nullable Double mean,
    @Nullable Double snr,
    @Nullable Double cosine,
    long nans,
    long infinities) {
  public NodeError {
    maximum = finite(maximum);
    mean = finite(mean);
    snr = finite(snr);
    cosine = finite(cosine);
  }

  private static @Nullable Double finite(@Nullable Double value) {
    return value != null && Double.isFinite(value) ? value : null;
  }
}
