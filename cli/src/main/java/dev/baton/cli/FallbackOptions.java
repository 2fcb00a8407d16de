package dev.baton.cli;

import dev.baton.runtime.Delegates;
import dev.baton.runtime.FallbackModel;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What runs where the program cannot. */
final class FallbackOptions {
  @Option(
      names = "--fallback-model",
      paramLabel = "OTHER.pte",
      description = {
        "A program of the same model, with the same inputs and outputs, that runs where the first"
            + " cannot: where it is lowered for a backend that is not here."
      })
  private @Nullable Path other;

  FallbackOptions() {}

  /** Compiles the method that is asked for. */
  ModelMethod load(ModelOptions model, Program program, LoadOptions options, Delegates delegates)
      throws IOException {
    String method = model.method(program);
    if (other == null) {
      return ModelMethod.load(program, method, options, delegates);
    }
    try (Program fallback = model.open(other)) {
      return FallbackModel.load(program, fallback, method, options, delegates);
    }
  }
}
