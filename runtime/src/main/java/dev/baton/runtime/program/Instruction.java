package dev.baton.runtime.program;

/** One step of a chain. All indices are in range for the method that holds it. */
public sealed interface Instruction {

  /**
   * Runs an operator.
   *
   * @param operator index into {@link ProgramMethod#operators()}
   * @param args value indices: the operator's arguments in schema order with the out arguments,
   *     then the results once more
   */
  record KernelCall(int operator, Ints args) implements Instruction {}

  /**
   * Runs a lowered piece.
   *
   * @param delegate index into {@link ProgramMethod#delegates()}
   * @param args value indices: inputs, then outputs; how many are outputs only the payload knows
   */
  record DelegateCall(int delegate, Ints args) implements Instruction {}

  /** Makes value {@code to} the same as value {@code from}: the handle is copied, not the data. */
  record MoveCall(int from, int to) implements Instruction {}

  /**
   * Jumps if the condition is false.
   *
   * @param condition index of a Bool value, or of a Bool tensor, which is false if any element is
   * @param destination absolute instruction in the same chain; the number of instructions means the
   *     chain's end
   */
  record JumpFalseCall(int condition, int destination) implements Instruction {}

  /**
   * Drops a tensor's memory.
   *
   * @param value index of a tensor value
   */
  record FreeCall(int value) implements Instruction {}
}
