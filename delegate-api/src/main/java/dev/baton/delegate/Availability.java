package dev.baton.delegate;

import java.util.List;
import java.util.Objects;

/** Whether a delegate can work on this host and, if it cannot, why and what to do. */
public final class Availability {
  /** Why a delegate cannot work. */
  public enum Reason {
    /** The delegate is not for this operating system or architecture. */
    PLATFORM,
    /** The library was not found. */
    LIBRARY_ABSENT,
    /**
     * A library was found and does not fit: architecture, C library too old, symbols missing,
     * truncated.
     */
    LIBRARY_UNFIT,
    /** The library could not be put where it can be loaded: read-only or {@code noexec} folders. */
    LIBRARY_NOT_PLACED,
    /** The processor or device lacks a feature. */
    HARDWARE,
    /** The JVM does not permit native access. */
    NATIVE_ACCESS_DENIED,
    /** Switched off by the user. */
    DISABLED,
    /** Anything else; the message says what. */
    OTHER
  }

  private static final Availability AVAILABLE = new Availability(null, "", "", List.of());

  private final @org.jspecify.annotations.Nullable Reason reason;
  private final String message;
  private final String remedy;
  private final List<String> tried;

  private Availability(
      @org.jspecify.annotations.Nullable Reason reason,
      String message,
      String remedy,
      List<String> tried) {
    this.reason = reason;
    this.message = message;
    this.remedy = remedy;
    this.tried = tried;
  }

  public static Availability available() {
    return AVAILABLE;
  }

  /** Available, with a sentence on what was found: library, version, device. */
  public static Availability available(String message) {
    return new Availability(null, Objects.requireNonNull(message), "", List.of());
  }

  /**
   * @param message what is wrong, one sentence
   * @param remedy what the user can do, one sentence
   * @param tried each place that was looked at, with what was found there; may be empty
   */
  public static Availability unavailable(
      Reason reason, String message, String remedy, List<String> tried) {
    return new Availability(Objects.requireNonNull(reason), message, remedy, List.copyOf(tried));
  }

  public boolean isAvailable() {
    return reason == null;
  }

  /**
   * @throws IllegalStateException if the delegate is available
   */
  public Reason reason() {
    if (reason == null) {
      throw new IllegalStateException("the delegate is available");
    }
    return reason;
  }

  /** What is wrong; if available, what was found, or empty. */
  public String message() {
    return message;
  }

  /** What to do; empty if available. */
  public String remedy() {
    return remedy;
  }

  public List<String> tried() {
    return tried;
  }

  @Override
  public String toString() {
    return reason == null
        ? "available" + (message.isEmpty() ? "" : ": " + message)
        : reason + ": " + message + " " + remedy;
  }
}
