package dev.baton.runtime.lift;

import dev.baton.runtime.BatonException;
import org.jspecify.annotations.Nullable;

/**
 * A method of a sound file cannot be turned into graphs: it uses what Baton does not know, or
 * contradicts itself.
 */
public final class LiftException extends BatonException {
  private static final long serialVersionUID = 1;

  public LiftException(String message) {
    super(message);
  }

  public LiftException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
