package dev.baton.runtime;

import dev.baton.runtime.memory.CountedArena;
import java.util.Map;

/**
 * Native memory that Baton itself holds in this process, and what delegates asked the host for.
 * What their libraries hold is in their placement's subgraphs; mapped program files are not
 * counted.
 */
public final class NativeMemory {
  private NativeMemory() {}

  /** Bytes that are allocated and not yet freed. Zero when everything is closed. */
  public static long liveBytes() {
    return CountedArena.liveBytes().values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Bytes by purpose: {@code activations}, {@code inputs, outputs and state}, {@code constants},
   * {@code delegate NAME}.
   */
  public static Map<String, Long> byPurpose() {
    return CountedArena.liveBytes();
  }
}
