package dev.baton.devtools.program;

import dev.baton.runtime.program.Instruction;
import dev.baton.runtime.program.Ints;
import dev.baton.runtime.program.ProgramMethod;
import dev.baton.runtime.program.ProgramValue;
import dev.baton.runtime.program.TensorSpec;
import java.util.HashMap;
import java.util.Map;

/**
 * Which value of a second method stands for which of a first, whatever numbers files give them:
 * inputs by position, constants that both have by content, all else by the first instruction that
 * both have and that names it.
 */
final class Wiring {
  private final ProgramMethod first;
  private final ProgramMethod second;
  private final Map<Integer, String> firstConstants;
  private final Map<Integer, String> secondConstants;
  private final Map<Integer, Integer> toSecond = new HashMap<>();
  private final Map<Integer, Integer> toFirst = new HashMap<>();

  /**
   * @param firstConstants digests by value
   */
  Wiring(
      ProgramMethod first,
      ProgramMethod second,
      Map<Integer, String> firstConstants,
      Map<Integer, String> secondConstants) {
    this.first = first;
    this.second = second;
    this.firstConstants = new HashMap<>(firstConstants);
    this.secondConstants = new HashMap<>(secondConstants);
    // what only one has is another weight in the same place, which is told of by itself
    this.firstConstants.values().retainAll(secondConstants.values());
    this.secondConstants.values().retainAll(firstConstants.values());
    for (int i = 0; i < Math.min(first.inputs().size(), second.inputs().size()); i++) {
      isSame(first.inputs().get(i), second.inputs().get(i));
    }
  }

  /**
   * Compares the arguments of two instructions of one kind; to be called in the programs' order.
   *
   * @return the position of the first argument that is another value; -1 if there is none
   */
  int differing(Instruction one, Instruction other) {
    return differing(arguments(one), arguments(other));
  }

  /** The same of lists of values, such as a method's outputs. */
  int differing(Ints one, Ints other) {
    int found = -1;
    for (int i = 0; i < Math.min(one.size(), other.size()); i++) {
      if (!isSame(one.get(i), other.get(i)) && found < 0) {
        found = i;
      }
    }
    return found;
  }

  private static Ints arguments(Instruction instruction) {
    return switch (instruction) {
      case Instruction.KernelCall call -> call.args();
      case Instruction.DelegateCall call -> call.args();
      case Instruction.MoveCall move -> Ints.of(move.from(), move.to());
      case Instruction.JumpFalseCall jump -> Ints.of(jump.condition());
      case Instruction.FreeCall free -> Ints.of(free.value());
    };
  }

  private boolean isSame(int one, int other) {
    if (one < 0 || other < 0) {
      return one < 0 && other < 0;
    }
    ProgramValue a = first.values().get(one);
    ProgramValue b = second.values().get(other);
    if (items(a) instanceof Ints those && items(b) instanceof Ints these) {
      return those.size() == these.size() && differing(those, these) < 0;
    }
    if (!(a instanceof TensorSpec) || !(b instanceof TensorSpec)) {
      // plain values are compared as texts; what a program computes is known by where it is used
      return !(a instanceof TensorSpec) && !(b instanceof TensorSpec);
    }
    String digest = firstConstants.get(one);
    if (digest != null || secondConstants.containsKey(other)) {
      return digest != null && digest.equals(secondConstants.get(other));
    }
    Integer known = toSecond.putIfAbsent(one, other);
    Integer back = toFirst.putIfAbsent(other, one);
    return (known == null || known == other) && (back == null || back == one);
  }

  private static Object items(ProgramValue value) {
    return switch (value) {
      case ProgramValue.TensorListValue list -> list.items();
      case ProgramValue.OptionalTensorListValue list -> list.items();
      default -> value;
    };
  }
}
