package dev.baton.runtime.kernel;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A call with buffers. */
public interface BoundCall extends Call, HeapArrays {
  Operand input(String parameter);

  /** Null if the argument is absent. */
  @Nullable Operand inputOrNull(String parameter);

  /** A list of tensors, in order; an absent item of an optional list is null. */
  List<@Nullable Operand> inputs(String parameter);

  Operand output(int result);

  int outputCount();

  /**
   * Memory of the step's own, another piece at each call, 64-aligned, undefined at each run, freed
   * with the plan; steps of one plan may share it, so nothing in it survives the run of the step.
   */
  MemorySegment scratch(long bytes);

  /** The node's random numbers, which the step takes on at each run. */
  default RandomNumbers random() {
    return RandomNumbers.of(node());
  }

  /** Threads for the step's parts; worker {@code w} may use scratch of its own. */
  default Parallel parallel() {
    return Parallel.SERIAL;
  }

  /**
   * A constant in another form: packed when it is first asked for, shared by all executions of the
   * method, and freed with it. Null if the argument is no constant.
   */
  default @Nullable MemorySegment packed(String parameter, Packer packer) {
    return null;
  }

  /**
   * The calls that the step computes too, in order, each on the result of the one before: those
   * that {@link Kernel#absorbs} was true of. The only {@link #output} is the first result of the
   * last.
   */
  default List<BoundCall> absorbed() {
    return List.of();
  }

  /**
   * Says, while the step runs, how large a result has become: only for kernels whose {@link
   * Kernel#isDataDependent} is true, whose output operand has the inferred shape as its upper
   * bound.
   */
  void resize(int result, int... sizes);
}
