package dev.baton.qnn.compose;

import dev.baton.graph.Shape;
import java.util.stream.IntStream;

/**
 * In which order the dimensions of a tensor lie. The vendor's image operators want channels last.
 */
enum Layout {
  /** As the program has them: N, C, H, W. */
  FIRST,
  /** N, H, W, C; of rank 4 only. */
  LAST;

  static final int[] TO_LAST = {0, 2, 3, 1};
  static final int[] TO_FIRST = {0, 3, 1, 2};

  /** The sizes in this order; a scalar has one dimension there. */
  int[] sizes(Shape shape) {
    int[] sizes = shape.sizes();
    return this == LAST
        ? IntStream.of(TO_LAST).map(d -> sizes[d]).toArray()
        : sizes.length == 0 ? new int[] {1} : sizes;
  }
}
