package dev.baton.isolation.wire;

/** The other side says something that makes no sense. */
public final class WireException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public WireException(String message) {
    super(message);
  }
}
