package dev.baton.xnnpack;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Packing;
import dev.baton.xnnpack.ffi.XnnValue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import org.jspecify.annotations.Nullable;

/** Data of constants as XNNPACK wants it: contiguous, with readable bytes after the end. */
final class Weights {
  /** Bytes after the end of a buffer that XNNPACK may read. */
  static final int SLACK = 128;

  static final int ALIGNMENT = 64;

  /** No system has smaller pages: what lies in the page of a mapped byte is mapped. */
  private static final long PAGE = 4096;

  private Weights() {}

  static boolean isPlainFloat(Constant constant) {
    return constant.packing() == Packing.PLAIN && constant.type().dtype() == DType.FLOAT;
  }

  /** True if XNNPACK may read the bytes where they are. */
  static boolean isDirect(Constant constant) {
    MemorySegment data = constant.data();
    long last = data.address() + constant.type().byteSize() - 1;
    return constant.isContiguous()
        && data.isNative()
        && data.address() % Float.BYTES == 0
        && last / PAGE == (last + SLACK) / PAGE;
  }

  /**
   * Data that XNNPACK packs: where it is, or a copy of short life.
   *
   * @param scale what each index of dimension {@code axis} is multiplied with; null for 1
   */
  static XnnValue.StaticData packed(Constant constant, float @Nullable [] scale, int axis) {
    if (scale == null && isDirect(constant)) {
      long address = constant.data().address();
      return _ -> address;
    }
    return temporary -> copy(constant, scale, axis, temporary).address();
  }

  /** A contiguous copy, with slack. */
  static MemorySegment copy(
      Constant constant, float @Nullable [] scale, int axis, SegmentAllocator allocator) {
    MemorySegment to = allocate(constant.type().byteSize(), allocator);
    if (scale == null && constant.isContiguous()) {
      return to.copyFrom(constant.data().asSlice(0, constant.type().byteSize()));
    }
    new Copier(constant, scale, axis, to).copy(0, 0, 1);
    return to;
  }

  static MemorySegment copy(float[] values, SegmentAllocator allocator) {
    return allocate((long) values.length * Float.BYTES, allocator)
        .copyFrom(MemorySegment.ofArray(values));
  }

  private static MemorySegment allocate(long bytes, SegmentAllocator allocator) {
    return allocator.allocate(bytes + SLACK, ALIGNMENT);
  }

  static float[] toArray(Constant constant) {
    float[] values = new float[Math.toIntExact(constant.type().shape().numel())];
    new Copier(constant, null, 0, MemorySegment.ofArray(values)).copy(0, 0, 1);
    return values;
  }

  private static final class Copier {
    private final MemorySegment from;
    private final int[] sizes;
    private final long[] strides;
    private final float @Nullable [] scale;
    private final int axis;
    private final MemorySegment to;
    private long written;

    Copier(Constant constant, float @Nullable [] scale, int axis, MemorySegment to) {
      this.from = constant.data();
      this.sizes = constant.type().shape().sizes();
      this.strides = constant.strides();
      this.scale = scale;
      this.axis = axis;
      this.to = to;
    }

    void copy(int dim, long offset, float factor) {
      if (sizes.length == 0) {
        write(0, 1, 0, factor);
      } else if (dim == sizes.length - 1 && (scale == null || dim != axis)) {
        write(offset, sizes[dim], strides[dim], factor);
      } else {
        for (int i = 0; i < sizes[dim]; i++) {
          float f = scale != null && dim == axis ? factor * scale[i] : factor;
          if (dim == sizes.length - 1) {
            write(offset + i * strides[dim], 1, 0, f);
          } else {
            copy(dim + 1, offset + i * strides[dim], f);
          }
        }
      }
    }

    private void write(long offset, int count, long stride, float factor) {
      long source = offset * Float.BYTES;
      long step = stride * Float.BYTES;
      for (int i = 0; i < count; i++, source += step, written += Float.BYTES) {
        to.set(JAVA_FLOAT_UNALIGNED, written, from.get(JAVA_FLOAT_UNALIGNED, source) * factor);
      }
    }
  }
}
