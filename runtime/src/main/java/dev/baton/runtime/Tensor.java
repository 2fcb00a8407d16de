package dev.baton.runtime;

import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.runtime.lift.Constants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A tensor: a dtype, a shape, and contiguous bytes in native byte order, outermost dimension first.
 * The bytes are in a Java array or in native memory; who made the tensor owns them. Not safe for
 * use by several threads while one writes.
 */
public final class Tensor {
  private final DType dtype;
  private final Shape shape;
  private final MemorySegment data;

  private Tensor(DType dtype, Shape shape, MemorySegment data) {
    long needed = Math.multiplyExact(shape.numel(), dtype.byteSize());
    if (data.byteSize() != needed) {
      throw new IllegalArgumentException(
          "a tensor "
              + dtype
              + shape
              + " has "
              + needed
              + " bytes, the data have "
              + data.byteSize());
    }
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
  }

  /**
   * A tensor over memory of the caller's.
   *
   * @param data exactly the bytes of the tensor; not copied
   * @throws IllegalArgumentException if the size does not fit
   */
  public static Tensor of(DType dtype, MemorySegment data, long... shape) {
    return new Tensor(dtype, shapeOf(shape), data);
  }

  static Tensor of(DType dtype, Shape shape, MemorySegment data) {
    return new Tensor(dtype, shape, data);
  }

  /** A {@link DType#FLOAT} tensor over the array; not copied. */
  public static Tensor fromBlob(float[] data, long... shape) {
    return of(DType.FLOAT, MemorySegment.ofArray(data), shape);
  }

  /** A {@link DType#DOUBLE} tensor over the array; not copied. */
  public static Tensor fromBlob(double[] data, long... shape) {
    return of(DType.DOUBLE, MemorySegment.ofArray(data), shape);
  }

  /** An {@link DType#INT32} tensor over the array; not copied. */
  public static Tensor fromBlob(int[] data, long... shape) {
    return of(DType.INT32, MemorySegment.ofArray(data), shape);
  }

  /** An {@link DType#INT64} tensor over the array; not copied. */
  public static Tensor fromBlob(long[] data, long... shape) {
    return of(DType.INT64, MemorySegment.ofArray(data), shape);
  }

  /** An {@link DType#INT8} tensor over the array; not copied. */
  public static Tensor fromBlob(byte[] data, long... shape) {
    return of(DType.INT8, MemorySegment.ofArray(data), shape);
  }

  /** A {@link DType#UINT8} tensor over the array; not copied. */
  public static Tensor fromBlobUnsigned(byte[] data, long... shape) {
    return of(DType.UINT8, MemorySegment.ofArray(data), shape);
  }

  /** A {@link DType#HALF} tensor over the array of binary16 bits; not copied. */
  public static Tensor fromBlob(short[] data, long... shape) {
    return of(DType.HALF, MemorySegment.ofArray(data), shape);
  }

  /** A {@link DType#BOOL} tensor; the array is copied. */
  public static Tensor fromBlob(boolean[] data, long... shape) {
    byte[] bytes = new byte[data.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (data[i] ? 1 : 0);
    }
    return of(DType.BOOL, MemorySegment.ofArray(bytes), shape);
  }

  /** A tensor of zeros in the Java heap. */
  public static Tensor zeros(DType dtype, long... shape) {
    Shape s = shapeOf(shape);
    long bytes = Math.multiplyExact(s.numel(), dtype.byteSize());
    // An array of longs: its elements are aligned for every dtype.
    return new Tensor(
        dtype,
        s,
        MemorySegment.ofArray(new long[Math.toIntExact((bytes + 7) / 8)]).asSlice(0, bytes));
  }

  /**
   * A constant's values in the Java heap, one after another; 4-bit integers become bytes.
   *
   * @throws BatonException if it is packed in a way that cannot be unpacked
   */
  public static Tensor copyOf(Constant constant) {
    try (Arena temporary = Arena.ofConfined()) {
      return of(
              constant.type().dtype(),
              constant.type().shape(),
              Constants.contiguous(constant, temporary).data())
          .copy();
    }
  }

  private static Shape shapeOf(long[] shape) {
    return Shape.of(Arrays.stream(shape).mapToInt(Math::toIntExact).toArray());
  }

  public DType dtype() {
    return dtype;
  }

  /** A copy of the sizes. */
  public long[] shape() {
    return Arrays.stream(shape.sizes()).asLongStream().toArray();
  }

  Shape sizes() {
    return shape;
  }

  /** Number of elements. */
  public long numel() {
    return shape.numel();
  }

  /** The bytes themselves. */
  public MemorySegment data() {
    return data;
  }

  private void expect(DType... expected) {
    if (!Arrays.asList(expected).contains(dtype)) {
      throw new IllegalStateException(
          "the tensor is " + dtype + ", not " + Arrays.toString(expected));
    }
  }

  /**
   * A copy of the elements.
   *
   * @throws IllegalStateException if the dtype is another
   */
  public float[] getDataAsFloatArray() {
    expect(DType.FLOAT);
    return data.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  public double[] getDataAsDoubleArray() {
    expect(DType.DOUBLE);
    return data.toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED);
  }

  public int[] getDataAsIntArray() {
    expect(DType.INT32);
    return data.toArray(ValueLayout.JAVA_INT_UNALIGNED);
  }

  public long[] getDataAsLongArray() {
    expect(DType.INT64);
    return data.toArray(ValueLayout.JAVA_LONG_UNALIGNED);
  }

  /** A copy of the binary16 bits. */
  public short[] getDataAsShortArray() {
    expect(DType.HALF, DType.BFLOAT16, DType.INT16);
    return data.toArray(ValueLayout.JAVA_SHORT_UNALIGNED);
  }

  public byte[] getDataAsByteArray() {
    expect(DType.INT8, DType.UINT8, DType.BOOL);
    return data.toArray(ValueLayout.JAVA_BYTE);
  }

  public byte[] getDataAsUnsignedByteArray() {
    expect(DType.UINT8);
    return data.toArray(ValueLayout.JAVA_BYTE);
  }

  public boolean[] getDataAsBooleanArray() {
    expect(DType.BOOL);
    boolean[] values = new boolean[Math.toIntExact(numel())];
    for (int i = 0; i < values.length; i++) {
      values[i] = data.get(ValueLayout.JAVA_BYTE, i) != 0;
    }
    return values;
  }

  /** A copy with bytes of its own in the Java heap. */
  public Tensor copy() {
    Tensor copy = zeros(dtype, shape());
    copy.data.copyFrom(data);
    return copy;
  }

  @Override
  public String toString() {
    return "Tensor(" + dtype + shape + ")";
  }
}
