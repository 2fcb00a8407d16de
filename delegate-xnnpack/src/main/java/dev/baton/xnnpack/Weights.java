package dev.baton.xnnpack;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Packing;
import dev.baton.graph.TensorType;
import dev.baton.xnnpack.ffi.XnnValue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** Data of constants as XNNPACK wants it: contiguous, with readable bytes after the end. */
final class Weights {
  /** Bytes after the end of a buffer that XNNPACK may read. */
  static final int SLACK = 128;

  static final int ALIGNMENT = 64;

  /** No system has smaller pages: what lies in the page of a mapped byte is mapped. */
  private static final long PAGE = 4096;

  private Weights() {}

  /** True for real numbers that XNNPACK is given in 32 bits, however many they are stored in. */
  static boolean isReal(Constant constant) {
    return constant.packing() == Packing.PLAIN && isReal(constant.type().dtype());
  }

  private static boolean isReal(DType dtype) {
    return switch (dtype) {
      case FLOAT, HALF, BFLOAT16 -> true;
      default -> false;
    };
  }

  /** Bytes of the elements as XNNPACK is given them. */
  static long byteSize(Constant constant) {
    TensorType type = constant.type();
    return isReal(type.dtype()) ? type.shape().numel() * Float.BYTES : type.byteSize();
  }

  /** True if XNNPACK may read the bytes where they are. */
  static boolean isDirect(Constant constant) {
    MemorySegment data = constant.data();
    long last = data.address() + constant.type().byteSize() - 1;
    return constant.isContiguous()
        && byteSize(constant) == constant.type().byteSize()
        && data.isNative()
        && data.address() % constant.type().dtype().byteSize() == 0
        && last / PAGE == (last + SLACK) / PAGE;
  }

  /**
   * Data that XNNPACK packs: where it is, or a copy of short life.
   *
   * @param scale what each index of dimension {@code axis} is multiplied with; null for 1
   */
  static XnnValue.StaticData packed(Constant constant, float @Nullable [] scale, int axis) {
    return new Statics.Stored(constant, scale, axis);
  }

  /** A contiguous copy, with slack. */
  static MemorySegment copy(
      Constant constant, float @Nullable [] scale, int axis, SegmentAllocator allocator) {
    long bytes = byteSize(constant);
    MemorySegment to = allocate(bytes, allocator);
    if (scale == null && constant.isContiguous() && bytes == constant.type().byteSize()) {
      return to.copyFrom(constant.data().asSlice(0, bytes));
    }
    if (isReal(constant.type().dtype())) {
      new Copier(constant, scale, axis, to).copy(0, 0, 1);
    } else {
      copyBytes(constant, to);
    }
    return to;
  }

  /** Copies elements of a byte into the order of the dims. */
  private static void copyBytes(Constant constant, MemorySegment to) {
    int[] sizes = constant.type().shape().sizes();
    long[] strides = constant.strides();
    long reach = 1;
    for (int d = 0; d < sizes.length; d++) {
      reach += (sizes[d] - 1) * strides[d];
    }
    byte[] from = constant.data().asSlice(0, reach).toArray(ValueLayout.JAVA_BYTE);
    byte[] ordered = new byte[Math.toIntExact(constant.type().shape().numel())];
    int[] index = new int[sizes.length];
    int at = 0;
    for (int i = 0; i < ordered.length; i++) {
      ordered[i] = from[at];
      for (int d = sizes.length - 1; d >= 0; d--) {
        at += (int) strides[d];
        if (++index[d] < sizes[d]) {
          break;
        }
        at -= (int) strides[d] * sizes[d];
        index[d] = 0;
      }
    }
    MemorySegment.copy(ordered, 0, to, ValueLayout.JAVA_BYTE, 0, ordered.length);
  }

  static MemorySegment copy(float[] values, SegmentAllocator allocator) {
    return copy(MemorySegment.ofArray(values), allocator);
  }

  static MemorySegment copy(MemorySegment values, SegmentAllocator allocator) {
    return allocate(values.byteSize(), allocator).copyFrom(values);
  }

  private static MemorySegment allocate(long bytes, SegmentAllocator allocator) {
    return allocator.allocate(bytes + SLACK, ALIGNMENT);
  }

  static float[] toArray(Constant constant) {
    float[] values = new float[Math.toIntExact(constant.type().shape().numel())];
    new Copier(constant, null, 0, MemorySegment.ofArray(values)).copy(0, 0, 1);
    return values;
  }

  /**
   * Copies block by block through arrays: long before it is compiled, code is faster on arrays than
   * on segments, and weights are copied when a program starts.
   */
  private static final class Copier {
    /** Most elements of a block. */
    private static final long BLOCK = 1 << 22;

    private final MemorySegment from;
    private final DType dtype;
    private final int[] sizes;
    private final long[] strides;
    private final float @Nullable [] scale;
    private final int axis;
    private final MemorySegment to;
    private long written;
    private float[] source = {};
    private float[] target = {};
    private int filled;

    Copier(Constant constant, float @Nullable [] scale, int axis, MemorySegment to) {
      this.from = constant.data();
      this.dtype = constant.type().dtype();
      this.sizes = constant.type().shape().sizes();
      this.strides = constant.strides();
      this.scale = scale;
      this.axis = axis;
      this.to = to;
    }

    void copy(int dim, long offset, float factor) {
      long count = 1;
      long reach = 1;
      for (int d = dim; d < sizes.length; d++) {
        count *= sizes[d];
        reach += (sizes[d] - 1) * strides[d];
      }
      if (count > BLOCK) {
        for (int i = 0; i < sizes[dim]; i++) {
          copy(dim + 1, offset + i * strides[dim], factor(dim, i, factor));
        }
      } else if (count > 0) {
        source = new float[Math.toIntExact(reach)];
        target = new float[(int) count];
        filled = 0;
        read(offset);
        fill(dim, 0, factor);
        MemorySegment.copy(target, 0, to, JAVA_FLOAT_UNALIGNED, written, target.length);
        written += count * Float.BYTES;
      }
    }

    /** Fills {@code source} with neighbours in memory. */
    private void read(long offset) {
      if (dtype == DType.FLOAT) {
        MemorySegment.copy(
            from, JAVA_FLOAT_UNALIGNED, offset * Float.BYTES, source, 0, source.length);
        return;
      }
      short[] bits = new short[source.length];
      MemorySegment.copy(from, JAVA_SHORT_UNALIGNED, offset * Short.BYTES, bits, 0, bits.length);
      for (int i = 0; i < bits.length; i++) {
        source[i] =
            dtype == DType.HALF
                ? Float.float16ToFloat(bits[i])
                : Float.intBitsToFloat(bits[i] << Short.SIZE);
      }
    }

    private float factor(int dim, int index, float factor) {
      return scale != null && dim == axis ? factor * scale[index] : factor;
    }

    private void fill(int dim, int offset, float factor) {
      if (dim == sizes.length) {
        target[filled++] = source[offset] * factor;
        return;
      }
      int stride = (int) strides[dim];
      if (dim < sizes.length - 1 || (scale != null && dim == axis)) {
        for (int i = 0; i < sizes[dim]; i++) {
          fill(dim + 1, offset + i * stride, factor(dim, i, factor));
        }
      } else {
        int at = filled;
        for (int i = 0; i < sizes[dim]; i++) {
          target[at + i] = source[offset + i * stride] * factor;
        }
        filled = at + sizes[dim];
      }
    }
  }
}
