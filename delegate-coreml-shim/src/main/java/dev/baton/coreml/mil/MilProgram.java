package dev.baton.coreml.mil;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model that is a program.
 *
 * @param defaultFunction name of the function that runs if none is asked for
 */
public record MilProgram(@Nullable String defaultFunction, Map<String, Function> functions) {
  /**
   * @param opset the set of operators that the block speaks, such as {@code CoreML7}
   */
  public record Function(List<NamedType> inputs, String opset, Block block) {}

  public record NamedType(String name, MilType type) {}

  /** Operations in the order in which they run. */
  public record Block(List<Operation> operations) {}

  /**
   * @param inputs arguments by name; several under one where the operator takes a list
   */
  public record Operation(
      String type,
      Map<String, List<Binding>> inputs,
      List<NamedType> outputs,
      Map<String, MilValue> attributes) {
    /** The operator and its first result, for messages. */
    public String label() {
      return type + (outputs.isEmpty() ? "" : " '" + outputs.get(0).name() + "'");
    }
  }

  /** An argument: the name of a value, or a constant. */
  public sealed interface Binding {}

  public record Name(String name) implements Binding {}

  public record Literal(MilValue value) implements Binding {}
}
