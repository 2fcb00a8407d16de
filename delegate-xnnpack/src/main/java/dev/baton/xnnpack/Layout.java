package dev.baton.xnnpack;

import dev.baton.graph.DimOrder;
import dev.baton.graph.Shape;

/** How a graph value of logical dims lies in an XNNPACK value. */
enum Layout {
  /** In the order of its dims. */
  PLAIN,
  /** Channels last: [N, H, W, C] of [N, C, H, W], [N, L, C] of [N, C, L]; plain at other ranks. */
  CHANNELS_LAST;

  static boolean hasChannelsLast(int rank) {
    return rank == 3 || rank == 4;
  }

  /** The logical dim at each place, outermost first. */
  int[] order(int rank) {
    return (this == CHANNELS_LAST && hasChannelsLast(rank)
            ? DimOrder.channelsLast(rank)
            : DimOrder.contiguous(rank))
        .dims();
  }

  /** The place of a logical dim. */
  int place(int dim, int rank) {
    int[] order = order(rank);
    for (int p = 0; p < rank; p++) {
      if (order[p] == dim) {
        return p;
      }
    }
    throw new IllegalArgumentException("dim " + dim + " of rank " + rank);
  }

  /** Something for each logical dim, by place. */
  long[] arrange(long[] byDim) {
    int[] order = order(byDim.length);
    long[] placed = new long[byDim.length];
    for (int p = 0; p < placed.length; p++) {
      placed[p] = byDim[order[p]];
    }
    return placed;
  }

  long[] dims(Shape shape) {
    return arrange(Shapes.longs(shape));
  }

  /** True if the bytes are those of the plain layout, since only dims of size 1 have moved. */
  boolean isPlainFor(Shape shape) {
    int before = -1;
    for (int dim : order(shape.rank())) {
      if (shape.size(dim) != 1) {
        if (dim < before) {
          return false;
        }
        before = dim;
      }
    }
    return true;
  }
}
