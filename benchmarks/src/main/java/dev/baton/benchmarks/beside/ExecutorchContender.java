package dev.baton.benchmarks.beside;

import dev.baton.cases.ModelCase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * ExecuTorch's C++ runtime.
 *
 * @param tool what {@code executorch/build} made
 */
record ExecutorchContender(Path tool) implements Contender {
  static final String TITLE = "ExecuTorch";

  @Override
  public String title() {
    return TITLE;
  }

  /** Its version, and what it stands on, as the tool says. */
  String version() throws IOException {
    try (BenchProcess process = new BenchProcess(List.of(tool.toString(), "--version"))) {
      return String.valueOf(process.start.get("version"));
    }
  }

  @Override
  public boolean takes(ModelCase model) {
    return true;
  }

  @Override
  public double warmUpSeconds() {
    return 0.5;
  }

  @Override
  public void check(ModelCase model) throws IOException {
    Agreement.check(TITLE, model, command(model, 1));
  }

  @Override
  public List<String> command(ModelCase model, int threads) {
    return List.of(tool.toString(), model.path().toString(), "" + threads);
  }
}
