package dev.baton.cases;

import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.Model;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ReadOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs cases: the calls of one case in order, on one execution of each method, so that state lives
 * on, and is shared among methods that share it.
 */
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
    Map<String, Execution> executions = new LinkedHashMap<>();
    try (Program program =
            Program.open(
                modelCase.model(), ReadOptions.defaults().withDataFiles(modelCase.dataFiles()));
        Model model = Model.of(program, options, delegates)) {
      List<CaseResult.Output> outputs = new ArrayList<>();
      for (int call = 0; call < modelCase.calls().size(); call++) {
        String name = modelCase.calls().get(call).method();
        Execution execution = executions.get(name);
        if (execution == null) {
          execution = execution(model.load(name), executions.values());
          executions.put(name, execution);
        }
        if (modelCase.independent()) {
          execution.reset(); // a new one too: what it shares, another method may have written
        }
        outputs.addAll(run(call, modelCase, execution));
      }
      return new CaseResult(
          modelCase,
          executions.values().iterator().next().method().placement(),
          outputs,
          executions.values().stream().flatMap(e -> e.fallenBack().stream()).toList());
    } finally {
      close(executions.values().iterator());
    }
  }

  /** Closes the methods, also after the close of one has thrown. */
  @SuppressWarnings("try") // the method is closed, not asked
  private static void close(Iterator<Execution> executions) {
    if (executions.hasNext()) {
      try (ModelMethod method = executions.next().method()) {
        close(executions);
      }
    }
  }

  private static Execution execution(ModelMethod method, Collection<Execution> others) {
    try {
      return method.newExecution(others);
    } catch (RuntimeException | Error e) {
      method.close();
      throw e;
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
          modelCase.path(),
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
      Tensor expected = files.expected().get(i).read();
      Tensor actual = Numbers.asTensor(execution.output(i));
      outputs.add(
          new CaseResult.Output(call, i, Comparison.of(actual, expected, modelCase.tolerance())));
    }
    return outputs;
  }

  /**
   * Sets every input, as {@link Numbers#asInput} does.
   *
   * @throws IllegalArgumentException if there are more or fewer files than inputs, or one does not
   *     fit
   */
  public static void setInputs(Execution execution, List<ModelCase.Source> values)
      throws IOException {
    ModelMethod method = execution.method();
    if (values.size() != method.inputCount()) {
      throw new IllegalArgumentException(
          "method '"
              + method.name()
              + "' takes "
              + method.inputCount()
              + " inputs, there are "
              + values.size()
              + " values");
    }
    for (int i = 0; i < values.size(); i++) {
      execution.setInput(i, Numbers.asInput(values.get(i).read(), method.input(i)));
    }
  }
}
