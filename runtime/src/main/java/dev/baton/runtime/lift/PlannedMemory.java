package dev.baton.runtime.lift;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Who wrote what where in the file's own memory plan, while instructions are read in order. Needed
 * for one thing: a {@code view_copy} that the exporter elided shows only as a tensor that nobody
 * writes, at another's place.
 */
final class PlannedMemory {
  /**
   * Bytes as one value left them.
   *
   * @param value index in the method's value table
   */
  record Content(int value, long bytes) {}

  private final Map<Integer, TreeMap<Long, Content>> buffers = new TreeMap<>();

  PlannedMemory copy() {
    PlannedMemory copy = new PlannedMemory();
    buffers.forEach((id, contents) -> copy.buffers.put(id, new TreeMap<>(contents)));
    return copy;
  }

  /** Keeps what both agree on. */
  void merge(PlannedMemory other) {
    buffers.forEach((id, contents) ->
        contents.entrySet().removeIf(e -> !e.getValue().equals(other.at(id, e.getKey()))));
  }

  /** What overlaps the bytes is gone; the value is there. */
  void write(int memoryId, long offset, long bytes, int value) {
    if (bytes == 0) {
      return;
    }
    TreeMap<Long, Content> contents = buffers.computeIfAbsent(memoryId, id -> new TreeMap<>());
    Map.Entry<Long, Content> before = contents.lowerEntry(offset);
    while (before != null && before.getKey() + before.getValue().bytes() > offset) {
      contents.remove(before.getKey());
      before = contents.lowerEntry(offset);
    }
    contents.subMap(offset, offset + bytes).clear();
    contents.put(offset, new Content(value, bytes));
  }

  /** What begins exactly there; null if nothing does. */
  @Nullable Content at(int memoryId, long offset) {
    TreeMap<Long, Content> contents = buffers.get(memoryId);
    return contents == null ? null : contents.get(offset);
  }
}
