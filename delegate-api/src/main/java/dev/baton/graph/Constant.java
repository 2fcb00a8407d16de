package dev.baton.graph;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Data of a constant: storage, offset, sizes, strides and packing. A permuted view of weights is
 * another constant over the same bytes.
 *
 * <p>The bytes belong to the program (or to whoever made the constant) and stay valid until
 * everything compiled from the graph is closed. They are read-only.
 */
public final class Constant {
  private final MemorySegment data;
  private final TensorType type;
  private final long[] strides;
  private final Packing packing;

  private Constant(MemorySegment data, TensorType type, long[] strides, Packing packing) {
    this.data = data;
    this.type = type;
    this.strides = strides;
    this.packing = packing;
  }

  /**
   * A constant without gaps, in a dim order.
   *
   * @param data at least the bytes of the type; its first byte is the first element
   * @throws IllegalArgumentException if the data is too short or the order has another rank
   */
  public static Constant of(MemorySegment data, TensorType type, DimOrder order) {
    if (data.byteSize() < type.byteSize()) {
      throw new IllegalArgumentException(
          "a constant "
              + type
              + " needs "
              + type.byteSize()
              + " bytes, its data has "
              + data.byteSize());
    }
    return new Constant(data, type, order.strides(type.shape()), Packing.PLAIN);
  }

  /** A contiguous constant. */
  public static Constant of(MemorySegment data, TensorType type) {
    return of(data, type, DimOrder.contiguous(type.shape().rank()));
  }

  /**
   * A 4-bit constant, contiguous; its dtype is the one that its elements have when unpacked.
   *
   * @throws IllegalArgumentException if the data is too short
   */
  public static Constant int4(MemorySegment data, TensorType type) {
    Shape shape = type.shape();
    int row = shape.rank() == 0 ? 1 : shape.size(-1);
    long bytes = row == 0 ? 0 : shape.numel() / row * ((row + 1L) / 2);
    if (data.byteSize() < bytes) {
      throw new IllegalArgumentException(
          "an int4 constant "
              + type
              + " needs "
              + bytes
              + " bytes, its data has "
              + data.byteSize());
    }
    return new Constant(data, type, shape.contiguousStrides(), Packing.INT4_NIBBLES);
  }

  /**
   * The same bytes with the dimensions permuted: dimension {@code d} of the result is {@code
   * permutation[d]} of this.
   */
  public Constant permute(int... permutation) {
    int[] order = DimOrder.of(permutation).dims();
    int[] sizes = new int[order.length];
    long[] permuted = new long[order.length];
    for (int d = 0; d < order.length; d++) {
      sizes[d] = type.shape().size(order[d]);
      permuted[d] = strides[order[d]];
    }
    return new Constant(data, TensorType.of(type.dtype(), sizes), permuted, packing);
  }

  /** The bytes, first element first. */
  public MemorySegment data() {
    return data;
  }

  public TensorType type() {
    return type;
  }

  /** Bytes of its elements as they are stored, without what pads rows of {@link Packing}. */
  public long byteSize() {
    return packing == Packing.INT4_NIBBLES ? (type.shape().numel() + 1) / 2 : type.byteSize();
  }

  /** A copy of the strides, in elements, by dimension. */
  public long[] strides() {
    return strides.clone();
  }

  public Packing packing() {
    return packing;
  }

  /** True if the bytes are plain and in the dim order: a dimension of size 1 has any place. */
  public boolean hasOrder(DimOrder order) {
    if (packing != Packing.PLAIN) {
      return false;
    }
    long[] wanted = order.strides(type.shape());
    for (int d = 0; d < strides.length; d++) {
      if (type.shape().size(d) > 1 && strides[d] != wanted[d]) {
        return false;
      }
    }
    return true;
  }

  /** True if the strides are those of the shape in its own order, whatever the packing. */
  public boolean isContiguousRows() {
    return java.util.Arrays.equals(strides, type.shape().contiguousStrides());
  }

  public boolean isContiguous() {
    return hasOrder(DimOrder.contiguous(strides.length));
  }

  /** This constant with another shape of as many elements; contiguous data only. */
  public Constant reshape(int... sizes) {
    if (!isContiguous()) {
      throw new IllegalStateException("only a contiguous constant can be reshaped");
    }
    Shape shape = Shape.of(sizes);
    if (shape.numel() != type.shape().numel()) {
      throw new IllegalArgumentException(type.shape() + " cannot be seen as " + shape);
    }
    return new Constant(
        data, new TensorType(type.dtype(), shape, false), shape.contiguousStrides(), packing);
  }

  @Override
  public String toString() {
    return "constant " + type + (isContiguous() ? "" : " strides " + Arrays.toString(strides));
  }
}
