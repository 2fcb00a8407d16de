package dev.baton.runtime.kernel;

/** A stable merge sort of positions by their keys. */
final class Sorter {
  private int[] order;
  private int[] merged;

  Sorter(HeapArrays arrays, int n) {
    order = arrays.ints(n);
    merged = arrays.ints(n);
  }

  /** Positions in the order of their keys; valid until the next call. */
  int[] sort(long[] keys, boolean descending) {
    int n = order.length;
    for (int i = 0; i < n; i++) {
      order[i] = i;
    }
    for (int width = 1; width > 0 && width < n; width *= 2) {
      for (int low = 0; low < n; low += 2 * width) {
        int middle = Math.min(low + width, n);
        merge(keys, descending, low, middle, (int) Math.min(low + 2L * width, n));
        if (n - low <= 2L * width) {
          break;
        }
      }
      int[] swap = order;
      order = merged;
      merged = swap;
    }
    return order;
  }

  private void merge(long[] keys, boolean descending, int low, int middle, int high) {
    int left = low;
    int right = middle;
    for (int i = low; i < high; i++) {
      boolean takeRight =
          left == middle
              || (right < high
                  && (descending
                      ? keys[order[right]] > keys[order[left]]
                      : keys[order[right]] < keys[order[left]]));
      merged[i] = takeRight ? order[right++] : order[left++];
    }
  }
}
