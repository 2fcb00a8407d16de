package dev.baton.xnnpack.ffi;

/** XNNPACK refused a call. */
public final class XnnException extends Exception {
  private static final long serialVersionUID = 1;

  /** What XNNPACK's functions return, by code. */
  public enum Status {
    SUCCESS,
    UNINITIALIZED,
    INVALID_PARAMETER,
    INVALID_STATE,
    UNSUPPORTED_PARAMETER,
    UNSUPPORTED_HARDWARE,
    OUT_OF_MEMORY,
    REALLOCATION_REQUIRED,
    DEPRECATED,
    /** A code that no known version has. */
    UNKNOWN;

    static Status of(int code) {
      return code >= 0 && code < UNKNOWN.ordinal() ? values()[code] : UNKNOWN;
    }

    /** Its name in C. */
    public String symbol() {
      return "xnn_status_" + name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  private final Status status;

  XnnException(XnnFunction function, int code) {
    super(function.symbol() + " returned " + code + " (" + Status.of(code).symbol() + ")");
    status = Status.of(code);
  }

  public Status status() {
    return status;
  }
}
