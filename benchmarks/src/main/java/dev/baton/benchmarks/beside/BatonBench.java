package dev.baton.benchmarks.beside;

import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** A {@link BenchProcess} of Baton: {@code BatonBench CASE_FOLDER THREADS auto|none}. */
public final class BatonBench {
  /** The last argument for every delegate that works here. */
  static final String AUTO = "auto";

  /** The last argument for Java kernels alone. */
  static final String NONE = "none";

  private BatonBench() {}

  public static void main(String[] arguments) throws IOException {
    ModelCase model = ModelCase.read(Path.of(arguments[0]));
    LoadOptions options =
        arguments[2].equals(NONE) ? LoadOptions.javaOnly() : LoadOptions.defaults();
    int threads = Integer.parseInt(arguments[1]);
    long start = System.nanoTime();
    try (Program program = Program.open(model.model());
        ModelMethod method =
            ModelMethod.load(
                program, model.method(), options.withThreads(threads), Delegates.load());
        Execution execution = method.newExecution()) {
      long load = System.nanoTime() - start;
      CaseRunner.setInputs(execution, model.calls().getFirst().inputs());
      start = System.nanoTime();
      execution.run();
      long first = System.nanoTime() - start;
      TurnServer.serve(
          Map.of(
              "loadMillis",
              load / 1e6,
              "firstRunMillis",
              first / 1e6,
              "arenaBytes",
              execution.arenaBytes(),
              "constantBytes",
              method.constantBytes()),
          execution::run);
    }
  }
}
