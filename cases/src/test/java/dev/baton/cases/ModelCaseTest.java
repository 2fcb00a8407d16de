package dev.baton.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCaseTest {
  @TempDir Path root;

  private Path folder(String name, String description) throws IOException {
    Path folder = Files.createDirectories(root.resolve(name));
    Files.writeString(folder.resolve("case.json"), description);
    Files.write(folder.resolve("model.pte"), new byte[0]);
    return folder;
  }

  private static void number(Path folder, String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.resolveSibling("."));
    Npy.write(file, Tensor.fromBlob(new float[] {1}, 1));
  }

  @Test
  void readsLaterCallsInOrder() throws IOException {
    Path folder = folder("a", "{\"method\": \"step\", \"tolerance\": 1e-3}");
    number(folder, "inputs/0.npy");
    number(folder, "inputs/1.npy");
    number(folder, "inputs/3.npy");
    number(folder, "expected/0.npy");
    number(folder, "calls/1/expected/0.npy");
    number(folder, "calls/2/inputs/0.npy");
    number(folder, "calls/2/expected/0.npy");
    ModelCase read = ModelCase.read(folder);
    assertEquals("a", read.name());
    assertEquals("step", read.method());
    assertEquals(1e-3, read.tolerance());
    assertEquals(List.of(2, 0, 1), read.calls().stream().map(c -> c.inputs().size()).toList());
  }

  @Test
  void findsCasesAtAnyDepthAndNotInsideOfOne() throws IOException {
    folder("b", "{}");
    folder("a/z", "{}");
    folder("a/z/inner", "{}");
    Files.createDirectories(root.resolve("empty"));
    assertEquals(List.of(root.resolve("a/z"), root.resolve("b")), ModelCase.find(root));
    assertEquals(List.of(root.resolve("b")), ModelCase.find(root.resolve("b")));
    assertEquals(List.of(), ModelCase.find(root.resolve("empty")));
  }

  @Test
  void saysWhatACaseLacks() throws IOException {
    refused(folder("json", "no json"), "case.json is no JSON object");
    refused(folder("array", "[1]"), "case.json is no JSON object");
    refused(folder("tolerance", "{}"), "states no tolerance");
    refused(folder("expected", "{\"tolerance\": 0}"), "there is no");
    refused(Files.createDirectories(root.resolve("nothing")), "it has no case.json");
    Path model = folder("model", "{\"tolerance\": 0}");
    Files.delete(model.resolve("model.pte"));
    refused(model, "it has no model.pte");
  }

  private static void refused(Path folder, String reason) {
    String message =
        assertThrows(CaseFormatException.class, () -> ModelCase.read(folder)).getMessage();
    assertTrue(message.contains(reason) && message.contains(folder.toString()), message);
  }
}
