package dev.baton.runtime.lift;

import dev.baton.graph.Constant;
import dev.baton.graph.ValueType;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.program.TensorSpec;
import org.jspecify.annotations.Nullable;

/**
 * A place that outlives a block: blocks read variables when they begin and write them when they
 * end.
 *
 * @param index position among the method's variables
 * @param initial a tensor's first content; null for zeros
 * @param initialScalar a scalar's first value; null for tensors
 * @param shared of state that methods of the program may share, its place in their memory plans;
 *     else null
 */
public record Variable(
    int index,
    String name,
    Kind kind,
    ValueType type,
    @Nullable Constant initial,
    Call.@Nullable Number initialScalar,
    TensorSpec.@Nullable Allocation shared) {
  /** A variable that no other method shares. */
  public Variable(
      int index,
      String name,
      Kind kind,
      ValueType type,
      @Nullable Constant initial,
      Call.@Nullable Number initialScalar) {
    this(index, name, kind, type, initial, initialScalar, null);
  }

  /** What a variable is for. */
  public enum Kind {
    /** Given by the caller before each run. */
    INPUT,
    /** Handed to the caller after each run. */
    OUTPUT,
    /** Lives from run to run: a mutable buffer. */
    STATE,
    /** Carries a value from block to block; as at first when a run begins. */
    LOCAL
  }
}
