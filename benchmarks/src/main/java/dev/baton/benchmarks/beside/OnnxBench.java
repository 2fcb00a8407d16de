package dev.baton.benchmarks.beside;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.baton.cases.Comparison;
import dev.baton.cases.ModelCase;
import dev.baton.runtime.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A {@link BenchProcess} of ONNX Runtime: {@code OnnxBench CASE_FOLDER THREADS}. What it says of
 * its beginning has the error of the first run's outputs.
 */
public final class OnnxBench {
  /** The file beside a case's program. */
  static final String MODEL = "model.onnx";

  private OnnxBench() {}

  public static void main(String[] arguments) throws IOException, OrtException {
    ModelCase model = ModelCase.read(Path.of(arguments[0]));
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(Integer.parseInt(arguments[1]));
    options.setInterOpNumThreads(1);
    long start = System.nanoTime();
    try (OrtSession session =
        environment.createSession(model.path().resolve(MODEL).toString(), options)) {
      long load = System.nanoTime() - start;
      Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
      Iterator<String> names = session.getInputNames().iterator();
      for (ModelCase.Source input : model.calls().getFirst().inputs()) {
        inputs.put(names.next(), tensor(environment, input.read()));
      }
      start = System.nanoTime();
      double error;
      long first;
      try (OrtSession.Result result = session.run(inputs)) {
        first = System.nanoTime() - start;
        error = error(result, model.calls().getFirst().expected());
      }
      TurnServer.serve(
          Map.of("loadMillis", load / 1e6, "firstRunMillis", first / 1e6, Agreement.ERROR, error),
          () -> session.run(inputs).close());
    }
  }

  /** The largest of the outputs' relative errors; infinite where one cannot be compared. */
  private static double error(OrtSession.Result result, List<ModelCase.Source> expected)
      throws IOException, OrtException {
    double worst = 0;
    for (int i = 0; i < expected.size(); i++) {
      OnnxTensor output = (OnnxTensor) result.get(i);
      FloatBuffer values = output.getFloatBuffer();
      float[] data = new float[values.remaining()];
      values.get(data);
      Tensor actual = Tensor.fromBlob(data, output.getInfo().getShape());
      Comparison compared = Comparison.of(actual, expected.get(i).read(), Double.POSITIVE_INFINITY);
      worst =
          Math.max(worst, compared.passed() ? compared.relativeError() : Double.POSITIVE_INFINITY);
    }
    return worst;
  }

  private static OnnxTensor tensor(OrtEnvironment environment, Tensor tensor) throws OrtException {
    ByteBuffer bytes =
        ByteBuffer.allocateDirect((int) tensor.data().byteSize()).order(ByteOrder.nativeOrder());
    MemorySegment.ofBuffer(bytes).copyFrom(tensor.data());
    return switch (tensor.dtype()) {
      case FLOAT -> OnnxTensor.createTensor(environment, bytes.asFloatBuffer(), tensor.shape());
      case INT64 -> OnnxTensor.createTensor(environment, bytes.asLongBuffer(), tensor.shape());
      case INT32 -> OnnxTensor.createTensor(environment, bytes.asIntBuffer(), tensor.shape());
      default -> throw new IllegalArgumentException("inputs of " + tensor.dtype());
    };
  }
}
