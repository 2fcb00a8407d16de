package dev.baton.runtime.kernel;

import dev.baton.graph.Shape;
import java.util.Arrays;

/**
 * Which elements of a tensor each element of a reduction is made of. Neighbouring dimensions with
 * one fate are one dimension here; the elements of a group come in the tensor's own order.
 */
final class Reduction {
  /** Elements in each group. */
  final long count;

  /** Number of groups: elements of the result. */
  final long groups;

  private final long[] keptSizes;
  private final long[] keptStrides;
  private final long[] reducedSizes;
  private final long[] reducedStrides;

  Reduction(Shape shape, boolean[] reduced) {
    long[] strides = shape.contiguousStrides();
    int rank = shape.rank();
    long[][] merged = new long[4][rank + 1];
    int[] length = new int[2];
    for (int d = 0; d < rank; d++) {
      int fate = reduced[d] ? 2 : 0;
      int last = length[fate / 2] - 1;
      if (d > 0 && reduced[d] == reduced[d - 1]) {
        merged[fate][last] *= shape.size(d);
        merged[fate + 1][last] = strides[d];
      } else {
        merged[fate][last + 1] = shape.size(d);
        merged[fate + 1][last + 1] = strides[d];
        length[fate / 2]++;
      }
    }
    keptSizes = Arrays.copyOf(merged[0], length[0]);
    keptStrides = Arrays.copyOf(merged[1], length[0]);
    reducedSizes = Arrays.copyOf(merged[2], length[1]);
    reducedStrides = Arrays.copyOf(merged[3], length[1]);
    groups = Arrays.stream(keptSizes).reduce(1, (a, b) -> a * b);
    count = Arrays.stream(reducedSizes).reduce(1, (a, b) -> a * b);
  }

  /** Of all elements to one. */
  static Reduction whole(Shape shape) {
    boolean[] reduced = new boolean[shape.rank()];
    Arrays.fill(reduced, true);
    return new Reduction(shape, reduced);
  }

  /** Over one dimension. */
  static Reduction over(Shape shape, int dim) {
    boolean[] reduced = new boolean[shape.rank()];
    if (shape.rank() > 0) {
      reduced[dim] = true;
    }
    return new Reduction(shape, reduced);
  }

  /** The dimensions that an argument names; all of them if it is absent or empty. */
  static boolean[] dims(Call call, String parameter, int rank) {
    long[] given = call.isNone(parameter) ? new long[0] : call.integers(parameter);
    boolean[] reduced = new boolean[rank];
    if (given.length == 0) {
      Arrays.fill(reduced, true);
    }
    for (long dim : given) {
      int d = Dims.wrap(dim, rank);
      if (rank > 0) {
        if (reduced[d]) {
          throw new KernelException("dim " + d + " appears twice in " + Arrays.toString(given));
        }
        reduced[d] = true;
      }
    }
    return reduced;
  }

  static Shape shape(Shape shape, boolean[] reduced, boolean keep) {
    int[] sizes = new int[shape.rank()];
    int rank = 0;
    for (int d = 0; d < shape.rank(); d++) {
      if (!reduced[d]) {
        sizes[rank++] = shape.size(d);
      } else if (keep) {
        sizes[rank++] = 1;
      }
    }
    return Shape.of(Arrays.copyOf(sizes, rank));
  }

  /** Index of the first element of a group. */
  long first(long group) {
    return offset(group, keptSizes, keptStrides, keptSizes.length);
  }

  /** Index of an element of a group. */
  long index(long group, long element) {
    return first(group) + offset(element, reducedSizes, reducedStrides, reducedSizes.length);
  }

  /** Distance of the elements, if the group is one row. */
  long stride() {
    return reducedStrides.length == 0 ? 1 : reducedStrides[reducedStrides.length - 1];
  }

  /** Reads elements {@code from} and following of the group that begins at {@code first}. */
  void load(Rows rows, long first, long from, int n, double[] into) {
    for (int at = 0, run; at < n; at += run) {
      run = run(from + at, n - at);
      rows.load(start(first, from + at), stride(), run, into, at);
    }
  }

  void load(Rows rows, long first, long from, int n, long[] into) {
    for (int at = 0, run; at < n; at += run) {
      run = run(from + at, n - at);
      rows.load(start(first, from + at), stride(), run, into, at);
    }
  }

  private int run(long element, int wanted) {
    if (reducedSizes.length == 0) {
      return wanted;
    }
    long row = reducedSizes[reducedSizes.length - 1];
    return (int) Math.min(wanted, row - element % row);
  }

  private long start(long first, long element) {
    return first + offset(element, reducedSizes, reducedStrides, reducedSizes.length);
  }

  private static long offset(long index, long[] sizes, long[] strides, int rank) {
    long offset = 0;
    for (int d = rank - 1; d > 0; d--) {
      offset += index % sizes[d] * strides[d];
      index /= sizes[d];
    }
    return rank == 0 ? 0 : offset + index * strides[0];
  }
}
