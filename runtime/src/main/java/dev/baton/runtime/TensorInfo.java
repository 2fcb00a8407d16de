package dev.baton.runtime;

import dev.baton.graph.DType;
import dev.baton.graph.DimOrder;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What a method says of one of its tensors.
 *
 * @param shape the sizes; upper bounds where {@code dynamic}
 * @param dynamic true if a call may use smaller sizes
 * @param dimOrder how the program lays the bytes out when it is not Baton that runs it; tensors
 *     given to Baton and taken from it are always contiguous
 */
public record TensorInfo(DType dtype, long[] shape, boolean dynamic, DimOrder dimOrder) {
  public TensorInfo {
    shape = shape.clone();
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  @Override
  public String toString() {
    String sizes =
        Arrays.stream(shape)
            .mapToObj(n -> (dynamic ? "≤" : "") + n)
            .collect(Collectors.joining(", ", "[", "]"));
    return dtype.name().toLowerCase(Locale.ROOT)
        + sizes
        + (dimOrder.isContiguous() ? "" : " dim order " + dimOrder);
  }
}
