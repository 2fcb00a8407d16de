package dev.baton.qnn;

import dev.baton.cases.ModelCase;
import dev.baton.graph.TensorType;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.DelegateSpec;
import dev.baton.runtime.program.Program;
import dev.baton.tck.conformance.PayloadSample;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Programs with payloads, from the exporter and changed ones. */
public final class Cases {
  private static final Path FOLDER = Path.of("src/test/resources/cases");

  private Cases() {}

  /** All, with their goldens. */
  static List<Path> all() throws IOException {
    return ModelCase.find(FOLDER);
  }

  static ModelCase golden(String name) throws IOException {
    return ModelCase.read(FOLDER.resolve(name));
  }

  /** The first payload of a program that is one call, with the types of its goldens. */
  public static PayloadSample payload(String name) {
    try (Program program = Program.open(FOLDER.resolve(name).resolve("model.pte"))) {
      ModelCase.Call call = golden(name).calls().get(0);
      DelegateSpec delegate = program.methods().values().iterator().next().delegates().get(0);
      Map<String, byte[]> specs = new HashMap<>();
      for (DelegateSpec.CompileSpec spec : delegate.compileSpecs()) {
        specs.put(spec.key(), spec.value().toArray(ValueLayout.JAVA_BYTE));
      }
      return new PayloadSample(
          name,
          QnnDelegate.PAYLOAD_ID,
          delegate.payload().toArray(ValueLayout.JAVA_BYTE),
          specs,
          types(call.inputs()),
          types(call.expected()),
          false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<TensorType> types(List<ModelCase.Source> sources) throws IOException {
    List<TensorType> types = new ArrayList<>();
    for (ModelCase.Source source : sources) {
      Tensor tensor = source.read();
      types.add(
          TensorType.of(
              tensor.dtype(), Arrays.stream(tensor.shape()).mapToInt(Math::toIntExact).toArray()));
    }
    return types;
  }
}
