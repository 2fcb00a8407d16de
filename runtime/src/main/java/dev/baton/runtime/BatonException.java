package dev.baton.runtime;

import org.jspecify.annotations.Nullable;

/**
 * Root of what Baton throws. The message says what happened, where, what was expected and, where
 * there is one, the remedy.
 */
public class BatonException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public BatonException(String message) {
    super(message);
  }

  public BatonException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
