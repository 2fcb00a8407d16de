package dev.baton.nativelib;

import java.io.Serial;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A native library or one of its functions cannot be used. The message ends with the remedy. */
public final class NativeLibraryException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final FailureKind kind;
  private final String remedy;
  private final transient @Nullable List<Attempt> attempts;

  /**
   * @param kind how it failed, never null
   * @param message what happened, where and what was expected, never null
   * @param remedy what the user can do, one sentence, never null
   * @param attempts the places that were tried, never null, may be empty
   */
  public NativeLibraryException(
      FailureKind kind, String message, String remedy, List<Attempt> attempts) {
    super(message + " " + remedy);
    this.kind = kind;
    this.remedy = remedy;
    this.attempts = List.copyOf(attempts);
  }

  NativeLibraryException(FailureKind kind, String message, String remedy, Throwable cause) {
    this(kind, message, remedy, List.of());
    initCause(cause);
  }

  /** How it failed, never null. */
  public FailureKind kind() {
    return kind;
  }

  /** What the user can do, one sentence, never null. */
  public String remedy() {
    return remedy;
  }

  /**
   * The places that were tried, in the order of the search; never null, empty when nothing was
   * searched or after deserialization.
   */
  public List<Attempt> attempts() {
    return attempts == null ? List.of() : attempts;
  }
}
