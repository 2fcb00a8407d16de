package dev.baton.runtime.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Offsets in one arena for buffers that live from a first to a last step. Buffers are placed one
 * after another, each at the lowest offset where it overlaps no other that lives at the same time;
 * several orders are tried, and the one with the smallest arena is kept.
 */
final class MemoryLayout {
  /** A buffer. */
  static final class Buffer {
    final long bytes;
    final int alignment;
    final int first;
    final int last;
    long offset = -1;

    /**
     * @param alignment of the offset, a power of two
     * @param first step that writes it
     * @param last step that needs it, at least {@code first}
     */
    Buffer(long bytes, int alignment, int first, int last) {
      this.bytes = bytes;
      this.alignment = alignment;
      this.first = first;
      this.last = last;
    }

    boolean livesWith(Buffer other) {
      return first <= other.last && other.first <= last;
    }
  }

  private static final Comparator<Buffer> BY_SIZE =
      Comparator.comparingLong((Buffer b) -> b.bytes).reversed().thenComparingInt(b -> b.first);
  private static final List<Comparator<Buffer>> ORDERS =
      List.of(
          BY_SIZE,
          Comparator.comparingLong((Buffer b) -> b.bytes * (b.last - b.first + 1L))
              .reversed()
              .thenComparing(BY_SIZE),
          Comparator.comparingInt((Buffer b) -> b.last - b.first).reversed().thenComparing(BY_SIZE),
          Comparator.comparingInt((Buffer b) -> b.first).thenComparing(BY_SIZE));

  private MemoryLayout() {}

  /** Sets the offsets; returns the bytes up to the end of the last buffer. */
  static long assign(List<Buffer> buffers) {
    long[] live = liveBytes(buffers);
    long least = 0;
    for (long bytes : live) {
      least = Math.max(least, bytes);
    }
    long best = Long.MAX_VALUE;
    long[] offsets = new long[buffers.size()];
    for (List<Buffer> order : orders(buffers, live)) {
      long end = place(order);
      if (end < best) {
        best = end;
        for (int b = 0; b < offsets.length; b++) {
          offsets[b] = buffers.get(b).offset;
        }
      }
      if (best == least) {
        break;
      }
    }
    for (int b = 0; b < offsets.length; b++) {
      buffers.get(b).offset = offsets[b];
    }
    return best;
  }

  /** Bytes that live at each step: no arena is smaller than the greatest. */
  private static long[] liveBytes(List<Buffer> buffers) {
    long[] live = new long[buffers.stream().mapToInt(b -> b.last + 1).max().orElse(0)];
    for (Buffer buffer : buffers) {
      for (int step = Math.max(buffer.first, 0); step <= buffer.last; step++) {
        live[step] += buffer.bytes;
      }
    }
    return live;
  }

  private static List<List<Buffer>> orders(List<Buffer> buffers, long[] live) {
    List<List<Buffer>> orders = new ArrayList<>();
    for (Comparator<Buffer> order : ORDERS) {
      orders.add(buffers.stream().sorted(order).toList());
    }
    // What lives at the fullest step first: its buffers then lie without gaps.
    Comparator<Buffer> byBreadth =
        Comparator.comparingLong((Buffer b) -> breadth(b, live)).reversed();
    orders.add(buffers.stream().sorted(byBreadth.thenComparing(BY_SIZE)).toList());
    orders.add(
        buffers.stream()
            .sorted(byBreadth.thenComparing(Comparator.comparingInt(b -> b.first)))
            .toList());
    return orders;
  }

  /** Bytes that live at the fullest step of a buffer's life. */
  private static long breadth(Buffer buffer, long[] live) {
    long most = 0;
    for (int step = Math.max(buffer.first, 0); step <= buffer.last; step++) {
      most = Math.max(most, live[step]);
    }
    return most;
  }

  private static long place(List<Buffer> order) {
    List<Buffer> placed = new ArrayList<>(); // by offset
    long end = 0;
    for (Buffer buffer : order) {
      long at = 0;
      for (Buffer other : placed) {
        if (!other.livesWith(buffer)) {
          continue;
        }
        if (other.offset - at >= buffer.bytes) {
          break;
        }
        at = Math.max(at, align(other.offset + other.bytes, buffer.alignment));
      }
      buffer.offset = at;
      int position = 0;
      while (position < placed.size() && placed.get(position).offset <= at) {
        position++;
      }
      placed.add(position, buffer);
      end = Math.max(end, at + buffer.bytes);
    }
    return end;
  }

  static long align(long bytes, int alignment) {
    return (bytes + alignment - 1) & -(long) alignment;
  }
}
