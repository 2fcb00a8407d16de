package dev.baton.format;

/** Bytes are not what the facts of their tables say: where, and what is wrong. */
public final class MalformedException extends Exception {
  private static final long serialVersionUID = 1;

  /** What a caller may want to answer differently. */
  public enum Kind {
    /** No writer of this format writes such bytes. */
    DAMAGED,
    /** The type of a union is beyond the members that are known: newer, or damaged. */
    UNKNOWN_MEMBER,
    /** More bytes would be visited than the caller allows: tables refer to each other too often. */
    TOO_MANY_VISITS
  }

  private final Kind kind;
  private final String path;
  private final long byteOffset;
  private final String problem;

  MalformedException(Kind kind, String path, long byteOffset, String problem) {
    super(path + ", byte " + byteOffset + ": " + problem);
    this.kind = kind;
    this.path = path;
    this.byteOffset = byteOffset;
    this.problem = problem;
  }

  public Kind kind() {
    return kind;
  }

  /**
   * From the root through the schema, such as {@code plans[0].values[3]}, or {@code root table}.
   */
  public String path() {
    return path;
  }

  /** Where in the buffer. */
  public long byteOffset() {
    return byteOffset;
  }

  /** What was found, without the place and without a full stop. */
  public String problem() {
    return problem;
  }
}
