package dev.baton.qnn.compose;

import dev.baton.delegate.Decline;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Quantization;
import dev.baton.graph.Value;
import dev.baton.qnn.ffi.DataType;
import dev.baton.qnn.ffi.QnnTensor.Encoding;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * As what a value of the program lies in the vendor's graph: real numbers as they are, or the
 * integers that they are quantized to.
 *
 * @param stored the value whose elements the tensor holds: of a quantized one the integers
 */
record Form(Value stored, DataType dtype, Encoding encoding) {
  /** Real numbers; or integers that operators only moved since they were quantized. */
  static Form of(Value value) throws UnsupportedNodeException {
    DataType dtype = value.isTensor() ? real(value.dtype()) : null;
    if (dtype != null) {
      return new Form(value, dtype, Encoding.NONE);
    }
    Quantization how = value.isTensor() ? origin(value) : null;
    if (how == null) {
      throw new UnsupportedNodeException(
          Decline.Kind.DTYPE, "a value is " + value.type() + ", not float32 or float16");
    }
    return quantized(value, how);
  }

  /** How integers were quantized; null if they are computed, or come from outside. */
  private static @Nullable Quantization origin(Value integers) {
    Value value = integers;
    Node producer = value.producer();
    while (producer != null && Lowerings.MOVES.contains(producer.name())) {
      value = producer.inputs().get(0);
      producer = value.producer();
    }
    return producer != null
            && Quantization.isQuantize(producer)
            && Quantization.of(producer) instanceof Quantization.PerTensor how
        ? how
        : null;
  }

  private static @Nullable DataType real(DType dtype) {
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
    if (!integers.isConstant() && how.max() - how.min() < dtype.codes() - 2) {
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
  Form at(Value other) {
    return new Form(other, dtype, encoding);
  }

  boolean isQuantized() {
    return !(encoding instanceof Encoding.None);
  }
}
