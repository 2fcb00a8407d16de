package dev.baton.runtime.kernel;

import java.lang.foreign.MemorySegment;

/** Brings a constant into the form that a kernel reads fastest. */
public interface Packer {
  /**
   * What the packed bytes are: two packers of one form write the same bytes for the same constant.
   */
  String form();

  /** Bytes that {@link #pack} writes; 64-aligned memory is given. */
  long byteSize();

  /**
   * @param constant contiguous
   * @param into zeroed, of {@link #byteSize}
   */
  void pack(Operand constant, MemorySegment into, Parallel parallel);
}
