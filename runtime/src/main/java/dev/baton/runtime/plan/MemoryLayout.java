package dev.baton.runtime.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Offsets in one arena for buffers that live from a first to a last step: the largest first, each
 * at the lowest offset where it overlaps no other that lives at the same time.
 */
final class MemoryLayout {
  /** A buffer. */
  static final class Buffer {
    final long bytes;
    final int first;
    int last;
    long offset = -1;

    Buffer(long bytes, int first, int last) {
      this.bytes = bytes;
      this.first = first;
      this.last = last;
    }
  }

  private MemoryLayout() {}

  /** Sets the offsets; returns the bytes of the arena. */
  static long assign(List<Buffer> buffers, int alignment) {
    List<Buffer> order = new ArrayList<>(buffers);
    order.sort(
        Comparator.comparingLong((Buffer b) -> b.bytes).reversed().thenComparingInt(b -> b.first));
    List<Buffer> placed = new ArrayList<>(); // by offset
    long end = 0;
    for (Buffer buffer : order) {
      long at = 0;
      for (Buffer other : placed) {
        if (other.first > buffer.last || other.last < buffer.first) {
          continue;
        }
        if (other.offset - at >= buffer.bytes) {
          break;
        }
        at = Math.max(at, align(other.offset + other.bytes, alignment));
      }
      buffer.offset = at;
      int position = 0;
      while (position < placed.size() && placed.get(position).offset <= at) {
        position++;
      }
      placed.add(position, buffer);
      end = Math.max(end, at + buffer.bytes);
    }
    return align(end, alignment);
  }

  static long align(long bytes, int alignment) {
    return (bytes + alignment - 1) & -(long) alignment;
  }
}
