package dev.baton.benchmarks.kernel;

import dev.baton.cases.Comparison;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.tck.PureJavaDelegate;
import java.util.List;

/** A program that can run, with its inputs set. Closing it frees everything. */
final class LoadedProgram implements AutoCloseable {
  private final KernelProgram program;
  private final ModelMethod method;
  private final Execution execution;

  LoadedProgram(KernelProgram program, LoadOptions options, Delegates delegates) {
    this.program = program;
    try (Program file = Program.of(program.pte())) {
      method = ModelMethod.load(file, "forward", options, delegates);
    }
    execution = method.newExecution();
    int index = 0;
    for (Tensor input : program.inputs()) {
      execution.setInput(index++, input);
    }
  }

  Execution execution() {
    return execution;
  }

  /**
   * Runs once, and compares with what the reference kernels compute node by node.
   *
   * @throws IllegalStateException if they do not agree
   */
  void checkAgreement() {
    execution.run();
    LoadOptions options = LoadOptions.defaults().withDelegates(List.of(PureJavaDelegate.NAME));
    Delegates pure = Delegates.of(List.of(new PureJavaDelegate()), List.of());
    try (LoadedProgram reference = new LoadedProgram(program, options, pure)) {
      reference.execution.run();
      for (int i = 0; i < method.outputCount(); i++) {
        Comparison comparison =
            Comparison.of(
                execution.output(i).toTensor(),
                reference.execution.output(i).toTensor(),
                program.tolerance());
        if (!comparison.passed()) {
          throw new IllegalStateException("output " + i + ": " + comparison);
        }
      }
    }
  }

  @Override
  public void close() {
    method.close(); // and its executions
  }
}
