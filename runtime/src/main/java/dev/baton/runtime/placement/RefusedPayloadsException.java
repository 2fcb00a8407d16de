package dev.baton.runtime.placement;

import dev.baton.runtime.BatonException;
import java.util.Map;

/**
 * Delegates refused payloads that were left to them, though Baton can write them out as operators:
 * the method is to be lifted again, with these.
 */
public final class RefusedPayloadsException extends BatonException {
  private static final long serialVersionUID = 1;

  /** Who refused a payload, and why. */
  public record Refusal(String delegate, Exception cause) {}

  private final transient Map<String, Refusal> refusals;

  RefusedPayloadsException(Map<String, Refusal> refusals) {
    super("delegates refused payloads of " + String.join(", ", refusals.keySet()));
    this.refusals = Map.copyOf(refusals);
  }

  /** The first refusal of each backend id. */
  public Map<String, Refusal> refusals() {
    return refusals;
  }
}
