package dev.baton.runtime.lift;

import dev.baton.graph.DimOrder;
import dev.baton.runtime.kernel.Call;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A method as graphs.
 *
 * @param blocks the first is where a run begins
 * @param lifted payloads that were written out as operators, by backend id, one entry a call
 */
public record LiftedMethod(
    String name,
    List<Input> inputs,
    List<Output> outputs,
    List<Variable> variables,
    List<Block> blocks,
    List<String> lifted) {

  /** An argument of the method. */
  public sealed interface Input {}

  /**
   * @param dimOrder the order in which the file plans the bytes
   */
  public record TensorInput(Variable variable, DimOrder dimOrder) implements Input {}

  /** An input that was a plain value at export and is baked into the program. */
  public record FixedInput(Object value) implements Input {}

  /** A result of the method. */
  public sealed interface Output {}

  public record VariableOutput(Variable variable) implements Output {}

  /** A result that is the same in every run: null, Long, Double, Boolean or String. */
  public record FixedOutput(@Nullable Object value) implements Output {}

  /** A scalar as an object of Java. */
  public static Object boxed(Call.Number number) {
    return switch (number.kind()) {
      case BOOL -> number.integer() != 0;
      case INTEGER -> number.integer();
      case REAL -> number.real();
    };
  }
}
