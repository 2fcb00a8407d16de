package dev.baton.tck;

/**
 * One thing that goes wrong.
 *
 * @param moment the call that fails
 * @param first the number of the first call that fails, counted from 1
 * @param last the number of the last call that fails; {@link Integer#MAX_VALUE} for all that follow
 * @param every 1 for each call from the first to the last, n for each n-th of them, beginning with
 *     the first
 * @param subgraph number of the subgraph or payload that is meant, counted from 0 in the order in
 *     which they were asked for; {@link #ANY} for every one
 */
public record Fault(Moment moment, int first, int last, int every, int subgraph, Failure failure) {
  public static final int ANY = -1;

  public Fault {
    if (first < 1 || last < first || every < 1) {
      throw new IllegalArgumentException("calls " + first + " to " + last + ", every " + every);
    }
  }

  /** Each call from the first to the last. */
  public Fault(Moment moment, int first, int last, int subgraph, Failure failure) {
    this(moment, first, last, 1, subgraph, failure);
  }

  boolean hits(Moment at, int call, int ofSubgraph) {
    return moment == at
        && call >= first
        && call <= last
        && (call - first) % every == 0
        && (subgraph == ANY || subgraph == ofSubgraph);
  }
}
