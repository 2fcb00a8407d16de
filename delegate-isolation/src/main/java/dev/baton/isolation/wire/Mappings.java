package dev.baton.isolation.wire;

import java.lang.foreign.Arena;

/** Owns mappings of shared files; closed by any thread. */
public final class Mappings implements AutoCloseable {
  private final Arena arena = Arena.ofShared();

  public Mappings() {}

  /** For {@link SharedFile#map}. */
  public Arena arena() {
    return arena;
  }

  /** Ends all mappings. */
  @Override
  public void close() {
    arena.close();
  }
}
