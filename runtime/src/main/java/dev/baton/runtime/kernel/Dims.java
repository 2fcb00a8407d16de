package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.util.Arrays;
import java.util.List;

/** Dimensions and sizes as PyTorch's arguments write them. */
public final class Dims {
  private Dims() {}

  /**
   * A dimension counted from the first, from one that may be counted from the last. A tensor of
   * rank 0 has dimensions 0 and −1.
   *
   * @throws KernelException if there is no such dimension
   */
  public static int wrap(long dim, int rank) {
    int bound = Math.max(rank, 1);
    if (dim < -bound || dim >= bound) {
      throw new KernelException("dimension " + dim + " of a tensor of rank " + rank);
    }
    return (int) (dim < 0 ? dim + bound : dim);
  }

  /**
   * An index counted from the first element, from one that may be counted from the last.
   *
   * @throws KernelException if it is out of range
   */
  public static long index(long index, long size, int dim) {
    if (index < -size || index >= size) {
      throw outOfRange(index, size, dim);
    }
    return index < 0 ? index + size : index;
  }

  /**
   * An index that is counted from the first element alone.
   *
   * @throws KernelException if it is out of range
   */
  public static long fromFirst(long index, long size, int dim) {
    if (index < 0 || index >= size) {
      throw outOfRange(index, size, dim);
    }
    return index;
  }

  public static KernelException outOfRange(long index, long size, int dim) {
    return new KernelException(
        "index " + index + " is out of range: dimension " + dim + " has size " + size);
  }

  /**
   * A shape from an argument.
   *
   * @throws KernelException if a size is negative or the element count too large
   */
  public static Shape shape(long... sizes) {
    int[] narrow = new int[sizes.length];
    for (int d = 0; d < sizes.length; d++) {
      if (sizes[d] < 0 || sizes[d] > Integer.MAX_VALUE) {
        throw new KernelException("the size " + sizes[d] + " in " + Arrays.toString(sizes));
      }
      narrow[d] = (int) sizes[d];
    }
    try {
      return Shape.of(narrow);
    } catch (ArithmeticException e) {
      throw new KernelException(Arrays.toString(sizes) + " has too many elements");
    }
  }

  /** The shape for a tensor's elements in which one size may be −1. */
  static Shape reshape(Shape shape, long[] sizes) {
    long known = 1;
    int open = -1;
    long[] result = sizes.clone();
    for (int d = 0; d < sizes.length; d++) {
      if (sizes[d] == -1 && open < 0) {
        open = d;
      } else {
        known *= sizes[d];
      }
    }
    if (open >= 0 && known != 0 && shape.numel() % known == 0) {
      result[open] = shape.numel() / known;
      known = shape.numel();
    }
    if (known != shape.numel() || (open >= 0 && result[open] < 0)) {
      throw new KernelException(
          "a tensor of " + shape + " cannot be seen as " + Arrays.toString(sizes));
    }
    return shape(result);
  }

  /** The sizes with one of them replaced. */
  static int[] with(Shape shape, int dim, int size) {
    int[] sizes = shape.sizes();
    sizes[dim] = size;
    return sizes;
  }

  /** Product of the sizes of dimensions from … to − 1. */
  static long product(Shape shape, int from, int to) {
    long product = 1;
    for (int d = from; d < to; d++) {
      product *= shape.size(d);
    }
    return product;
  }

  static List<TensorType> one(DType dtype, Shape shape) {
    return List.of(new TensorType(dtype, shape, false));
  }

  static List<TensorType> one(DType dtype, int... sizes) {
    return List.of(TensorType.of(dtype, sizes));
  }

  /** The {@code dtype} argument of a call; {@code otherwise} if it is absent. */
  static DType dtype(Call call, DType otherwise) {
    return call.isNone("dtype") ? otherwise : dtype(call.integer("dtype"));
  }

  private static DType dtype(long code) {
    if (code != (int) code || !DType.isKnown((int) code)) {
      throw new KernelException("no dtype has the code " + code);
    }
    return DType.of((int) code);
  }
}
