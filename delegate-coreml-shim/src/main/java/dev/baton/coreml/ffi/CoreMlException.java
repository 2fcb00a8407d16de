package dev.baton.coreml.ffi;

/** A function of the shim has failed. */
public final class CoreMlException extends Exception {
  private static final long serialVersionUID = 1;

  private final Status status;

  CoreMlException(String function, Status status, String text) {
    super(function + " failed: " + status + (text.isEmpty() ? "" : " (" + text + ")"));
    this.status = status;
  }

  public Status status() {
    return status;
  }
}
