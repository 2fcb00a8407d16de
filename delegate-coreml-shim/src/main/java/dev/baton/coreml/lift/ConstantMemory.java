package dev.baton.coreml.lift;

import dev.baton.coreml.mil.Failures;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateException.Kind;
import java.lang.foreign.Arena;
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

  private long left;

  /**
   * @param payloadBytes of the model, with its weights
   */
  ConstantMemory(long payloadBytes) {
    this.left = SLACK_BYTES + GROWTH * payloadBytes;
  }

  /** Room that lives as long as anything refers to it. */
  MemorySegment allocate(long bytes, String user) throws DelegateException {
    left -= bytes;
    if (bytes < 0 || left < 0) {
      throw Failures.damaged(
          user + " asks for " + bytes + " bytes of weights, more than the payload can hold");
    }
    try {
      return Arena.ofAuto().allocate(Math.max(1, bytes), ALIGNMENT).asSlice(0, bytes);
    } catch (OutOfMemoryError e) {
      throw new DelegateException(
          Kind.RESOURCES,
          "Core ML payload: there is no memory for " + bytes + " bytes of weights for " + user,
          "Give the JVM more memory (-XX:MaxDirectMemorySize).",
          e);
    }
  }
}
