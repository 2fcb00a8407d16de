package dev.baton.delegate;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A delegate refuses or fails, in a way that the host can handle by falling back. */
public final class DelegateException extends Exception {
  private static final long serialVersionUID = 1;

  /** What failed. */
  public enum Kind {
    /** The library or device is not there, or not fit. */
    UNAVAILABLE,
    /** The subgraph, shape or payload is not supported; the same request fails again. */
    UNSUPPORTED,
    /** The payload is damaged, or made for another version or device. */
    BAD_PAYLOAD,
    /** Memory, or another resource, ran out. */
    RESOURCES,
    /** The library reported an error while it ran. */
    FAILED,
    /** The caller cancelled, or the deadline passed. */
    CANCELLED
  }

  private final Kind kind;
  private final String remedy;

  /**
   * @param message what failed, with the library's own code or text
   * @param remedy what the user can do; may be empty
   */
  public DelegateException(Kind kind, String message, String remedy, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = Objects.requireNonNull(kind);
    this.remedy = Objects.requireNonNull(remedy);
  }

  public DelegateException(Kind kind, String message) {
    this(kind, message, "", null);
  }

  public Kind kind() {
    return kind;
  }

  public String remedy() {
    return remedy;
  }
}
