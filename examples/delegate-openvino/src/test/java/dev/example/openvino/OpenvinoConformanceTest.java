package dev.example.openvino;

import dev.baton.delegate.Delegate;
import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import dev.baton.tck.conformance.DelegateConformance;
import dev.baton.tck.conformance.PayloadSample;
import dev.example.openvino.ffi.CompiledModel;
import dev.example.openvino.ffi.OpenvinoException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;

/** OpenVINO does what every delegate must do. */
class OpenvinoConformanceTest extends DelegateConformance {
  private static final int COLUMNS = 16;

  @TempDir Path folder;

  @Override
  protected Delegate delegate() {
    return new OpenvinoDelegate();
  }

  /** By an option, which the kit's own processes get too. */
  @Override
  protected Map<String, String> options() {
    return Map.of(
        OpenvinoDelegate.LIBRARY_OPTION, System.getProperty(OpenvinoDelegate.LIBRARY_PROPERTY));
  }

  @Override
  protected Optional<Map<String, String>> optionsWithoutLibrary() {
    return Optional.of(Map.of(OpenvinoDelegate.LIBRARY_OPTION, "/nowhere/libopenvino_c.so"));
  }

  /** A product, exported here: what is exported runs on its own kind of CPU alone. */
  @Override
  protected List<PayloadSample> payloads() {
    TensorType row = TensorType.of(DType.FLOAT, 1, COLUMNS);
    return List.of(
        new PayloadSample(
            "a product",
            OpenvinoDelegate.PAYLOAD_ID,
            exported(),
            Map.of("device", "CPU".getBytes(StandardCharsets.UTF_8)),
            List.of(row),
            List.of(row),
            false));
  }

  private byte[] exported() {
    Path file = folder.resolve("product.blob");
    try (Arena arena = Arena.ofConfined()) {
      Random random = new Random(3);
      float[] matrix = new float[COLUMNS * COLUMNS];
      for (int i = 0; i < matrix.length; i++) {
        matrix[i] = random.nextFloat();
      }
      MemorySegment weights = arena.allocateFrom(ValueLayout.JAVA_FLOAT, matrix);
      String ir =
          """
          <?xml version="1.0"?>
          <net name="product" version="11"><layers>
          <layer id="0" name="x" type="Parameter" version="opset1"><data shape="1,16" element_type="f32"/>
            <output><port id="0" precision="FP32" names="x"><dim>1</dim><dim>16</dim></port></output></layer>
          <layer id="1" name="w" type="Const" version="opset1"><data element_type="f32" shape="16,16" offset="0" size="1024"/>
            <output><port id="0" precision="FP32"><dim>16</dim><dim>16</dim></port></output></layer>
          <layer id="2" name="y" type="MatMul" version="opset1"><data transpose_a="false" transpose_b="false"/>
            <input><port id="0"/><port id="1"/></input><output><port id="2" precision="FP32"/></output></layer>
          <layer id="3" name="r" type="Result" version="opset1"><input><port id="0"/></input></layer>
          </layers><edges>
          <edge from-layer="0" from-port="0" to-layer="2" to-port="0"/>
          <edge from-layer="1" from-port="0" to-layer="2" to-port="1"/>
          <edge from-layer="2" from-port="2" to-layer="3" to-port="0"/>
          </edges></net>
          """;
      try (CompiledModel model =
          Libraries.installed()
              .compile(
                  ir,
                  weights,
                  weights.byteSize(),
                  Map.of("INFERENCE_PRECISION_HINT", "f32", "INFERENCE_NUM_THREADS", "2"))) {
        model.exportTo(file);
      }
      return Files.readAllBytes(file);
    } catch (OpenvinoException e) {
      throw new AssertionError(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
