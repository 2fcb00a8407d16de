package dev.baton.graph;

import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Type of a tensor value. Layout is no part of it: a graph is written in logical dimensions, and
 * where bytes have an order of their own ({@link Constant}, a method's inputs and outputs) it is
 * said there. Two types are equal if dtype, shape and {@code dynamic} are.
 */
public final class TensorType implements ValueType {
  private final DType dtype;
  private final Shape shape;
  private final boolean dynamic;

  /**
   * @param shape the sizes; upper bounds where {@code dynamic}
   * @param dynamic true if the sizes may be smaller in a call; the rank never varies
   */
  public TensorType(DType dtype, Shape shape, boolean dynamic) {
    this.dtype = Objects.requireNonNull(dtype);
    this.shape = Objects.requireNonNull(shape);
    this.dynamic = dynamic;
  }

  /** A tensor whose sizes are the same in every call. */
  public static TensorType of(DType dtype, int... sizes) {
    return new TensorType(dtype, Shape.of(sizes), false);
  }

  public DType dtype() {
    return dtype;
  }

  /** The sizes; upper bounds if {@link #dynamic()}. */
  public Shape shape() {
    return shape;
  }

  /** True if the sizes may be smaller in a call; the rank never varies. */
  public boolean dynamic() {
    return dynamic;
  }

  /** Bytes of the tensor without gaps, at its upper bound. */
  public long byteSize() {
    return Math.multiplyExact(shape.numel(), dtype.byteSize());
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TensorType t
        && dtype == t.dtype
        && shape.equals(t.shape)
        && dynamic == t.dynamic;
  }

  @Override
  public int hashCode() {
    return Objects.hash(dtype, shape, dynamic);
  }

  @Override
  public String toString() {
    return dtype.name().toLowerCase(Locale.ROOT) + shape + (dynamic ? " (upper bound)" : "");
  }
}
