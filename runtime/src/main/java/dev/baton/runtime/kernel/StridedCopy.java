package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Copies the elements of one {@link Layout} to the places of another of the same sizes. */
public final class StridedCopy implements Step {
  private final MemorySegment from;
  private final MemorySegment to;
  private final int elementSize;
  private final long fromStart;
  private final long toStart;
  private final boolean empty;
  // The innermost dimension, then the others, outermost first; strides in elements.
  private final int run;
  private final long fromStep;
  private final long toStep;
  private final int[] sizes;
  private final long[] fromStrides;
  private final long[] toStrides;
  private final int[] index;

  /**
   * @param elementSize bytes of an element: 1, 2, 4, 8 or 16
   */
  public StridedCopy(
      MemorySegment from, Layout source, MemorySegment to, Layout target, int elementSize) {
    this.from = from;
    this.to = to;
    this.elementSize = elementSize;
    this.fromStart = source.start();
    this.toStart = target.start();
    int[] size = new int[source.sizes().length];
    long[] a = new long[size.length];
    long[] b = new long[size.length];
    int dims = 0; // innermost first
    boolean nothing = false;
    for (int d = size.length - 1; d >= 0; d--) {
      int here = source.sizes()[d];
      nothing |= here == 0;
      if (here == 1) {
        continue;
      }
      if (dims > 0
          && Broadcast.joins(size[dims - 1], here)
          && source.strides()[d] == a[dims - 1] * size[dims - 1]
          && target.strides()[d] == b[dims - 1] * size[dims - 1]) {
        size[dims - 1] *= here;
      } else {
        size[dims] = here;
        a[dims] = source.strides()[d];
        b[dims] = target.strides()[d];
        dims++;
      }
    }
    empty = nothing;
    run = dims == 0 ? 1 : size[0];
    fromStep = dims == 0 ? 1 : a[0];
    toStep = dims == 0 ? 1 : b[0];
    int outer = Math.max(dims - 1, 0);
    sizes = new int[outer];
    fromStrides = new long[outer];
    toStrides = new long[outer];
    for (int d = 0; d < outer; d++) {
      sizes[d] = size[dims - 1 - d];
      fromStrides[d] = a[dims - 1 - d];
      toStrides[d] = b[dims - 1 - d];
    }
    index = new int[outer];
  }

  @Override
  public void run() {
    if (empty) {
      return;
    }
    Arrays.fill(index, 0);
    long i = fromStart;
    long k = toStart;
    while (true) {
      copyRun(i, k);
      int d = sizes.length - 1;
      while (d >= 0 && ++index[d] == sizes[d]) {
        i -= fromStrides[d] * (sizes[d] - 1);
        k -= toStrides[d] * (sizes[d] - 1);
        index[d--] = 0;
      }
      if (d < 0) {
        return;
      }
      i += fromStrides[d];
      k += toStrides[d];
    }
  }

  private void copyRun(long i, long k) {
    if (fromStep == 1 && toStep == 1) {
      MemorySegment.copy(from, i * elementSize, to, k * elementSize, (long) run * elementSize);
      return;
    }
    switch (elementSize) {
      case 1 -> {
        for (int t = 0; t < run; t++) {
          to.set(JAVA_BYTE, k + t * toStep, from.get(JAVA_BYTE, i + t * fromStep));
        }
      }
      case 2 -> {
        for (int t = 0; t < run; t++) {
          to.setAtIndex(JAVA_SHORT, k + t * toStep, from.getAtIndex(JAVA_SHORT, i + t * fromStep));
        }
      }
      case 4 -> {
        for (int t = 0; t < run; t++) {
          to.setAtIndex(JAVA_INT, k + t * toStep, from.getAtIndex(JAVA_INT, i + t * fromStep));
        }
      }
      case 8 -> {
        for (int t = 0; t < run; t++) {
          to.setAtIndex(JAVA_LONG, k + t * toStep, from.getAtIndex(JAVA_LONG, i + t * fromStep));
        }
      }
      default -> {
        for (int t = 0; t < run; t++) {
          long source = (i + t * fromStep) * elementSize;
          MemorySegment.copy(from, source, to, (k + t * toStep) * elementSize, elementSize);
        }
      }
    }
  }
}
