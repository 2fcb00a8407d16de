package dev.baton.graph;

import java.util.Arrays;

/**
 * The dimensions of a tensor from the slowest to the fastest in memory: (0, 1, 2, 3) is NCHW, (0,
 * 2, 3, 1) is NHWC.
 */
public final class DimOrder {
  private final int[] dims;

  private DimOrder(int[] dims) {
    boolean[] seen = new boolean[dims.length];
    for (int d : dims) {
      if (d < 0 || d >= dims.length || seen[d]) {
        throw new IllegalArgumentException("not a permutation: " + Arrays.toString(dims));
      }
      seen[d] = true;
    }
    this.dims = dims;
  }

  /**
   * @throws IllegalArgumentException if the dims are no permutation of 0 … n − 1
   */
  public static DimOrder of(int... dims) {
    return new DimOrder(dims.clone());
  }

  public static DimOrder contiguous(int rank) {
    int[] dims = new int[rank];
    Arrays.setAll(dims, d -> d);
    return new DimOrder(dims);
  }

  /**
   * Batch, spatial dimensions, channels: (0, 2, 3, 1) at rank 4. Rank 2 and below is contiguous.
   */
  public static DimOrder channelsLast(int rank) {
    int[] dims = new int[rank];
    Arrays.setAll(dims, d -> d == 0 || rank < 3 ? d : d == rank - 1 ? 1 : d + 1);
    return new DimOrder(dims);
  }

  public int rank() {
    return dims.length;
  }

  /** The logical dimension at a place in memory order, 0 the slowest. */
  public int dim(int place) {
    return dims[place];
  }

  public boolean isContiguous() {
    for (int d = 0; d < dims.length; d++) {
      if (dims[d] != d) {
        return false;
      }
    }
    return true;
  }

  /** A copy of the permutation. */
  public int[] dims() {
    return dims.clone();
  }

  /** Strides in elements, by logical dimension, of a shape stored without gaps in this order. */
  public long[] strides(Shape shape) {
    if (shape.rank() != dims.length) {
      throw new IllegalArgumentException("dim order " + this + " for the shape " + shape);
    }
    long[] strides = new long[dims.length];
    long stride = 1;
    for (int place = dims.length - 1; place >= 0; place--) {
      strides[dims[place]] = stride;
      stride *= Math.max(shape.size(dims[place]), 1);
    }
    return strides;
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof DimOrder d && Arrays.equals(dims, d.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  @Override
  public String toString() {
    return Arrays.toString(dims);
  }
}
