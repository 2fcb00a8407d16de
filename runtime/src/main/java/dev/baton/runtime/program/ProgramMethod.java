package dev.baton.runtime.program;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One method of a program: a table of values and the instructions that read and write them.
 *
 * @param name never empty, unique in the program
 * @param values what inputs, outputs and instructions refer to by index
 * @param inputs value indices, in the order of the method's arguments
 * @param outputs value indices; may repeat, and may name inputs or constants
 * @param chains instruction lists, run one after the other; one in all programs written so far, and
 *     without instructions in methods that only return constants
 * @param plannedBuffers the file's own memory plan, by memory id; index 0 is reserved and empty
 * @param inputStructure how Python flattened the arguments (a pytree spec: JSON, or an older text
 *     form); null if the file has none
 * @param outputStructure the same for the results
 */
public record ProgramMethod(
    String name,
    List<ProgramValue> values,
    Ints inputs,
    Ints outputs,
    List<List<Instruction>> chains,
    List<OperatorName> operators,
    List<DelegateSpec> delegates,
    List<PlannedBuffer> plannedBuffers,
    @Nullable String inputStructure,
    @Nullable String outputStructure) {

  public ProgramMethod {
    values = List.copyOf(values);
    chains = chains.stream().map(List::copyOf).toList();
    operators = List.copyOf(operators);
    delegates = List.copyOf(delegates);
    plannedBuffers = List.copyOf(plannedBuffers);
  }
}
