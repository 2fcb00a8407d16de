package dev.baton.runtime.lift;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory of constants that payload lifters rearrange. A method that is lifted once more, since a
 * payload has other outputs than expected, finds the memory of the first time. Used by one thread.
 */
public final class LiftedConstants {
  private final Arena arena;
  private final long maxBytes;
  private final List<MemorySegment> given = new ArrayList<>();
  private int next;
  private long bytes;

  /**
   * @param arena lives as long as the lifted method
   * @param maxBytes of all together
   */
  public LiftedConstants(Arena arena, long maxBytes) {
    this.arena = arena;
    this.maxBytes = maxBytes;
  }

  /** What was given may be given again. */
  void again() {
    next = 0;
  }

  /**
   * Zeroed memory.
   *
   * @throws OutOfMemoryError if there is none, or it would be more than the options allow
   */
  MemorySegment allocate(long size, long alignment) {
    if (next < given.size()) {
      MemorySegment known = given.get(next);
      if (known.byteSize() == size && known.address() % alignment == 0) {
        next++;
        return known.fill((byte) 0);
      }
    }
    if (size > maxBytes - bytes) {
      throw new OutOfMemoryError(
          "constants take more than the " + maxBytes + " bytes of the option maxMemoryBytes");
    }
    bytes += size;
    MemorySegment made = arena.allocate(Math.max(1, size), alignment).asSlice(0, size);
    given.add(next++, made);
    return made;
  }
}
