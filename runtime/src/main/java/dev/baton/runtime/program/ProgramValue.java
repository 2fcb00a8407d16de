package dev.baton.runtime.program;

import java.util.List;

/** One slot of a method's value table, with what the file says of it before the method runs. */
public sealed interface ProgramValue
    permits ProgramValue.NullValue,
        ProgramValue.IntValue,
        ProgramValue.BoolValue,
        ProgramValue.DoubleValue,
        ProgramValue.StringValue,
        ProgramValue.IntListValue,
        ProgramValue.DoubleListValue,
        ProgramValue.BoolListValue,
        ProgramValue.TensorListValue,
        ProgramValue.OptionalTensorListValue,
        TensorSpec {

  /** None. */
  record NullValue() implements ProgramValue {}

  /** An integer; a placeholder if some instruction writes this slot. */
  record IntValue(long value) implements ProgramValue {}

  /** A boolean; a placeholder if some instruction writes this slot. */
  record BoolValue(boolean value) implements ProgramValue {}

  /** A floating point number; a placeholder if some instruction writes this slot. */
  record DoubleValue(double value) implements ProgramValue {}

  record StringValue(String value) implements ProgramValue {}

  /**
   * Integers, boxed so that some may be computed.
   *
   * @param items indices of {@link IntValue}s, to be read when the list is used
   */
  record IntListValue(Ints items) implements ProgramValue {}

  record DoubleListValue(List<Double> items) implements ProgramValue {
    public DoubleListValue {
      items = List.copyOf(items);
    }
  }

  record BoolListValue(List<Boolean> items) implements ProgramValue {
    public BoolListValue {
      items = List.copyOf(items);
    }
  }

  /**
   * Tensors.
   *
   * @param items indices of {@link TensorSpec}s
   */
  record TensorListValue(Ints items) implements ProgramValue {}

  /**
   * Tensors, some of which may be absent.
   *
   * @param items indices of {@link TensorSpec}s or {@link NullValue}s, or -1; the last two mean
   *     None
   */
  record OptionalTensorListValue(Ints items) implements ProgramValue {}
}
