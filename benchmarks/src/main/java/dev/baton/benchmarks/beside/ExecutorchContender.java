package dev.baton.benchmarks.beside;

import dev.baton.cases.ModelCase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

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
  String version() throws IOException, InterruptedException {
    return String.valueOf(Processes.json(List.of(tool.toString(), "--version")).get("version"));
  }

  @Override
  public boolean takes(ModelCase model) {
    return true;
  }

  @Override
  public void check(ModelCase model) throws IOException, InterruptedException {
    Map<String, Object> json =
        Processes.json(List.of(tool.toString(), model.folder().toString(), "1", "0"));
    Agreement.check(TITLE, model, json);
  }

  @Override
  public Measurement measure(ModelCase model, int threads, double seconds)
      throws IOException, InterruptedException {
    return Measurement.of(
        Processes.json(
            List.of(tool.toString(), model.folder().toString(), "" + threads, "" + seconds)));
  }
}
