package dev.baton.tck.conformance;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.runtime.Tensor;
import java.util.List;
import java.util.function.Consumer;

/**
 * A program of one operator, with inputs. Its output is float32.
 *
 * @param name the operator and what is particular of the call; never changes once published
 * @param program a program file with the method {@code forward}
 * @param relative the most that a result may differ from the reference kernel's, as a part of the
 *     largest number there
 * @param absolute what it may differ beside that
 */
record OperatorCase(
    String name, byte[] program, List<Tensor> inputs, double relative, double absolute) {

  static OperatorCase of(
      String name,
      double relative,
      double absolute,
      Consumer<ProgramBuilder.Method> writer,
      Tensor... inputs) {
    byte[] program = new ProgramBuilder().method("forward", writer).toBytes();
    return new OperatorCase(name, program, List.of(inputs), relative, absolute);
  }
}
