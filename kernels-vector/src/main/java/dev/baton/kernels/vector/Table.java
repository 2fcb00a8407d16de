package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.Step;
import java.lang.foreign.MemorySegment;

/**
 * A function of one int8 element, looked up in a table of 256. One that only clamps is two
 * comparisons of vectors instead.
 */
final class Table {
  private Table() {}

  static Step bind(byte[] table, MemorySegment from, MemorySegment to, Parallel parallel) {
    long count = from.byteSize();
    long x = from.address();
    long y = to.address();
    int tasks = Math.toIntExact(Math.ceilDiv(count, (long) Chunks.SIZE));
    byte low = table[0];
    byte high = table[255];
    boolean clamps = clamps(table);
    long[] wide = new long[256];
    for (int i = 0; i < 256; i++) {
      wide[i & 255] = table[(i + 128) & 255] & 255;
    }
    Parallel.Task task =
        (t, worker) -> {
          long at = (long) t * Chunks.SIZE;
          int n = (int) Math.min(Chunks.SIZE, count - at);
          if (clamps) {
            ByteLanes.clamp(x + at, y + at, n, low, high);
          } else {
            map(wide, x + at, y + at, n);
          }
        };
    return () -> parallel.run(tasks, task);
  }

  /** True if all elements become themselves, but for bounds. */
  private static boolean clamps(byte[] table) {
    for (int i = 0; i < 256; i++) {
      int x = i + Byte.MIN_VALUE;
      if (table[0] > table[255] || table[i] != Math.clamp(x, table[0], table[255])) {
        return false;
      }
    }
    return true;
  }

  /**
   * @param table by the unsigned byte
   */
  private static void map(long[] table, long from, long to, int n) {
    int i = 0;
    for (; i + 8 <= n; i += 8) {
      long x = ALL.get(JAVA_LONG_UNALIGNED, from + i);
      long low =
          table[(int) x & 255]
              | table[(int) (x >> 8) & 255] << 8
              | table[(int) (x >> 16) & 255] << 16
              | table[(int) (x >> 24) & 255] << 24;
      long high =
          table[(int) (x >> 32) & 255]
              | table[(int) (x >> 40) & 255] << 8
              | table[(int) (x >> 48) & 255] << 16
              | table[(int) (x >> 56) & 255] << 24;
      ALL.set(JAVA_LONG_UNALIGNED, to + i, low | high << 32);
    }
    for (; i < n; i++) {
      Lanes.setByte(to + i, (byte) table[Lanes.getByte(from + i) & 255]);
    }
  }
}
