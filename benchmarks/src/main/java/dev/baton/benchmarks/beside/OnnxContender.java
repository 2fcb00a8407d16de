package dev.baton.benchmarks.beside;

import ai.onnxruntime.OrtEnvironment;
import dev.baton.cases.ModelCase;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

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
    return Files.isRegularFile(model.path().resolve(OnnxBench.MODEL));
  }

  @Override
  public double warmUpSeconds() {
    return 1;
  }

  @Override
  public void check(ModelCase model) throws IOException {
    Agreement.check(TITLE, model, command(model, 1));
  }

  @Override
  public List<String> command(ModelCase model, int threads) {
    return BenchProcess.java(OnnxBench.class, model.path(), threads);
  }
}
