package dev.baton.benchmarks.beside;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.ModelCase;
import dev.baton.cases.Npy;
import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.graph.DType;
import dev.baton.runtime.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What does not compute what the case expects is not timed. */
class AgreementTest {
  @TempDir Path folder;

  /** A case of one relu. */
  private ModelCase model(float... expected) throws IOException {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot y = m.tensor(DType.FLOAT, 2);
                  m.kernel("aten::relu.out", m.input(DType.FLOAT, 2), y);
                  m.output(y);
                })
            .toBytes();
    Files.write(folder.resolve("model.pte"), pte);
    Files.writeString(folder.resolve("case.json"), "{\"tolerance\": 0.01}");
    Files.createDirectories(folder.resolve("inputs"));
    Files.createDirectories(folder.resolve("expected"));
    Npy.write(folder.resolve("inputs/0.npy"), Tensor.fromBlob(new float[] {-1, 2}, 2));
    Npy.write(folder.resolve("expected/0.npy"), Tensor.fromBlob(expected, 2));
    return ModelCase.read(folder);
  }

  @Test
  void batonIsComparedWithTheGoldens() throws IOException {
    ModelCase good = model(0, 2);
    for (BatonContender contender : BatonContender.values()) {
      assertDoesNotThrow(() -> contender.check(good));
    }
    ModelCase bad = model(0, 3);
    for (BatonContender contender : BatonContender.values()) {
      IOException e = assertThrows(IOException.class, () -> contender.check(bad));
      assertTrue(e.getMessage().startsWith(contender.title()), e.getMessage());
    }
  }

  @Test
  void othersSayTheirError() throws IOException {
    ModelCase model = model(0, 2);
    assertDoesNotThrow(() -> Agreement.check("x", model, Map.of("relativeError", 0.01)));
    for (Map<String, Object> json :
        List.<Map<String, Object>>of(
            Map.of("relativeError", 0.011), Map.of("relativeError", Double.NaN), Map.of())) {
      assertThrows(IOException.class, () -> Agreement.check("x", model, json));
    }
  }
}
