package dev.baton.devtools.program;

import dev.baton.runtime.program.Instruction;
import dev.baton.runtime.program.Ints;
import dev.baton.runtime.program.ProgramMethod;
import dev.baton.runtime.program.ProgramValue;
import dev.baton.runtime.program.TensorSpec;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Values and instructions of a program as people read them. */
final class ProgramTexts {
  private ProgramTexts() {}

  /** {@code float[1, 3]}, with what is unusual about it. */
  static String type(TensorSpec tensor) {
    boolean contiguous = true;
    for (int d = 0; d < tensor.rank(); d++) {
      contiguous &= tensor.dimOrder().get(d) == d;
    }
    return tensor.scalarType().name().toLowerCase(Locale.ROOT)
        + tensor.sizes()
        + switch (tensor.dynamism()) {
          case STATIC -> "";
          case DYNAMIC_BOUND -> " at most";
          case DYNAMIC_UNBOUND -> " or any";
        }
        + (contiguous ? "" : " dim order " + tensor.dimOrder());
  }

  /** A value: its type if it is a tensor, else what it is. */
  static String value(ProgramMethod method, int index) {
    return index < 0 ? "none" : value(method, method.values().get(index));
  }

  private static String value(ProgramMethod method, ProgramValue value) {
    return switch (value) {
      case TensorSpec tensor -> type(tensor);
      case ProgramValue.NullValue none -> "none";
      case ProgramValue.IntValue number -> Long.toString(number.value());
      case ProgramValue.BoolValue truth -> Boolean.toString(truth.value());
      case ProgramValue.DoubleValue number -> Double.toString(number.value());
      case ProgramValue.StringValue text -> "'" + text.value() + "'";
      case ProgramValue.IntListValue list -> values(method, list.items());
      case ProgramValue.DoubleListValue list -> list.items().toString();
      case ProgramValue.BoolListValue list -> list.items().toString();
      case ProgramValue.TensorListValue list -> values(method, list.items());
      case ProgramValue.OptionalTensorListValue list -> values(method, list.items());
    };
  }

  /** The values, in brackets. */
  static String values(ProgramMethod method, Ints indices) {
    return indices.stream()
        .mapToObj(i -> value(method, i))
        .collect(Collectors.joining(", ", "[", "]"));
  }

  static List<String> list(ProgramMethod method, Ints indices) {
    return indices.stream().mapToObj(i -> value(method, i)).toList();
  }

  /** What an instruction does, without the numbers that the file gives to its values. */
  static String instruction(ProgramMethod method, Instruction instruction) {
    return switch (instruction) {
      case Instruction.KernelCall call ->
          method.operators().get(call.operator()).fullName() + arguments(method, call.args());
      case Instruction.DelegateCall call ->
          method.delegates().get(call.delegate()).id() + arguments(method, call.args());
      case Instruction.MoveCall move -> "move (" + value(method, move.from()) + ")";
      case Instruction.JumpFalseCall jump ->
          "jump to " + jump.destination() + " if false (" + value(method, jump.condition()) + ")";
      case Instruction.FreeCall free -> "free (" + value(method, free.value()) + ")";
    };
  }

  private static String arguments(ProgramMethod method, Ints indices) {
    return indices.stream()
        .mapToObj(i -> value(method, i))
        .collect(Collectors.joining(", ", " (", ")"));
  }
}
