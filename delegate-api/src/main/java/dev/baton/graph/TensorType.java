package dev.baton.graph;

/**
 * Type of a tensor value. Layout is no part of it: a graph is written in logical dimensions, and
 * where bytes have an order of their own ({@link Constant}, a method's inputs and outputs) it is
 * said there.
 *
 * @param shape the sizes; upper bounds where {@code dynamic}
 * @param dynamic true if the sizes may be smaller in a call; the rank never varies
 */
public record TensorType(DType dtype, Shape shape, boolean dynamic) implements ValueType {
  /** A tensor whose sizes are the same in every call. */
  public static TensorType of(DType dtype, int... sizes) {
    return new TensorType(dtype, Shape.of(sizes), false);
  }

  /** Bytes of the tensor without gaps, at its upper bound. */
  public long byteSize() {
    return Math.multiplyExact(shape.numel(), dtype.byteSize());
  }

  @Override
  public String toString() {
    return dtype.name().toLowerCase(java.util.Locale.ROOT)
        + shape
        + (dynamic ? " (upper bound)" : "");
  }
}
