package dev.baton.coreml.lift;

import dev.baton.coreml.mil.Failures;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateException.Kind;
import dev.baton.graph.GraphBuilder;
import java.lang.foreign.MemorySegment;

/**
 * Room for constants that cannot be used where they lie. It is bounded by the size of the payload:
 * small bytes that claim to be large weights are refused before they take memory.
 */
final class ConstantMemory {
  private static final long SLACK_BYTES = 1 << 20;

  /** One bit of an index becomes a number of 32; twice, since weights may have several users. */
  private static final long GROWTH = 64;

  private static final int ALIGNMENT = 64;

  private final GraphBuilder into;
  private long left;

  /**
   * @param payloadBytes of the model, with its weights
   */
  ConstantMemory(GraphBuilder into, long payloadBytes) {
    this.into = into;
    this.left = SLACK_BYTES + GROWTH * payloadBytes;
  }

  /** Room that lives as long as the graph. */
  MemorySegment allocate(long bytes, String user) throws DelegateException {
    left -= bytes;
    if (bytes < 0 || left < 0) {
      throw Failures.damaged(
          user + " asks for " + bytes + " bytes of weights, more than the payload can hold");
    }
    try {
      return into.allocate(bytes, ALIGNMENT);
    } catch (OutOfMemoryError e) {
      throw new DelegateException(
          Kind.RESOURCES,
          "Core ML payload: there is no memory for "
              + bytes
              + " bytes of weights for "
              + user
              + ": "
              + e.getMessage(),
          "Allow more (LoadOptions.withMaxMemoryBytes), or free some.",
          e);
    }
  }
}
