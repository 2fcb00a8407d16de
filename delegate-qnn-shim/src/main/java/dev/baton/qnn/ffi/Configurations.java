package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Lists of configurations, which end with a null pointer. */
final class Configurations {
  private Configurations() {}

  /** A list of one that is the backend's own. */
  static MemorySegment custom(MemorySegment content, Arena arena) {
    MemorySegment configuration = arena.allocate(Layouts.CONFIG_BYTES, 8);
    configuration.set(JAVA_INT, 0, Layouts.CONFIG_CUSTOM);
    configuration.set(ADDRESS, Layouts.CONFIG_VALUE, content);
    return arena.allocateFrom(JAVA_LONG, configuration.address(), 0L);
  }
}
