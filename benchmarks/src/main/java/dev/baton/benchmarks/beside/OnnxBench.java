package dev.baton.benchmarks.beside;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.cases.Comparison;
import dev.baton.cases.ModelCase;
import dev.baton.cases.Npy;
import dev.baton.cli.PeakMemory;
import dev.baton.runtime.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Times one case on ONNX Runtime: {@code OnnxBench CASE_FOLDER THREADS SECONDS} writes one JSON
 * object, with the error of the first run's outputs. 0 seconds: that run alone.
 */
public final class OnnxBench {
  /** The file beside a case's program. */
  static final String MODEL = "model.onnx";

  private static final double WARM_UP_SHARE = 0.5;

  private OnnxBench() {}

  public static void main(String[] arguments) throws IOException, OrtException {
    ModelCase model = ModelCase.read(Path.of(arguments[0]));
    double seconds = Double.parseDouble(arguments[2]);
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(Integer.parseInt(arguments[1]));
    options.setInterOpNumThreads(1);
    long start = System.nanoTime();
    try (OrtSession session =
        environment.createSession(model.folder().resolve(MODEL).toString(), options)) {
      long load = System.nanoTime() - start;
      Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
      Iterator<String> names = session.getInputNames().iterator();
      for (Path input : model.calls().getFirst().inputs()) {
        inputs.put(names.next(), tensor(environment, Npy.read(input)));
      }
      start = System.nanoTime();
      double error;
      long first;
      try (OrtSession.Result result = session.run(inputs)) {
        first = System.nanoTime() - start;
        error = error(result, model.calls().getFirst().expected());
      }
      runs(session, inputs, seconds * WARM_UP_SHARE);
      List<Long> nanos = runs(session, inputs, seconds);
      nanos.sort(null);
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("loadMillis", load / 1e6);
      json.put("firstRunMillis", first / 1e6);
      json.put("relativeError", error);
      json.put("medianMicros", nanos.get(nanos.size() / 2) / 1e3);
      PeakMemory.residentBytes().ifPresent(bytes -> json.put("peakResidentBytes", bytes));
      System.out.println(JSON.std.asString(json));
    }
  }

  /** The largest of the outputs' relative errors; infinite where one cannot be compared. */
  private static double error(OrtSession.Result result, List<Path> expected)
      throws IOException, OrtException {
    double worst = 0;
    for (int i = 0; i < expected.size(); i++) {
      OnnxTensor output = (OnnxTensor) result.get(i);
      FloatBuffer values = output.getFloatBuffer();
      float[] data = new float[values.remaining()];
      values.get(data);
      Tensor actual = Tensor.fromBlob(data, output.getInfo().getShape());
      Comparison compared =
          Comparison.of(actual, Npy.read(expected.get(i)), Double.POSITIVE_INFINITY);
      worst =
          Math.max(worst, compared.passed() ? compared.relativeError() : Double.POSITIVE_INFINITY);
    }
    return worst;
  }

  private static List<Long> runs(OrtSession session, Map<String, OnnxTensor> inputs, double seconds)
      throws OrtException {
    List<Long> nanos = new ArrayList<>();
    long until = System.nanoTime() + (long) (seconds * 1e9);
    while (nanos.isEmpty() || System.nanoTime() < until) {
      long start = System.nanoTime();
      session.run(inputs).close();
      nanos.add(System.nanoTime() - start);
    }
    return nanos;
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
