package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.BatonException;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.Model;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ReadOptions;
import dev.baton.tck.NoLeaks;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Programs whose weights lie in data files, and what is trained. */
@ExtendWith(NoLeaks.class)
class ExternalWeightsTest {
  private static final Path MODELS = Path.of(System.getProperty("baton.models"));
  private static final Path PAYLOADS = MODELS.resolve("weights-ptd-xnn");
  private static final String OF_THE_PAYLOAD = "first.ptd";
  private static final String OF_THE_PROGRAM = "_default_external_constant.ptd";

  /** Weights that are trained lie in planned memory: without their file they are not zeros. */
  @Test
  void weightsThatAreElsewhereAreAnError() throws IOException {
    try (InputStream in =
            getClass().getResourceAsStream("/external/xor-training-external-weights.pte");
        Program program = Program.of(Objects.requireNonNull(in).readAllBytes())) {
      var e =
          assertThrows(
              BatonException.class,
              () -> ModelMethod.load(program, "forward", LoadOptions.javaOnly()));
      assertTrue(e.getMessage().contains(".ptd"), e.getMessage());
    }
  }

  private static Program open(Path folder, String... files) throws IOException {
    return Program.open(
        folder.resolve("model.pte"),
        ReadOptions.defaults().withDataFiles(Stream.of(files).map(folder::resolve).toList()));
  }

  private static String failure(String... files) {
    BatonException e =
        assertThrows(
            BatonException.class,
            () -> {
              try (Program program = open(PAYLOADS, files)) {
                ModelMethod.load(program, "forward", LoadOptions.javaOnly()).close();
              }
            });
    return e.getMessage();
  }

  private static void assertNames(String message, String... parts) {
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }

  @Test
  void severalFilesInAnyOrder() throws IOException {
    List<float[]> results = new ArrayList<>();
    for (List<String> files :
        List.of(List.of(OF_THE_PAYLOAD, OF_THE_PROGRAM), List.of(OF_THE_PROGRAM, OF_THE_PAYLOAD))) {
      try (Program program = open(PAYLOADS, files.toArray(String[]::new));
          ModelMethod method = ModelMethod.load(program, "forward", LoadOptions.javaOnly());
          Execution execution = method.newExecution()) {
        float[] x = new float[2 * 3 * 8 * 8];
        Arrays.fill(x, 0.5f);
        execution.setInput(0, Tensor.fromBlob(x, 2, 3, 8, 8));
        execution.run();
        results.add(execution.output(0).toTensor().getDataAsFloatArray());
      }
    }
    assertArrayEquals(results.get(0), results.get(1));
  }

  @Test
  void oneOfSeveralFilesIsMissing() {
    assertNames(failure(OF_THE_PAYLOAD), "'shift'", OF_THE_PAYLOAD + " (4 keys)");
    assertNames(
        failure(OF_THE_PROGRAM), "XNNConv2d", "is not in the program", OF_THE_PROGRAM, ".ptd");
  }

  @Test
  void oneFileTwice() {
    assertNames(
        failure(OF_THE_PROGRAM, OF_THE_PAYLOAD, OF_THE_PROGRAM),
        "The key 'shift' is in",
        "each of them once");
  }

  /** What a training loop asks a program for: no inputs, no operators, only names and numbers. */
  @Test
  void whatATrainingProgramSaysOfItself() throws IOException {
    Path folder = MODELS.resolve("training-portable-ptd");
    try (Program program = open(folder, OF_THE_PROGRAM);
        Model model = Model.of(program, LoadOptions.defaults())) {
      assertEquals(List.of("2"), outputs(model, "__et_training_gradients_index_forward"));
      assertEquals(List.of("6"), outputs(model, "__et_training_parameters_index_forward"));
      assertEquals(
          List.of("net.first.weight", "net.first.bias", "net.second.weight", "net.second.bias"),
          outputs(model, "__et_training_fqn_forward"));
    }
  }

  private static List<String> outputs(Model model, String name) {
    try (ModelMethod method = model.load(name);
        Execution execution = method.newExecution()) {
      execution.run();
      List<String> outputs = new ArrayList<>();
      for (int i = 0; i < method.outputCount(); i++) {
        outputs.add(execution.output(i).toString());
      }
      return outputs;
    }
  }
}
