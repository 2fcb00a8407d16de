package dev.baton.runtime.kernel;

import dev.baton.graph.Shape;
import java.util.Arrays;

/** Visits the elements of a shape in order and keeps their places in several buffers. */
final class Walk {
  private final int[] sizes;
  private final long[][] strides; // [buffer][dimension]
  private final int[] index;
  private final long[] at;
  private final boolean empty;

  Walk(Shape shape, long[]... strides) {
    this.sizes = shape.sizes();
    this.strides = strides;
    this.index = new int[sizes.length];
    this.at = new long[strides.length];
    this.empty = shape.numel() == 0;
  }

  /** Goes to the first element; false if there is none. */
  boolean start() {
    Arrays.fill(index, 0);
    Arrays.fill(at, 0);
    return !empty;
  }

  /** The place of the current element in a buffer, in elements. */
  long at(int buffer) {
    return at[buffer];
  }

  /** Goes to the next element; false after the last. */
  boolean next() {
    for (int d = sizes.length - 1; d >= 0; d--) {
      if (++index[d] < sizes[d]) {
        for (int i = 0; i < at.length; i++) {
          at[i] += strides[i][d];
        }
        return true;
      }
      for (int i = 0; i < at.length; i++) {
        at[i] -= strides[i][d] * (sizes[d] - 1);
      }
      index[d] = 0;
    }
    return false;
  }
}
