package dev.baton.runtime.program;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A tensor as a program describes it.
 *
 * @param sizes elements by dimension, each zero or more, at most {@link #MAX_RANK} of them; upper
 *     bounds unless {@code dynamism} is {@link Dynamism#STATIC}
 * @param dimOrder the dimensions from outermost to innermost in memory, a permutation of {@code [0,
 *     rank)}
 * @param dataBufferIndex the file's number of the tensor's data among its kind, 0 for none; tensors
 *     with one number share bytes
 * @param allocation the place in the file's own memory plan, null where it plans none
 * @param external true if the data are in a data file ({@code .ptd}) under {@code name}
 * @param name fully qualified name, for example {@code layer.weight}; null in most programs, never
 *     null or empty if {@code external}
 * @param data the constant, or a mutable tensor's first content: exactly {@link #byteSize()} bytes,
 *     read-only, native, aligned to the element size, valid until the program is closed; null if
 *     neither the file nor a data file given with it holds them
 */
public record TensorSpec(
    ScalarType scalarType,
    Ints sizes,
    Ints dimOrder,
    Dynamism dynamism,
    int dataBufferIndex,
    @Nullable Allocation allocation,
    boolean external,
    @Nullable String name,
    DeviceSpec device,
    @Nullable MemorySegment data)
    implements ProgramValue {

  /** ExecuTorch's own limit. */
  public static final int MAX_RANK = 16;

  /** How the shape may change, in the order of the codes. */
  public enum Dynamism {
    /** Never. */
    STATIC,
    /** Within the bounds that the file gives. */
    DYNAMIC_BOUND,
    /** Freely. ExecuTorch itself does not run these. */
    DYNAMIC_UNBOUND
  }

  /** Where the bytes come from when a method starts. */
  public enum Source {
    /** {@link TensorSpec#data()}, never written. */
    CONSTANT,
    /** Planned memory with nothing in it. */
    PLANNED,
    /** Planned memory that begins as a copy of {@link TensorSpec#data()}. */
    PLANNED_WITH_DATA,
    /** Nowhere: an input that the caller gives, or a slot that an instruction fills. */
    UNBOUND,
    /** A data file, never written. */
    EXTERNAL,
    /** Planned memory that begins as a copy from a data file. */
    PLANNED_EXTERNAL
  }

  /**
   * A place in the file's memory plan. Its end at the upper bound of the sizes is inside the
   * buffer.
   *
   * @param memoryId index into {@link ProgramMethod#plannedBuffers()}, 1 or more
   * @param offset in bytes from that buffer's start
   */
  public record Allocation(int memoryId, long offset) {}

  public int rank() {
    return sizes.size();
  }

  public Source source() {
    if (external) {
      return allocation == null ? Source.EXTERNAL : Source.PLANNED_EXTERNAL;
    }
    if (allocation == null) {
      return data == null ? Source.UNBOUND : Source.CONSTANT;
    }
    return data == null ? Source.PLANNED : Source.PLANNED_WITH_DATA;
  }

  /** Elements at the sizes in the file: 1 for rank 0. */
  public long elementCount() {
    long count = 1;
    for (int i = 0; i < sizes.size(); i++) {
      count *= sizes.get(i);
    }
    return count;
  }

  /** Bytes at the sizes in the file. */
  public long byteSize() {
    return elementCount() * scalarType.bytes();
  }
}
