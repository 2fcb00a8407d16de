package dev.baton.xnnpack.payload;

import com.google.flatbuffers.FloatVector;
import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A value as the payload declares it. The dims of a constant are exact; those of any other value
 * repeat upper bounds, or what they were before a layout change, and only their number is used.
 *
 * @param id what nodes call it
 * @param constantIndex index of its data, 0 for no constant
 * @param externalId argument of the delegate call, if a flag says that it is external
 * @param dynamicTarget element type that the runtime quantizes it to where it enters; in old files
 *     only
 */
record PayloadValue(
    int id,
    Type type,
    int[] dims,
    long constantIndex,
    int externalId,
    int flags,
    Quantization quantization,
    Type dynamicTarget) {
  private static final int EXTERNAL_INPUT = 1;
  private static final int EXTERNAL_OUTPUT = 2;

  /** Element types, in the order of their codes. */
  enum Type {
    INVALID(null),
    FP32(DType.FLOAT),
    FP16(DType.HALF),
    QINT8(DType.INT8),
    QUINT8(DType.UINT8),
    QINT32(DType.INT32),
    QCINT8(DType.INT8),
    QCINT32(DType.INT32),
    QCINT4(DType.INT8),
    QDINT8(DType.INT8),
    QBINT4(DType.INT8),
    QPINT8(null),
    INT32(DType.INT32),
    PFP32(null),
    BF16(DType.BFLOAT16);

    private static final List<Type> TYPES = List.of(values());

    private final @Nullable DType dtype;

    Type(@Nullable DType dtype) {
      this.dtype = dtype;
    }

    /** The type of a code; {@link #INVALID} if there is none. */
    static Type of(int code) {
      return code >= 0 && code < TYPES.size() ? TYPES.get(code) : INVALID;
    }

    /** The dtype that holds an element; null if only XNNPACK knows the form. */
    @Nullable DType dtype() {
      return dtype;
    }

    boolean isInt4() {
      return this == QCINT4 || this == QBINT4;
    }
  }

  /** How stored numbers stand for real ones. */
  sealed interface Quantization {
    enum None implements Quantization {
      NONE
    }

    record PerTensor(float scale, int zeroPoint) implements Quantization {}

    record PerChannel(Scales scales, int channelDim) implements Quantization {}

    record PerToken(int nonBatchDims) implements Quantization {}

    record PerGroup(Scales scales, int channelDim, int groupSize) implements Quantization {}
  }

  /**
   * Scales of a constant.
   *
   * @param inline the scales in the tables, if {@code bufferIndex} is 0
   * @param bufferIndex index of their constant data
   * @param stated how many there are in the constant data
   */
  record Scales(@Nullable FloatVector inline, long bufferIndex, long stated) {
    boolean areInline() {
      return bufferIndex == 0;
    }

    long count() {
      return areInline() ? inlineCount() : stated;
    }

    private int inlineCount() {
      return inline == null ? 0 : inline.length();
    }
  }

  boolean isConstant() {
    return constantIndex != 0;
  }

  boolean isExternalInput() {
    return (flags & EXTERNAL_INPUT) != 0;
  }

  boolean isExternalOutput() {
    return (flags & EXTERNAL_OUTPUT) != 0;
  }

  /**
   * @throws ArithmeticException if the element count exceeds a long
   */
  Shape shape() {
    return Shape.of(dims);
  }

  @Override
  public String toString() {
    return "value " + Integer.toUnsignedString(id) + " (" + type + Arrays.toString(dims) + ")";
  }
}
