package dev.baton.coreml.lift;

import dev.baton.coreml.mil.Failures;
import dev.baton.coreml.mil.MilType;
import dev.baton.coreml.mil.MilType.Element;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Weights that are stored in fewer bits. Signed integers with a scale for each channel, and no zero
 * points, stay so and are dequantized in the graph, where delegates see them; all others become
 * real numbers.
 */
final class Decompression {
  /** Fewer weights are not worth keeping in eight bits; palettes are among them. */
  private static final int FEW = 1024;

  private Decompression() {}

  /** Where a place of a tensor has its parameters, of which there are fewer. */
  private record Blocks(int[] sizes, long[] strides, int[] lengths) {
    /**
     * Null if a dimension is no multiple of its parameters.
     *
     * @param counts of parameters, by dimension
     */
    static @Nullable Blocks of(Shape data, int[] counts) {
      int rank = data.rank();
      int[] lengths = new int[rank];
      long[] strides = new long[rank];
      long stride = 1;
      for (int d = rank - 1; d >= 0; d--) {
        int count = counts[d];
        if (count < 1 || data.size(d) % count != 0) {
          return null;
        }
        lengths[d] = Math.max(1, data.size(d) / count);
        strides[d] = stride;
        stride *= count;
      }
      return new Blocks(data.sizes(), strides, lengths);
    }

    /** Which block the element of this number is in. */
    long block(long element) {
      long block = 0;
      long left = element;
      for (int d = sizes.length - 1; d >= 0; d--) {
        block += left % sizes[d] / lengths[d] * strides[d];
        left /= sizes[d];
      }
      return block;
    }
  }

  private static MemorySegment reals(OperationCall c, Shape shape) throws DelegateException {
    return c.memory()
        .allocate(Math.multiplyExact(shape.numel(), Float.BYTES), c.operation().label());
  }

  private static void give(OperationCall c, Shape shape, MemorySegment reals)
      throws DelegateException {
    c.give(literal(c, shape, reals));
  }

  private static Literal literal(OperationCall c, Shape shape, MemorySegment reals)
      throws DelegateException {
    if (!(c.declared(0).type() instanceof MilType.Tensor type)
        || !type.isStatic()
        || !Literal.shape(type, c.operation().label()).equals(shape)) {
      throw Failures.damaged(
          c.operation().label() + " gives " + shape + ", and declares " + c.declared(0).type());
    }
    return new Literal(Element.FP32, shape, reals.asReadOnly(), List.of(), c.operation().label());
  }

  private static void put(MemorySegment reals, long i, double value) {
    reals.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) value);
  }

  /** scale · (q − zero point), each one number, or one for each index of the axis. */
  static void affine(OperationCall c) throws DelegateException, UnsupportedOperation {
    Literal data = c.literal("quantized_data");
    int rank = data.shape().rank();
    Literal scale = c.literal("scale");
    int axis = rank == 0 ? 0 : c.dim(c.integer("axis", 0), rank);
    Literal zeroPoint = c.has("zero_point") ? c.literal("zero_point") : null;
    if (staysQuantized(data, zeroPoint)) {
      c.give(
          Quantizations.dequantized(c, eightBits(c, data), scale, null, axis),
          () -> affine(c, data, scale, zeroPoint, axis));
    } else {
      c.give(affine(c, data, scale, zeroPoint, axis));
    }
  }

  private static Literal affine(
      OperationCall c, Literal data, Literal scale, @Nullable Literal zeroPoint, int axis)
      throws DelegateException {
    int[] scales = counts(data.shape(), axis, scale);
    Blocks byScale = Blocks.of(data.shape(), scales);
    Blocks byZeroPoint =
        zeroPoint == null
            ? byScale
            : Blocks.of(data.shape(), counts(data.shape(), axis, zeroPoint));
    if (byScale == null || byZeroPoint == null) {
      throw Failures.damaged(c.operation().label() + " has no sizes");
    }
    MemorySegment reals = reals(c, data.shape());
    for (long i = 0; i < data.numel(); i++) {
      double shift = zeroPoint == null ? 0 : zeroPoint.number(byZeroPoint.block(i));
      put(reals, i, scale.number(byScale.block(i)) * (data.number(i) - shift));
    }
    return literal(c, data.shape(), reals);
  }

  private static boolean staysQuantized(Literal data, @Nullable Literal zeroPoint) {
    if (!data.element().isSigned() || data.numel() < FEW) {
      return false;
    }
    for (long i = 0; zeroPoint != null && i < zeroPoint.numel(); i++) {
      if (zeroPoint.integer(i) != 0) {
        return false;
      }
    }
    return true;
  }

  /** How many parameters each dimension has, where they are one, or one for each of the axis. */
  private static int[] counts(Shape data, int axis, Literal parameters) throws DelegateException {
    int[] counts = new int[data.rank()];
    Arrays.fill(counts, 1);
    if (parameters.numel() != 1) {
      if (data.rank() == 0 || parameters.numel() != data.size(axis)) {
        throw Failures.damaged(
            "%s has %d parameters for %s".formatted(parameters.what(), parameters.numel(), data));
      }
      counts[axis] = data.size(axis);
    }
    return counts;
  }

  /** Integers of at most eight bits as a constant of the graph. */
  private static Value eightBits(OperationCall c, Literal data) throws DelegateException {
    return c.constant(data.constant(c.memory()));
  }

  /** scale · (q − offset), each for a block of elements. */
  static void blockwise(OperationCall c) throws DelegateException, UnsupportedOperation {
    Literal data = c.literal("data");
    Literal scale = c.literal("scale");
    Literal offset = c.has("offset") ? c.literal("offset") : null;
    Shape shape = data.shape();
    Blocks blocks =
        scale.shape().rank() == shape.rank() ? Blocks.of(shape, scale.shape().sizes()) : null;
    if (blocks == null || (offset != null && !offset.shape().equals(scale.shape()))) {
      throw Failures.damaged(
          c.operation().label() + " has data " + shape + ", scales " + scale.shape());
    }
    int axis = channelAxis(shape, scale.shape());
    if (axis >= 0 && staysQuantized(data, offset)) {
      c.give(
          Quantizations.dequantized(c, eightBits(c, data), scale, null, axis),
          () -> blockwise(c, data, scale, offset, blocks));
    } else {
      c.give(blockwise(c, data, scale, offset, blocks));
    }
  }

  private static Literal blockwise(
      OperationCall c, Literal data, Literal scale, @Nullable Literal offset, Blocks blocks)
      throws DelegateException {
    Shape shape = data.shape();
    MemorySegment reals = reals(c, shape);
    for (long i = 0; i < shape.numel(); i++) {
      long block = blocks.block(i);
      double shift = offset == null ? 0 : offset.number(block);
      put(reals, i, scale.number(block) * (data.number(i) - shift));
    }
    return literal(c, shape, reals);
  }

  /** The only dimension that has scales, one for each index; −1 if there is none such. */
  private static int channelAxis(Shape data, Shape scales) {
    int axis = data.rank() == 0 ? -1 : 0;
    for (int d = 0; d < data.rank(); d++) {
      if (scales.size(d) == 1) {
        continue;
      }
      if (scales.size(d) != data.size(d) || scales.numel() != scales.size(d)) {
        return -1;
      }
      axis = d;
    }
    return axis;
  }

  /**
   * A table of numbers, and the places in it. The older operator has one table, and packs its
   * places into bytes; the newer has a table for each block of places, [blocks…, entries, length],
   * whose entries may be vectors along one dimension.
   */
  static void palette(OperationCall c) throws DelegateException, UnsupportedOperation {
    Literal indices = c.literal("indices");
    Literal table = c.literal("lut");
    if (c.has("shape")) {
      Shape shape = Shape.of(c.integers("shape"));
      int bits = Long.SIZE - 1 - Long.numberOfLeadingZeros(Math.max(1, table.numel()));
      Literal places = packed(c, indices, shape, bits);
      int[] one = new int[shape.rank()];
      Arrays.fill(one, 1);
      dense(c, places, table, 1, 0, (int) table.numel(), one);
      return;
    }
    int rank = indices.shape().rank();
    if (table.shape().rank() != rank + 2) {
      throw Failures.damaged(
          c.operation().label() + " has tables " + table.shape() + " for " + indices.shape());
    }
    int axis = c.has("vector_axis") && rank > 0 ? c.dim(c.integer("vector_axis"), rank) : 0;
    int[] leading = Arrays.copyOf(table.shape().sizes(), rank);
    dense(c, indices, table, table.shape().size(-1), axis, table.shape().size(-2), leading);
  }

  private static void dense(
      OperationCall c,
      Literal places,
      Literal table,
      int length,
      int axis,
      int entries,
      int[] leading)
      throws DelegateException {
    Shape from = places.shape();
    Blocks blocks = Blocks.of(from, leading);
    if (blocks == null || entries < 1) {
      throw Failures.damaged(
          c.operation().label() + " has tables " + table.shape() + " for " + from);
    }
    int[] sizes = from.sizes();
    long inner = 1; // places behind one of the axis
    for (int d = axis + 1; d < sizes.length; d++) {
      inner *= sizes[d];
    }
    if (sizes.length > 0) {
      sizes[axis] = Math.multiplyExact(sizes[axis], length);
    }
    Shape to = Shape.of(sizes);
    MemorySegment reals = reals(c, to);
    for (long i = 0; i < from.numel(); i++) {
      long entry = places.integer(i);
      if (entry < 0 || entry >= entries) {
        throw Failures.damaged(c.operation().label() + " takes entry " + entry + " of " + entries);
      }
      long at = (blocks.block(i) * entries + entry) * length;
      long out = i / inner * inner * length + i % inner;
      for (int v = 0; v < length; v++) {
        put(reals, out + v * inner, table.number(at + v));
      }
    }
    give(c, to, reals);
  }

  /** Elements of few bits that a list of bytes holds, the first in the lowest bits. */
  private static Literal packed(OperationCall c, Literal bytes, Shape shape, int bits)
      throws DelegateException {
    Element element =
        switch (bits) {
          case 1 -> Element.UINT1;
          case 2 -> Element.UINT2;
          case 3 -> Element.UINT3;
          case 4 -> Element.UINT4;
          case 6 -> Element.UINT6;
          case 8 -> Element.UINT8;
          default ->
              throw Failures.damaged(c.operation().label() + " has places of " + bits + " bits");
        };
    long needed = Math.ceilDiv(Math.multiplyExact(shape.numel(), (long) bits), (long) Byte.SIZE);
    if (bytes.data().byteSize() < needed) {
      throw Failures.damaged(
          c.operation().label()
              + " packs "
              + shape
              + " into "
              + bytes.data().byteSize()
              + " bytes");
    }
    return new Literal(element, shape, bytes.data(), List.of(), bytes.what());
  }

  /** A bit for each element, and those elements that are not 0. */
  static void sparse(OperationCall c) throws DelegateException, UnsupportedOperation {
    Literal given = c.literal("mask");
    Literal some = c.literal("nonzero_data");
    Literal mask = c.has("shape") ? packed(c, given, Shape.of(c.integers("shape")), 1) : given;
    MemorySegment reals = reals(c, mask.shape());
    long taken = 0;
    for (long i = 0; i < mask.numel(); i++) {
      if (mask.integer(i) != 0) {
        if (taken == some.numel()) {
          throw Failures.damaged(
              c.operation().label() + " has " + taken + " elements, its mask more");
        }
        put(reals, i, some.number(taken++));
      }
    }
    give(c, mask.shape(), reals);
  }

  static void cast(OperationCall c) throws DelegateException, UnsupportedOperation {
    c.give(c.literal("source_val"));
  }
}
