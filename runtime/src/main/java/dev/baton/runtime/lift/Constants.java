package dev.baton.runtime.lift;

import dev.baton.graph.Constant;
import dev.baton.graph.Packing;
import dev.baton.graph.Shape;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.Operand;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Constants as kernels want them: contiguous, one element after the other. */
public final class Constants {
  /** Bytes after a copy, for readers that look past the end. */
  static final int SLACK = 128;

  private Constants() {}

  /** True if {@link #contiguous} gives the constant's own bytes. */
  public static boolean isPlain(Constant constant) {
    return constant.isContiguous() && constant.data().isNative();
  }

  /**
   * The constant itself if it is contiguous, else a copy.
   *
   * @param arena of a copy
   */
  public static Operand contiguous(Constant constant, Arena arena) {
    Shape shape = constant.type().shape();
    long bytes = constant.type().byteSize();
    if (isPlain(constant)) {
      return new Operand(constant.data().asSlice(0, bytes), constant.type().dtype(), shape);
    }
    MemorySegment copy = arena.allocate(Math.max(bytes, 1), 64).asSlice(0, bytes);
    if (constant.packing() == Packing.INT4_NIBBLES) {
      unpack(constant, copy);
    } else if (constant.isContiguous()) {
      copy.copyFrom(constant.data().asSlice(0, bytes));
    } else {
      gather(constant, copy);
    }
    return new Operand(copy, constant.type().dtype(), shape);
  }

  private static void gather(Constant constant, MemorySegment into) {
    int size = constant.type().dtype().byteSize();
    int[] sizes = constant.type().shape().sizes();
    long[] strides = constant.strides();
    int[] index = new int[sizes.length];
    MemorySegment from = constant.data();
    long numel = constant.type().shape().numel();
    long source = 0;
    for (long i = 0; i < numel; i++) {
      switch (size) {
        case 1 -> into.set(ValueLayout.JAVA_BYTE, i, from.get(ValueLayout.JAVA_BYTE, source));
        case 2 ->
            into.setAtIndex(
                ValueLayout.JAVA_SHORT_UNALIGNED,
                i,
                from.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, source));
        case 4 ->
            into.setAtIndex(
                ValueLayout.JAVA_INT_UNALIGNED,
                i,
                from.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, source));
        default ->
            into.setAtIndex(
                ValueLayout.JAVA_LONG_UNALIGNED,
                i,
                from.getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, source));
      }
      for (int d = sizes.length - 1; d >= 0; d--) {
        source += strides[d];
        if (++index[d] < sizes[d]) {
          break;
        }
        source -= strides[d] * sizes[d];
        index[d] = 0;
      }
    }
  }

  private static void unpack(Constant constant, MemorySegment into) {
    if (constant.type().dtype().byteSize() != 1 || !constant.isContiguousRows()) {
      throw new KernelException("a 4-bit constant is unpacked to int8 only, " + constant);
    }
    Shape shape = constant.type().shape();
    int row = shape.rank() == 0 ? 1 : shape.size(-1);
    long rows = row == 0 ? 0 : shape.numel() / row;
    long stride = (row + 1L) / 2;
    for (long r = 0; r < rows; r++) {
      for (int c = 0; c < row; c++) {
        int packed = constant.data().get(ValueLayout.JAVA_BYTE, r * stride + c / 2);
        int nibble = (c & 1) == 0 ? packed & 15 : (packed >> 4) & 15;
        into.set(ValueLayout.JAVA_BYTE, r * row + c, (byte) nibble);
      }
    }
  }
}
