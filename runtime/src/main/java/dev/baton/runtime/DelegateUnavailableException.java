package dev.baton.runtime;

import dev.baton.delegate.Availability;
import dev.baton.runtime.text.Sentences;
import org.jspecify.annotations.Nullable;

/** A delegate that must work cannot, and the policy does not allow to fall back. */
public final class DelegateUnavailableException extends BatonException {
  private static final long serialVersionUID = 1;

  private final String delegate;
  private final transient Availability availability;

  public DelegateUnavailableException(
      String delegate, Availability availability, @Nullable Throwable cause) {
    super("delegate '" + delegate + "' is unavailable: " + Sentences.of(availability), cause);
    this.delegate = delegate;
    this.availability = availability;
  }

  /** Name of the delegate. */
  public String delegate() {
    return delegate;
  }

  /** Why, and what to do. */
  public Availability availability() {
    return availability;
  }
}
