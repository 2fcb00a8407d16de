package dev.baton.devtools.debug;

import dev.baton.cases.Numbers;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.RunObserver;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Calls of a method, to be made on any placement of it, in order on one execution.
 *
 * @param notes what went otherwise than asked is added here, once
 */
record Calls(
    Program program,
    String method,
    Delegates delegates,
    List<Debugger.Inputs> inputs,
    Set<String> notes) {
  Calls {
    inputs = List.copyOf(inputs);
  }

  ModelMethod load(LoadOptions options) {
    return ModelMethod.load(program, method, options, delegates);
  }

  /**
   * Makes them.
   *
   * @param beforeCall before each
   * @return copies of the outputs of each
   */
  List<List<Tensor>> run(ModelMethod loaded, Runnable beforeCall, @Nullable RunObserver observer)
      throws IOException {
    List<List<Tensor>> outputs = new ArrayList<>();
    try (Execution execution = loaded.newExecution()) {
      execution.observe(observer);
      for (Debugger.Inputs call : inputs) {
        beforeCall.run();
        call.set(execution);
        execution.run();
        List<Tensor> given = new ArrayList<>();
        for (int o = 0; o < loaded.outputCount(); o++) {
          given.add(Numbers.asTensor(execution.output(o)).copy());
        }
        outputs.add(given);
      }
      for (String name : execution.fallenBack()) {
        notes.add(name + " failed in a run and ran in Java: what follows is Java's");
      }
    }
    return outputs;
  }
}
