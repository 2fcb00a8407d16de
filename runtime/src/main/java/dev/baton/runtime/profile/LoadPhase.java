package dev.baton.runtime.profile;

/**
 * A phase of a load. Phases lie within others: what a delegate tells of, in its {@link Kind#OPEN},
 * {@link Kind#COMPILE} or {@link Kind#BIND}; {@link Kind#PACK} in {@link Kind#BIND} where it is not
 * done ahead. Times of one kind therefore add up, those of all kinds do not.
 *
 * @param what the file, delegate, subgraph or method that it is about
 * @param startNanos by {@link System#nanoTime}
 */
public record LoadPhase(Kind kind, String what, long startNanos, long nanos) {
  /** What is done. */
  public enum Kind {
    /** The file is mapped and checked. */
    READ,
    /** A delegate is looked for, and opened. */
    OPEN,
    /** A method becomes graphs, which are simplified. */
    LIFT,
    /** A delegate says what it takes. */
    CLAIM,
    /** A delegate compiles a subgraph, or loads a payload. */
    COMPILE,
    /** Shapes are inferred, and memory is planned for them. */
    PLAN,
    /** A plan, or a delegate's part of it, is bound to an execution's memory. */
    BIND,
    /** Constants are packed for Java kernels. */
    PACK,
    /** Something that a delegate tells of. */
    PART
  }
}
