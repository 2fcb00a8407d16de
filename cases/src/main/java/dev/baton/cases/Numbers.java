package dev.baton.cases;

import dev.baton.graph.DType;
import dev.baton.runtime.EValue;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.TensorInfo;
import dev.baton.runtime.kernel.Elements;
import dev.baton.runtime.program.ProgramValue;
import dev.baton.runtime.program.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;

/** Elements of a tensor of any dtype, as Java's widest numbers. */
public final class Numbers {
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;

  private Numbers() {}

  /**
   * An element as a double; integers beyond 2^53 are rounded.
   *
   * @throws IllegalArgumentException if the dtype is complex
   * @param index 0 to {@link Tensor#numel} − 1
   */
  public static double asDouble(Tensor tensor, long index) {
    MemorySegment data = tensor.data();
    return switch (tensor.dtype()) {
      case HALF -> Float.float16ToFloat(data.get(SHORT, index * 2));
      case BFLOAT16 -> Float.intBitsToFloat(data.get(SHORT, index * 2) << 16);
      case FLOAT -> data.get(FLOAT, index * 4);
      case DOUBLE -> data.get(DOUBLE, index * 8);
      default -> (double) asLong(tensor, index);
    };
  }

  /**
   * An element of an integer or bool tensor; unsigned 64-bit values beyond the range of a long come
   * out negative.
   *
   * @throws IllegalArgumentException if the dtype is a floating point or complex one
   */
  public static long asLong(Tensor tensor, long index) {
    MemorySegment data = tensor.data();
    return switch (tensor.dtype()) {
      case UINT8, BOOL -> data.get(ValueLayout.JAVA_BYTE, index) & 0xff;
      case INT8 -> data.get(ValueLayout.JAVA_BYTE, index);
      case INT16 -> data.get(SHORT, index * 2);
      case UINT16 -> data.get(SHORT, index * 2) & 0xffff;
      case INT32 -> data.get(INT, index * 4);
      case UINT32 -> data.get(INT, index * 4) & 0xffffffffL;
      case INT64, UINT64 -> data.get(LONG, index * 8);
      default -> throw new IllegalArgumentException(tensor.dtype() + " is no integer type");
    };
  }

  /**
   * The elements as real numbers: a complex tensor of shape (…) as the real one of shape (…, 2)
   * over the same bytes; any other tensor itself.
   */
  public static Tensor asReals(Tensor tensor) {
    if (!tensor.dtype().isComplex()) {
      return tensor;
    }
    long[] shape = Arrays.copyOf(tensor.shape(), tensor.shape().length + 1);
    shape[shape.length - 1] = 2;
    return Tensor.of(tensor.dtype().part(), tensor.data(), shape);
  }

  /**
   * Sets an element, converted as Java's casts do; a real number is rounded to the nearest.
   *
   * @throws IllegalArgumentException if the dtype is complex
   */
  public static void set(Tensor tensor, long index, double value) {
    MemorySegment data = tensor.data();
    switch (tensor.dtype()) {
      case UINT8, INT8 -> data.set(ValueLayout.JAVA_BYTE, index, (byte) (long) value);
      case BOOL -> data.set(ValueLayout.JAVA_BYTE, index, (byte) (value != 0 ? 1 : 0));
      case INT16, UINT16 -> data.set(SHORT, index * 2, (short) (long) value);
      case INT32, UINT32 -> data.set(INT, index * 4, (int) (long) value);
      case INT64, UINT64 -> data.set(LONG, index * 8, (long) value);
      case HALF -> data.set(SHORT, index * 2, Float.floatToFloat16((float) value));
      case BFLOAT16 -> data.set(SHORT, index * 2, Elements.floatToBFloat16((float) value));
      case FLOAT -> data.set(FLOAT, index * 4, (float) value);
      case DOUBLE -> data.set(DOUBLE, index * 8, value);
      default -> throw new IllegalArgumentException(tensor.dtype() + " is no real type");
    }
  }

  /**
   * The same elements in another dtype, rounded to the nearest where it is narrower.
   *
   * @param dtype complex if the tensor is, and only then
   * @return the tensor itself if it has the dtype
   */
  static Tensor converted(Tensor tensor, DType dtype) {
    if (tensor.dtype() == dtype) {
      return tensor;
    }
    Tensor result = Tensor.zeros(dtype, tensor.shape());
    Tensor from = asReals(tensor);
    Tensor into = asReals(result);
    for (long i = 0; i < from.numel(); i++) {
      set(into, i, asDouble(from, i));
    }
    return result;
  }

  /**
   * What is read from a file as the value that an input takes: one of a dtype that NPY does not
   * have is narrowed to it, and a plain one is no tensor.
   *
   * @param input what the method takes there; empty if that is a plain value
   * @throws IllegalArgumentException if a plain value is taken, and the tensor has not one element
   */
  public static EValue asInput(Tensor read, Optional<TensorInfo> input) {
    if (input.isEmpty()) {
      return asPlainValue(read);
    }
    DType wanted = input.get().dtype();
    return EValue.from(Npy.stored(wanted) == read.dtype() ? converted(read, wanted) : read);
  }

  /**
   * A tensor of one element as the plain value that a method takes where its input is no tensor.
   *
   * @throws IllegalArgumentException if the tensor has more elements, or none
   */
  public static EValue asPlainValue(Tensor tensor) {
    if (tensor.numel() != 1) {
      throw new IllegalArgumentException(tensor + " is no plain value: it has not one element");
    }
    DType dtype = tensor.dtype();
    return dtype == DType.BOOL
        ? EValue.from(asLong(tensor, 0) != 0)
        : dtype.isFloatingPoint()
            ? EValue.from(asDouble(tensor, 0))
            : EValue.from(asLong(tensor, 0));
  }

  /**
   * A value of a program file: a number or bool becomes a tensor of rank 0.
   *
   * @param value a constant tensor, which is copied and made contiguous, or a plain value
   * @throws IllegalArgumentException if it is another
   */
  static Tensor asTensor(ProgramValue value) {
    return switch (value) {
      case TensorSpec spec -> contiguous(spec);
      case ProgramValue.IntValue number -> asTensor(EValue.from(number.value()));
      case ProgramValue.DoubleValue number -> asTensor(EValue.from(number.value()));
      case ProgramValue.BoolValue truth -> asTensor(EValue.from(truth.value()));
      default -> throw new IllegalArgumentException(value + " is no value of a call");
    };
  }

  private static Tensor contiguous(TensorSpec spec) {
    int rank = spec.rank();
    long[] shape = spec.sizes().stream().asLongStream().toArray();
    Tensor result = Tensor.zeros(DType.of(spec.scalarType().code()), shape);
    MemorySegment data = spec.data();
    if (data == null) {
      throw new IllegalArgumentException(spec + " has no data");
    }
    long[] strides = new long[rank];
    long stride = spec.scalarType().bytes();
    for (int i = rank - 1; i >= 0; i--) {
      strides[spec.dimOrder().get(i)] = stride;
      stride *= shape[spec.dimOrder().get(i)];
    }
    long width = spec.scalarType().bytes();
    for (long i = 0; i < result.numel(); i++) {
      long from = 0;
      long rest = i;
      for (int d = rank - 1; d >= 0; d--) {
        from += rest % shape[d] * strides[d];
        rest /= shape[d];
      }
      MemorySegment.copy(data, from, result.data(), i * width, width);
    }
    return result;
  }

  /** A value as a tensor: a number or bool becomes one of rank 0. */
  public static Tensor asTensor(EValue value) {
    return switch (value.toObject()) {
      case Tensor tensor -> tensor;
      case Long number -> Tensor.fromBlob(new long[] {number});
      case Double number -> Tensor.fromBlob(new double[] {number});
      case Boolean truth -> Tensor.fromBlob(new boolean[] {truth});
      case null -> throw new IllegalArgumentException("none is no tensor");
      default -> throw new IllegalArgumentException("'" + value + "' is no tensor");
    };
  }
}
