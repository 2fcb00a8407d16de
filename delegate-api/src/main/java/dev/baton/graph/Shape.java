package dev.baton.graph;

import java.util.Arrays;

/** Sizes of a tensor, outermost dimension first. Rank 0 is a scalar with one element. */
public final class Shape {
  public static final Shape SCALAR = new Shape(new int[0]);

  private final int[] sizes;
  private final long numel;

  private Shape(int[] sizes) {
    long count = 1;
    for (int size : sizes) {
      if (size < 0) {
        throw new IllegalArgumentException("negative size in " + Arrays.toString(sizes));
      }
      count = Math.multiplyExact(count, size);
    }
    this.sizes = sizes;
    this.numel = count;
  }

  /**
   * @throws IllegalArgumentException if a size is negative
   * @throws ArithmeticException if the element count exceeds a long
   */
  public static Shape of(int... sizes) {
    return new Shape(sizes.clone());
  }

  public int rank() {
    return sizes.length;
  }

  /**
   * @param dim 0 to rank − 1, or −rank to −1 counted from the last
   */
  public int size(int dim) {
    return sizes[dim < 0 ? dim + sizes.length : dim];
  }

  /** A copy of the sizes. */
  public int[] sizes() {
    return sizes.clone();
  }

  /** Number of elements: the product of the sizes. */
  public long numel() {
    return numel;
  }

  /** Strides, in elements, of this shape laid out without gaps in its own order. */
  public long[] contiguousStrides() {
    long[] strides = new long[sizes.length];
    long stride = 1;
    for (int d = sizes.length - 1; d >= 0; d--) {
      strides[d] = stride;
      stride *= Math.max(sizes[d], 1);
    }
    return strides;
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Shape s && Arrays.equals(sizes, s.sizes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sizes);
  }

  @Override
  public String toString() {
    return Arrays.toString(sizes);
  }
}
