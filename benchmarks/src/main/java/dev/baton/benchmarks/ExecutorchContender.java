package dev.baton.benchmarks;

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
  private static final int MICROS = 1_000;

  @Override
  public String name() {
    return "ExecuTorch";
  }

  @Override
  public boolean takes(ModelCase model) {
    return true;
  }

  @Override
  public Measurement measure(ModelCase model, int threads, double seconds)
      throws IOException, InterruptedException {
    Map<String, Object> json =
        Processes.json(
            List.of(tool.toString(), model.folder().toString(), "" + threads, "" + seconds));
    return new Measurement(
        Measurement.number(json, "load_ms"),
        Measurement.number(json, "median_ms") * MICROS,
        Measurement.number(json, "peak_mb"));
  }
}
