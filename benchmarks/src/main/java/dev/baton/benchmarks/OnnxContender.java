package dev.baton.benchmarks;

import dev.baton.cases.ModelCase;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;

/** ONNX Runtime, from Java: cases that have a {@code model.onnx} beside their program. */
record OnnxContender() implements Contender {
  @Override
  public String name() {
    return "ONNX Runtime";
  }

  @Override
  public boolean takes(ModelCase model) {
    return Files.isRegularFile(model.folder().resolve(OnnxBench.MODEL));
  }

  @Override
  public Measurement measure(ModelCase model, int threads, double seconds)
      throws IOException, InterruptedException {
    List<String> command = Processes.java(OnnxBench.class.getName());
    command.addAll(List.of(model.folder().toString(), "" + threads, "" + seconds));
    Map<String, Object> json = Processes.json(command);
    return new Measurement(
        Measurement.number(json, "loadMillis"),
        Measurement.number(json, "medianMicros"),
        Double.NaN);
  }
}
