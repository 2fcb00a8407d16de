package dev.baton.cases;

import dev.baton.runtime.Delegates;
import dev.baton.runtime.EValue;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ReadOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs cases: the calls of one case in order, on one execution, so that state lives on. */
public final class CaseRunner {
  private final Delegates delegates;
  private final LoadOptions options;

  public CaseRunner(Delegates delegates, LoadOptions options) {
    this.delegates = delegates;
    this.options = options;
  }

  /**
   * Loads a case's method, makes its calls and compares the outputs.
   *
   * @throws dev.baton.runtime.BatonException if the method cannot be loaded or run
   * @throws IllegalArgumentException if the inputs do not fit the method
   * @throws IOException if a file cannot be read
   */
  public CaseResult run(ModelCase modelCase) throws IOException {
    try (Program program =
            Program.open(
                modelCase.model(), ReadOptions.defaults().withDataFiles(modelCase.dataFiles()));
        ModelMethod method = ModelMethod.load(program, modelCase.method(), options, delegates);
        Execution execution = method.newExecution()) {
      List<CaseResult.Output> outputs = new ArrayList<>();
      for (int call = 0; call < modelCase.calls().size(); call++) {
        outputs.addAll(run(call, modelCase, execution));
      }
      return new CaseResult(modelCase, method.placement(), outputs, execution.fallenBack());
    }
  }

  private static List<CaseResult.Output> run(int call, ModelCase modelCase, Execution execution)
      throws IOException {
    ModelCase.Call files = modelCase.calls().get(call);
    setInputs(execution, files.inputs());
    execution.run();
    int count = execution.method().outputCount();
    if (count != files.expected().size()) {
      throw new CaseFormatException(
          modelCase.folder(),
          "call "
              + call
              + " expects "
              + files.expected().size()
              + " outputs, there are "
              + count
              + ".",
          null);
    }
    List<CaseResult.Output> outputs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Tensor expected = Npy.read(files.expected().get(i));
      Tensor actual = Numbers.asTensor(execution.output(i));
      outputs.add(
          new CaseResult.Output(call, i, Comparison.of(actual, expected, modelCase.tolerance())));
    }
    return outputs;
  }

  /**
   * Reads one file for each input. Where the method takes a plain value, the file holds one
   * element.
   *
   * @throws IllegalArgumentException if there are more or fewer files than inputs, or one does not
   *     fit
   */
  public static void setInputs(Execution execution, List<Path> files) throws IOException {
    ModelMethod method = execution.method();
    if (files.size() != method.inputCount()) {
      throw new IllegalArgumentException(
          "method '"
              + method.name()
              + "' takes "
              + method.inputCount()
              + " inputs, there are "
              + files.size()
              + " files");
    }
    for (int i = 0; i < files.size(); i++) {
      Tensor tensor = Npy.read(files.get(i));
      execution.setInput(
          i, method.input(i).isPresent() ? EValue.from(tensor) : Numbers.asPlainValue(tensor));
    }
  }
}
