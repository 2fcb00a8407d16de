package dev.baton.tck;

import dev.baton.graph.Constant;
import dev.baton.graph.Packing;
import dev.baton.graph.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A constant's bytes in contiguous order. */
final class ConstantCopy {
  private ConstantCopy() {}

  static boolean isSupported(Constant constant) {
    return constant.packing() == Packing.PLAIN;
  }

  /** The constant's own bytes if they are contiguous, else a copy in the arena. */
  static MemorySegment contiguous(Constant constant, Arena arena) {
    long bytes = constant.type().byteSize();
    if (constant.isContiguous()) {
      return constant.data().asSlice(0, bytes);
    }
    int element = constant.type().dtype().byteSize();
    Shape shape = constant.type().shape();
    long[] strides = constant.strides();
    long[] contiguous = shape.contiguousStrides();
    MemorySegment copy = arena.allocate(Math.max(bytes, 1), 16);
    for (long i = 0; i < shape.numel(); i++) {
      long from = 0;
      for (int d = 0; d < strides.length; d++) {
        from += i / contiguous[d] % shape.size(d) * strides[d];
      }
      MemorySegment.copy(constant.data(), from * element, copy, i * element, element);
    }
    return copy.asSlice(0, bytes);
  }
}
