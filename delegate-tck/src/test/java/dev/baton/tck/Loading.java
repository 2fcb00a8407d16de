package dev.baton.tck;

import dev.baton.delegate.Delegate;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Event;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import java.util.ArrayList;
import java.util.List;

/** Loads methods of programs in memory. */
final class Loading {
  private Loading() {}

  static ModelMethod load(byte[] pte, LoadOptions options, Delegate... delegates) {
    return load(pte, "forward", options, delegates);
  }

  /** The program is closed at once: the method holds on to its bytes. */
  static ModelMethod load(byte[] pte, String method, LoadOptions options, Delegate... delegates) {
    try (Program program = Program.of(pte)) {
      return ModelMethod.load(
          program, method, options, Delegates.of(List.of(delegates), List.of()));
    }
  }

  /** Sets input 0, runs, and copies output 0. */
  static float[] run(Execution execution, float... x) {
    execution.setInput(0, Tensor.fromBlob(x, x.length));
    execution.run();
    return output(execution);
  }

  /** As {@link #run(Execution, float...)}, with a shape. */
  static float[] run(Execution execution, float[] x, long... shape) {
    execution.setInput(0, Tensor.fromBlob(x, shape));
    execution.run();
    return output(execution);
  }

  static float[] output(Execution execution) {
    return execution.output(0).toTensor().getDataAsFloatArray();
  }

  /** Collects events. */
  static final class Events {
    final List<Event> all = new ArrayList<>();

    synchronized void add(Event event) {
      all.add(event);
    }

    synchronized <E extends Event> List<E> of(Class<E> type) {
      return all.stream().filter(type::isInstance).map(type::cast).toList();
    }

    /** All but the report that a method is loaded. */
    synchronized List<Event> failures() {
      return all.stream().filter(e -> !(e instanceof Event.Loaded)).toList();
    }

    LoadOptions on(LoadOptions options) {
      return options.withListener(this::add);
    }
  }
}
