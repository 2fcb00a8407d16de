package dev.baton.coreml.lift;

import dev.baton.coreml.mil.Failures;
import dev.baton.coreml.mil.MilType;
import dev.baton.coreml.mil.MilType.Element;
import dev.baton.coreml.mil.MilValue;
import dev.baton.coreml.mlpackage.MlPackage;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A tensor whose elements are known: in the bits that the payload has them in.
 *
 * @param data the elements, little endian, the first in the lowest bits
 * @param texts of a tensor of strings
 */
record Literal(Element element, Shape shape, MemorySegment data, List<String> texts, String what) {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * The value of a constant.
   *
   * @param what whose it is, for messages
   * @throws DelegateException if its bytes are not there, or are not as many as its type says
   */
  static Literal of(MilValue value, MlPackage weights, String what) throws DelegateException {
    if (!(value.type() instanceof MilType.Tensor type) || !type.isStatic()) {
      throw Failures.damaged(what + " is a constant and no tensor");
    }
    Shape shape = shape(type, what);
    Element element = type.element();
    long needed = bytes(shape.numel(), element);
    return switch (value.content()) {
      case MilValue.Stored stored ->
          new Literal(
              element,
              shape,
              weights.weights(stored.file()).blob(stored.offset(), element, needed),
              List.of(),
              what);
      case MilValue.Immediate immediate -> {
        long given =
            element == Element.STRING ? immediate.texts().size() : immediate.data().byteSize();
        if (given < (element == Element.STRING ? shape.numel() : needed)) {
          throw Failures.damaged(
              what + " is a constant " + type + " and has data of size " + given);
        }
        yield new Literal(element, shape, immediate.data(), immediate.texts(), what);
      }
      case MilValue.Other other ->
          throw Failures.damaged(what + " is a constant " + type + " without elements");
    };
  }

  static Shape shape(MilType.Tensor type, String what) throws DelegateException {
    try {
      return Shape.of(type.sizes().stream().mapToInt(Math::toIntExact).toArray());
    } catch (ArithmeticException e) {
      throw Failures.damaged(what + " has the sizes " + type.sizes(), e);
    }
  }

  private static long bytes(long elements, Element element) {
    return Math.ceilDiv(Math.multiplyExact(elements, element.bits()), (long) Byte.SIZE);
  }

  /** Integers that the lifting computed itself. */
  static Literal integers(int... values) {
    return new Literal(
            Element.INT32,
            Shape.of(values.length),
            MemorySegment.ofArray(
                java.nio.ByteBuffer.allocate(Integer.BYTES * values.length)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .array()),
            List.of(),
            "a shape")
        .filled(values);
  }

  private Literal filled(int[] values) {
    for (int i = 0; i < values.length; i++) {
      data.set(INT, (long) Integer.BYTES * i, values[i]);
    }
    return this;
  }

  long numel() {
    return shape.numel();
  }

  boolean isScalar() {
    return numel() == 1 && element != Element.STRING;
  }

  /** Element {@code i} in the order of the shape, as an integer; a real number is cut. */
  long integer(long i) {
    int bits = element.bits();
    return switch (element) {
      case FP16, FP32, FP64, BF16 -> (long) number(i);
      case BOOL -> data.get(ValueLayout.JAVA_BYTE, i) == 0 ? 0 : 1;
      case INT8 -> data.get(ValueLayout.JAVA_BYTE, i);
      case UINT8 -> data.get(ValueLayout.JAVA_BYTE, i) & 0xff;
      case INT16 -> data.get(SHORT, Short.BYTES * i);
      case UINT16 -> data.get(SHORT, Short.BYTES * i) & 0xffff;
      case INT32 -> data.get(INT, Integer.BYTES * i);
      case UINT32 -> Integer.toUnsignedLong(data.get(INT, Integer.BYTES * i));
      case INT64, UINT64 -> data.get(LONG, Long.BYTES * i);
      case STRING -> throw new IllegalArgumentException(what + " is a text, not a number");
      default -> {
        long small = bits(i * bits, bits);
        yield element.isSigned() ? (small << (Long.SIZE - bits)) >> (Long.SIZE - bits) : small;
      }
    };
  }

  private long bits(long at, int count) {
    long value = 0;
    for (int b = 0; b < count; b++) {
      long bit = at + b;
      value |= (long) (data.get(ValueLayout.JAVA_BYTE, bit >>> 3) >>> (bit & 7) & 1) << b;
    }
    return value;
  }

  double number(long i) {
    return switch (element) {
      case FP32 -> data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, Float.BYTES * i);
      case FP16 -> Float.float16ToFloat(data.get(SHORT, Short.BYTES * i));
      case BF16 -> Float.intBitsToFloat(data.get(SHORT, Short.BYTES * i) << Short.SIZE);
      case FP64 -> Double.longBitsToDouble(data.get(LONG, Long.BYTES * i));
      default -> integer(i);
    };
  }

  /** All elements as integers. */
  int[] integers() {
    int[] all = new int[Math.toIntExact(numel())];
    for (int i = 0; i < all.length; i++) {
      all[i] = Math.clamp(integer(i), Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
    return all;
  }

  /** The one text. */
  String text() {
    return texts.isEmpty() ? "" : texts.get(0);
  }

  /** The dtype that the elements have in graphs. */
  DType dtype() {
    DType dtype = element.computed();
    if (dtype == null) {
      throw new IllegalArgumentException(what + " is a text, not a tensor");
    }
    return dtype;
  }

  /** A constant of a graph; its bytes are the payload's own where they can be. */
  Constant constant(ConstantMemory memory) throws DelegateException {
    DType dtype = dtype();
    TensorType type = new TensorType(dtype, shape, false);
    if (element.bits() == dtype.byteSize() * Byte.SIZE && isAligned(dtype.byteSize())) {
      return Constant.of(data.asReadOnly(), type);
    }
    MemorySegment out = memory.allocate(type.byteSize(), what);
    if (element.bits() == dtype.byteSize() * Byte.SIZE) {
      out.copyFrom(data.asSlice(0, out.byteSize()));
    } else {
      convert(out, dtype);
    }
    return Constant.of(out.asReadOnly(), type);
  }

  private boolean isAligned(int width) {
    return data.isNative() && data.maxByteAlignment() >= width && data.address() % width == 0;
  }

  private void convert(MemorySegment out, DType dtype) {
    long count = numel();
    if (element == Element.FP16) {
      for (long i = 0; i < count; i++) {
        float value = Float.float16ToFloat(data.get(SHORT, Short.BYTES * i));
        out.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
      }
      return;
    }
    for (long i = 0; i < count; i++) {
      switch (dtype) {
        case FLOAT -> out.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) number(i));
        case INT32 -> out.setAtIndex(ValueLayout.JAVA_INT, i, (int) integer(i));
        case INT64 -> out.setAtIndex(ValueLayout.JAVA_LONG, i, integer(i));
        default -> out.set(ValueLayout.JAVA_BYTE, i, (byte) integer(i));
      }
    }
  }
}
