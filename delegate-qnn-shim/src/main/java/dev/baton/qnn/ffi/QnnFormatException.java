package dev.baton.qnn.ffi;

/** What a library or a file says of itself makes no sense, or is not known here. */
public final class QnnFormatException extends Exception {
  private static final long serialVersionUID = 1;

  public QnnFormatException(String message) {
    super(message);
  }
}
