package dev.baton.runtime;

import org.jspecify.annotations.Nullable;

/**
 * A delegate could not compile, load or run its part of a method, and the policy (or the want of a
 * Java twin) does not allow to fall back.
 */
public final class DelegateFailedException extends BatonException {
  private static final long serialVersionUID = 1;

  private final String delegate;

  public DelegateFailedException(String delegate, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.delegate = delegate;
  }

  /** Name of the delegate. */
  public String delegate() {
    return delegate;
  }
}
