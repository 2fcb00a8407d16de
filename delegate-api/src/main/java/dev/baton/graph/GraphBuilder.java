package dev.baton.graph;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Where a {@link dev.baton.delegate.PayloadLifter} writes the operators of a payload. Arguments of
 * the delegate call are known by their position in the call, inputs and outputs counted together,
 * as payload formats do.
 *
 * <p>Used by one thread, during the call only.
 */
public interface GraphBuilder {
  /** Number of arguments of the delegate call, inputs and outputs together. */
  int argumentCount();

  /**
   * The value that the program passes as an argument.
   *
   * @throws IllegalArgumentException if there is no such argument
   */
  Value input(int argument);

  /**
   * The order in which the program lays out the bytes of an argument. The value itself is in
   * logical dimensions; a payload that speaks of the bytes means the value with its dimensions
   * permuted by this.
   *
   * @throws IllegalArgumentException if there is no such argument
   */
  DimOrder dimOrder(int argument);

  /**
   * The type that the program declares for an argument, an output too; sizes are upper bounds.
   *
   * @throws IllegalArgumentException if there is no such argument, or it is no tensor
   */
  TensorType declaredType(int argument);

  /** Says that an argument of the call receives the value: exactly once for each output. */
  void output(int argument, Value value);

  /** Adds a constant. Its bytes must stay valid as long as the payload's. */
  Value constant(Constant constant);

  /**
   * Memory for a constant that cannot be used where the payload has it; the host counts it, and
   * frees it with the graph.
   *
   * @param bytes 0 or more
   * @param alignment a power of two
   * @return native, zeroed
   * @throws OutOfMemoryError if there is none, or more than the caller of the host allows: a lifter
   *     makes {@link dev.baton.delegate.DelegateException.Kind#RESOURCES} of that
   */
  default MemorySegment allocate(long bytes, long alignment) {
    return Arena.ofAuto().allocate(Math.max(1, bytes), alignment).asSlice(0, bytes);
  }

  /**
   * What a state of the payload holds at this place: what was given to {@link #updateState} before,
   * in this run or in the last; zeros at first. Calls of one payload share its states.
   *
   * @param name of the state in the payload
   * @param type of fixed sizes, the same each time
   * @throws IllegalArgumentException if the type is another than before, or varies
   */
  Value state(String name, TensorType type);

  /**
   * Gives a state its next content.
   *
   * @param name of a state that was asked for before
   * @param value of the state's type
   * @throws IllegalArgumentException if there is no such state, or the value is of another type
   */
  void updateState(String name, Value value);

  /**
   * Applies an operator; the host infers the types of the results.
   *
   * @param operator a name of the vocabulary, such as {@code aten::add.Tensor}
   * @param arguments in the order of the parameters; trailing ones that have a default may be left
   *     out
   * @return the results
   * @throws IllegalArgumentException if the operator is unknown, or the arguments do not fit it:
   *     the message says how
   */
  List<Value> call(String operator, Argument... arguments);

  /** {@link #call} for an operator with one result. */
  default Value apply(String operator, Argument... arguments) {
    return call(operator, arguments).get(0);
  }

  /**
   * Tells the builder which node of the payload the following calls come from: {@link
   * Origin#index()}.
   */
  void at(int payloadNode);

  /**
   * {@link #at(int)} where the payload keeps the exporter's number of the node.
   *
   * @param debugHandle as {@link Origin#debugHandle}; 0 for none
   */
  default void at(int payloadNode, int debugHandle) {
    at(payloadNode);
  }
}
