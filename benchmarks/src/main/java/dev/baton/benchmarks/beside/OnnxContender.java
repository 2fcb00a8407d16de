package dev.baton.benchmarks.beside;

import ai.onnxruntime.OrtEnvironment;
import dev.baton.cases.ModelCase;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;

/** ONNX Runtime, from Java: cases that have a {@code model.onnx} beside their program. */
record OnnxContender() implements Contender {
  static final String TITLE = "ONNX Runtime";

  @Override
  public String title() {
    return TITLE;
  }

  static String version() {
    return OrtEnvironment.getEnvironment().getVersion();
  }

  @Override
  public boolean takes(ModelCase model) {
    return Files.isRegularFile(model.folder().resolve(OnnxBench.MODEL));
  }

  @Override
  public void check(ModelCase model) throws IOException, InterruptedException {
    Agreement.check(TITLE, model, run(model, 1, 0));
  }

  @Override
  public Measurement measure(ModelCase model, int threads, double seconds)
      throws IOException, InterruptedException {
    return Measurement.of(run(model, threads, seconds));
  }

  private static Map<String, Object> run(ModelCase model, int threads, double seconds)
      throws IOException, InterruptedException {
    List<String> command = Processes.java(OnnxBench.class.getName());
    command.addAll(List.of(model.folder().toString(), "" + threads, "" + seconds));
    return Processes.json(command);
  }
}
