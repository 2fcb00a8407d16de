package dev.baton.runtime.profile;

import java.util.List;

/**
 * A line of a {@link ProfileTable}. Times are of one run: where something runs several times in it,
 * their sum.
 *
 * @param name of the step, operator or runner
 * @param runner a delegate's name, a provider of Java kernels, or {@link Profile#HOST}
 * @param step its index among the profile's, or that of the step that it is a part of; {@link
 *     #SEVERAL} of a row that stands for several
 * @param within true of a part of the step above it
 * @param operations that a part computes; empty if they are not known, and of any other row
 * @param callsPerRun how often it runs, on average
 * @param p50Nanos median over the runs
 * @param p90Nanos nine tenths of the runs were as fast
 * @param meanNanos average over the runs
 * @param share of the time of a run, 0 to 1; the median of the runs
 * @param bytes read and written in a run; 0 for a part
 * @param arithmetic in a run, as in {@link Profile.Step}; 0 for a part
 */
public record ProfileRow(
    String name,
    String runner,
    int step,
    boolean within,
    List<Profile.Operation> operations,
    double callsPerRun,
    long p50Nanos,
    long p90Nanos,
    double meanNanos,
    double share,
    double bytes,
    double arithmetic) {
  /** No step's index. */
  public static final int SEVERAL = -1;

  public ProfileRow {
    operations = List.copyOf(operations);
  }

  /** Operations on numbers a nanosecond, which are GFLOP/s, by the median; 0 if it took no time. */
  public double arithmeticPerNano() {
    return p50Nanos <= 0 ? 0 : arithmetic / p50Nanos;
  }
}
