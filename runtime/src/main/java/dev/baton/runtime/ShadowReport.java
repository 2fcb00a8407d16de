package dev.baton.runtime;

/**
 * How far a delegate's part agreed with Java, in one execution so far.
 *
 * @param subgraph name of the part
 * @param delegate that ran it
 * @param runs of the delegate
 * @param compared sampled runs whose results were compared
 * @param dropped sampled runs that were not, since the thread that compares was busy
 * @param worstAbsolute the greatest difference of two elements; infinite for a NaN on one side
 * @param worstRelative the greatest error of a run, see {@link Shadow}
 * @param median of the compared runs' errors; like the next, the upper end of a class of the
 *     distribution that is a quarter of a decade wide
 * @param percentile99 of the compared runs' errors
 * @param tripped true if an error passed the bound: the part runs in Java
 */
public record ShadowReport(
    String subgraph,
    String delegate,
    long runs,
    long compared,
    long dropped,
    double worstAbsolute,
    double worstRelative,
    double median,
    double percentile99,
    boolean tripped) {}
