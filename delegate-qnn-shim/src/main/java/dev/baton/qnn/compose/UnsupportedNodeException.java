package dev.baton.qnn.compose;

import dev.baton.delegate.Decline;

/** A node cannot be written in the vendor's operators. */
public final class UnsupportedNodeException extends Exception {
  private static final long serialVersionUID = 1;

  private final transient Decline decline;

  public UnsupportedNodeException(Decline.Kind kind, String detail) {
    super(detail);
    decline = Decline.of(kind, detail);
  }

  public Decline decline() {
    return decline;
  }
}
