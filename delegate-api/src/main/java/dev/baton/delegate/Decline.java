package dev.baton.delegate;

import java.util.Objects;

/** Why a delegate does not take a node. */
public final class Decline {
  /** The kind of reason, for programs; the detail is for people. */
  public enum Kind {
    /** The delegate has no such operator. */
    OPERATOR,
    /** The operator is there, not for this dtype. */
    DTYPE,
    /** Not for this rank or these sizes. */
    SHAPE,
    /** Not where sizes vary from call to call. */
    DYNAMIC_SHAPE,
    /** Not with this value of an argument. */
    ARGUMENT,
    /** An input would have to be constant. */
    NOT_CONSTANT,
    /** The installed version of the library lacks it. */
    VERSION,
    /** It would be correct and not faster. */
    NOT_WORTHWHILE,
    /** The host could not form a subgraph of the group. */
    NOT_CONVEX,
    /** Compiling failed. */
    COMPILE_FAILED,
    /** No reason was given. */
    UNSTATED
  }

  private final Kind kind;
  private final String detail;

  private Decline(Kind kind, String detail) {
    this.kind = kind;
    this.detail = detail;
  }

  /**
   * @param detail one clause that completes "declined because …": {@code dilation 2 is not
   *     supported}
   */
  public static Decline of(Kind kind, String detail) {
    return new Decline(Objects.requireNonNull(kind), Objects.requireNonNull(detail));
  }

  public Kind kind() {
    return kind;
  }

  public String detail() {
    return detail;
  }

  @Override
  public String toString() {
    return kind + ": " + detail;
  }
}
