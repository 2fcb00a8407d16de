package dev.baton.qnn.compose;

import dev.baton.delegate.Decline;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Quantization;
import dev.baton.graph.Value;
import dev.baton.qnn.ffi.DataType;
import dev.baton.qnn.ffi.QnnTensor.Encoding;
import java.util.Arrays;

/**
 * As what a value of the program lies in the vendor's graph: real numbers as they are, or the
 * integers that they are quantized to.
 *
 * @param stored the value whose elements the tensor holds: of a quantized one the integers
 */
record Form(Value stored, DataType dtype, Encoding encoding) {
  private static final int EIGHT_BITS = 8;

  /** A tensor of real numbers. */
  static Form real(Value value) throws UnsupportedNodeException {
    DataType dtype = value.isTensor() ? real(value.dtype()) : null;
    if (dtype == null) {
      throw new UnsupportedNodeException(
          Decline.Kind.DTYPE, "a value is " + value.type() + ", not float32 or float16");
    }
    return new Form(value, dtype, Encoding.NONE);
  }

  private static @org.jspecify.annotations.Nullable DataType real(DType dtype) {
    return switch (dtype) {
      case FLOAT -> DataType.FLOAT_32;
      case HALF -> DataType.FLOAT_16;
      default -> null;
    };
  }

  /**
   * Integers of 8, 16 or 32 bits with one scale, or a scale for each index of a dimension.
   *
   * @param integers what the real numbers are quantized to
   */
  static Form quantized(Value integers, Quantization how) throws UnsupportedNodeException {
    DataType dtype =
        switch (how.dtype()) {
          case INT8 -> DataType.SFIXED_POINT_8;
          case UINT8 -> DataType.UFIXED_POINT_8;
          case INT16 -> DataType.SFIXED_POINT_16;
          case UINT16 -> DataType.UFIXED_POINT_16;
          case INT32 -> DataType.SFIXED_POINT_32;
          default ->
              throw new UnsupportedNodeException(
                  Decline.Kind.DTYPE, "numbers are quantized to " + how.dtype());
        };
    long codes = 1L << (EIGHT_BITS * dtype.byteSize());
    if (!integers.isConstant() && how.max() - how.min() < codes - 2) {
      throw new UnsupportedNodeException(
          Decline.Kind.DTYPE, "activations use " + how.min() + " to " + how.max() + " alone");
    }
    return new Form(integers, dtype, encoding(how));
  }

  private static Encoding encoding(Quantization how) throws UnsupportedNodeException {
    return switch (how) {
      case Quantization.PerTensor t ->
          new Encoding.PerTensor((float) t.scale(), Math.toIntExact(-t.zeroPoint()));
      case Quantization.PerChannel c -> {
        Constant points = c.zeroPoints();
        float[] scales = Numbers.of(c.scales());
        int[] offsets = new int[scales.length];
        if (points != null) {
          float[] zero = Numbers.of(points);
          Arrays.setAll(offsets, i -> -(int) zero[i]);
        }
        yield new Encoding.PerAxis(c.axis(), scales, offsets);
      }
      default ->
          throw new UnsupportedNodeException(
              Decline.Kind.DTYPE, "numbers are quantized in groups, or while the program runs");
    };
  }

  /** The same encoding for another value. */
  Form of(Value other) {
    return new Form(other, dtype, encoding);
  }

  boolean isQuantized() {
    return !(encoding instanceof Encoding.None);
  }
}
