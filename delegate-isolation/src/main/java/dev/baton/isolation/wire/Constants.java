package dev.baton.isolation.wire;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The bytes that a request's graph refers to, each once. */
public final class Constants {
  /** Bytes are the same if they lie at the same place. */
  private record Place(long address, long size) {}

  private final List<MemorySegment> contents = new ArrayList<>();
  private final Map<Place, Integer> known = new HashMap<>();

  public Constants() {}

  /**
   * @return the number of the contents
   */
  public int add(MemorySegment bytes) {
    if (bytes.isNative()) {
      return known.computeIfAbsent(
          new Place(bytes.address(), bytes.byteSize()), p -> append(bytes));
    }
    return append(bytes);
  }

  private int append(MemorySegment bytes) {
    contents.add(bytes);
    return contents.size() - 1;
  }

  /** In the order of their numbers. */
  public List<MemorySegment> contents() {
    return contents;
  }
}
