package dev.baton.kernels.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory of a thread for what lies between two loops: two blocks, and a vector for elements that
 * fill none. It goes with the thread.
 */
final class Scratch {
  /** Elements of a block: whole vectors of any width, and a small part of the first cache. */
  static final int BLOCK = 256;

  private static final ThreadLocal<MemorySegment> MEMORY =
      ThreadLocal.withInitial(
          () -> Arena.ofAuto().allocate(2L * 4 * BLOCK + Lanes.BYTES, Lanes.BYTES));

  private Scratch() {}

  /** Address of the two blocks, for this thread and until its next call of a function. */
  static long address() {
    return MEMORY.get().address();
  }

  /** Address of the vector, which lies behind the blocks. */
  static long vector() {
    return address() + 2L * 4 * BLOCK;
  }
}
