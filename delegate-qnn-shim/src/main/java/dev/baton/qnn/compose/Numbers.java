package dev.baton.qnn.compose;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.baton.delegate.Decline;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Packing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Elements of constants. */
final class Numbers {
  private static final int ALIGNMENT = 16;

  private Numbers() {}

  /**
   * The elements without gaps, the last dimension fastest, as they are stored.
   *
   * @param arena of the result
   * @throws UnsupportedNodeException if they are packed
   */
  static MemorySegment contiguous(Constant constant, Arena arena) throws UnsupportedNodeException {
    requirePlain(constant);
    int width = constant.type().dtype().byteSize();
    MemorySegment from = constant.data();
    int[] sizes = constant.type().shape().sizes();
    long[] strides = constant.strides();
    long numel = constant.type().shape().numel();
    MemorySegment to = arena.allocate(Math.max(4, width * numel), ALIGNMENT);
    if (constant.isContiguous()) {
      MemorySegment.copy(from, 0, to, 0, width * numel);
      return to;
    }
    int[] index = new int[sizes.length];
    for (long i = 0; i < numel; i++) {
      long at = 0;
      for (int d = 0; d < sizes.length; d++) {
        at += index[d] * strides[d];
      }
      switch (width) {
        case 1 -> to.set(JAVA_BYTE, i, from.get(JAVA_BYTE, at));
        case 4 -> to.set(JAVA_INT_UNALIGNED, 4 * i, from.get(JAVA_INT_UNALIGNED, 4 * at));
        default -> MemorySegment.copy(from, width * at, to, width * i, width);
      }
      for (int d = sizes.length - 1; d >= 0 && ++index[d] == sizes[d]; d--) {
        index[d] = 0;
      }
    }
    return to;
  }

  static void requirePlain(Constant constant) throws UnsupportedNodeException {
    if (constant.packing() != Packing.PLAIN) {
      throw new UnsupportedNodeException(Decline.Kind.DTYPE, "a constant is packed in 4 bits");
    }
  }

  /** The elements as real numbers, those of a quantized constant as integers. */
  static float[] of(Constant constant) throws UnsupportedNodeException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = contiguous(constant, arena);
      float[] numbers = new float[Math.toIntExact(constant.type().shape().numel())];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = element(data, constant.type().dtype(), i);
      }
      return numbers;
    }
  }

  private static float element(MemorySegment data, DType dtype, int i)
      throws UnsupportedNodeException {
    return switch (dtype) {
      case INT8 -> data.get(JAVA_BYTE, i);
      case UINT8 -> data.get(JAVA_BYTE, i) & 0xff;
      case INT16 -> data.get(JAVA_SHORT_UNALIGNED, 2L * i);
      case HALF -> Float.float16ToFloat(data.get(JAVA_SHORT_UNALIGNED, 2L * i));
      case INT32 -> data.get(JAVA_INT_UNALIGNED, 4L * i);
      case FLOAT -> data.get(JAVA_FLOAT_UNALIGNED, 4L * i);
      case INT64 -> data.get(JAVA_LONG_UNALIGNED, 8L * i);
      case DOUBLE -> (float) data.get(JAVA_DOUBLE_UNALIGNED, 8L * i);
      default ->
          throw new UnsupportedNodeException(Decline.Kind.DTYPE, "a constant is of " + dtype);
    };
  }
}
