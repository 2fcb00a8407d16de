package dev.baton.runtime.kernel;

import dev.baton.graph.Shape;

/**
 * Places of elements in a buffer: element (i0, i1, …) is at start + i0·strides[0] + i1·strides[1] +
 * …, counted in elements. What PyTorch calls a view is a layout over the bytes of its base.
 */
@SuppressWarnings("ArrayRecordComponent")
public record Layout(int[] sizes, long start, long[] strides) {
  /** A tensor without gaps. */
  public static Layout of(Shape shape) {
    return new Layout(shape.sizes(), 0, shape.contiguousStrides());
  }

  public int rank() {
    return sizes.length;
  }

  public Shape shape() {
    return Shape.of(sizes);
  }

  /** Dimension d of the result is {@code dims[d]} of this. */
  Layout permute(int... dims) {
    int[] size = new int[dims.length];
    long[] stride = new long[dims.length];
    for (int d = 0; d < dims.length; d++) {
      size[d] = sizes[dims[d]];
      stride[d] = strides[dims[d]];
    }
    return new Layout(size, start, stride);
  }

  /** {@code size} elements of a dimension, {@code step} apart, from {@code first}. */
  Layout slice(int dim, long first, int size, long step) {
    int[] size1 = sizes.clone();
    long[] stride = strides.clone();
    size1[dim] = size;
    stride[dim] *= step;
    return new Layout(size1, start + first * strides[dim], stride);
  }

  /** Without a dimension: only its element {@code index}. */
  Layout select(int dim, long index) {
    return remove(dim, start + index * strides[dim]);
  }

  private Layout remove(int dim, long newStart) {
    int[] size = new int[sizes.length - 1];
    long[] stride = new long[size.length];
    for (int d = 0; d < size.length; d++) {
      int old = d < dim ? d : d + 1;
      size[d] = sizes[old];
      stride[d] = strides[old];
    }
    return new Layout(size, newStart, stride);
  }

  /** With a dimension more, before {@code dim}. */
  Layout insert(int dim, int size, long stride) {
    int[] size1 = new int[sizes.length + 1];
    long[] stride1 = new long[size1.length];
    for (int d = 0; d < size1.length; d++) {
      int old = d < dim ? d : d - 1;
      size1[d] = d == dim ? size : sizes[old];
      stride1[d] = d == dim ? stride : strides[old];
    }
    return new Layout(size1, start, stride1);
  }

  /** True if the elements are the first ones of the buffer, in order and without gaps. */
  boolean isContiguous() {
    long expected = 1;
    for (int d = sizes.length - 1; d >= 0; d--) {
      if (sizes[d] != 1 && strides[d] != expected) {
        return false;
      }
      expected *= sizes[d];
    }
    return start == 0;
  }
}
