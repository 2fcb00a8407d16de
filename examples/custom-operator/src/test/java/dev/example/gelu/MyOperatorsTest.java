package dev.example.gelu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.Npy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.MissingOperatorException;
import dev.baton.runtime.Module;
import dev.baton.runtime.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class MyOperatorsTest {
  private static final Path MODEL = Path.of("src/test/resources/model");

  private static Tensor tensor(String file) throws IOException {
    return Npy.read(MODEL.resolve(file));
  }

  @Test
  void computesWhatPyTorchDoes() throws IOException {
    try (Module module = Module.load(MODEL.resolve("model.pte"))) {
      Tensor result = module.forward(tensor("inputs/0.npy"))[0].toTensor();
      assertArrayEquals(
          tensor("expected/0.npy").getDataAsFloatArray(), result.getDataAsFloatArray(), 1e-6f);
      assertTrue(
          module.placement().operators().stream()
              .anyMatch(o -> o.name().equals("my::gelu2") && o.runner().equals("my")));
    }
  }

  @Test
  void withoutItThePlacementSaysWhatToDo() throws IOException {
    LoadOptions without = LoadOptions.javaOnly().withKernels(List.of("vector"));
    MissingOperatorException e =
        assertThrows(
            MissingOperatorException.class,
            () -> Module.load(MODEL.resolve("model.pte"), without).loadMethod("forward"));
    assertEquals(List.of("my::gelu2.out"), e.operators());
    assertTrue(e.getMessage().contains("CustomOperators"), e.getMessage());
    assertTrue(e.getMessage().contains("META-INF/services/"), e.getMessage());
  }
}
