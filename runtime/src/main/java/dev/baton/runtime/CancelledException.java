package dev.baton.runtime;

/**
 * A run ended before its time, because the caller cancelled it or its deadline has passed. The
 * execution can be used again; its outputs are undefined, its state may have moved on in part.
 */
public final class CancelledException extends BatonException {
  private static final long serialVersionUID = 1;

  public CancelledException(String message) {
    super(message);
  }
}
