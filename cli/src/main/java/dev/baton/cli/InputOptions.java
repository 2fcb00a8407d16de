package dev.baton.cli;

import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.runtime.Execution;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a method is given. */
final class InputOptions {
  @Option(
      names = "--input",
      paramLabel = "FILE.npy|VALUE",
      description = {
        "An input: a file, or a plain value (3, 1.5, true) where one element is taken. Once for"
            + " each, in order. Without, those of the case or bundled program (.bpte), if the model"
            + " is one."
      })
  private List<String> inputs = new ArrayList<>();

  InputOptions() {}

  /** Where the inputs came from. */
  enum Origin {
    OPTIONS,
    CASE,
    RANDOM
  }

  /**
   * Sets every input: those of the options, else those that come with the model.
   *
   * @throws IllegalArgumentException if there are more or fewer, or one does not fit
   */
  Origin set(Execution execution, ModelOptions model) throws IOException {
    List<ModelCase.Source> stored =
        inputs.isEmpty() ? model.inputs(execution.method().name()) : null;
    if (stored != null) {
      CaseRunner.setInputs(execution, stored);
      return Origin.CASE;
    }
    InputArguments.set(execution, inputs);
    return Origin.OPTIONS;
  }

  /** As {@link #set}, with pseudo-random numbers where there are neither. */
  Origin setOrRandomize(Execution execution, ModelOptions model) throws IOException {
    boolean none = inputs.isEmpty() && model.inputs(execution.method().name()) == null;
    if (none && execution.method().inputCount() > 0) {
      InputArguments.randomize(execution);
      return Origin.RANDOM;
    }
    return set(execution, model);
  }

  /** A line on inputs that the options do not give; null if they do. */
  static @Nullable String line(Origin origin, Execution execution) {
    return switch (origin) {
      case OPTIONS -> null;
      case CASE -> "inputs: of the case";
      case RANDOM -> "inputs: pseudo-random, " + InputArguments.describe(execution.method());
    };
  }
}
