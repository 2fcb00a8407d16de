package dev.baton.benchmarks.beside;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.benchmarks.MarkedDocument;
import dev.baton.benchmarks.beside.Subject.Form;
import dev.baton.cases.ModelCase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TablesTest {
  private static final String JAVA = BatonContender.JAVA.title();
  private static final String NATIVE = BatonContender.NATIVE.title();

  private final Results results = new Results();

  private static Subject subject(String name) {
    return Subject.of(
        new ModelCase(
            Path.of(name), name, Path.of("model.pte"), List.of(), "forward", 0, false, List.of()));
  }

  private void rounds(String name, String runtime, int threads, double... millis) {
    for (double time : millis) {
      results.add(subject(name), runtime, threads, new Start(3, 700, 2, 1));
      results.add(subject(name), runtime, threads, new Turn(time * 1000, 0.25, 100));
    }
  }

  private String table(String name) {
    return new Tables(results).all().get(name);
  }

  @Test
  void theFormIsWhatFollowsTheLastHyphen() {
    assertEquals(Form.STATIC_INT8, subject("a-b-xnn8").form());
    assertEquals("a-b", subject("a-b-xnn8").model());
    assertEquals(Form.PORTABLE, subject("a-portable").form());
    assertEquals(Form.OTHER, subject("kv-cache").form());
    assertEquals("kv-cache", subject("kv-cache").model());
    assertEquals(Form.OTHER, subject("digits").form());
  }

  @Test
  void runtimesAreComparedWithExecutorchRoundByRound() {
    rounds("m-xnn", ExecutorchContender.TITLE, 1, 2, 4, 8);
    rounds("m-xnn", NATIVE, 1, 2, 2, 2);
    rounds("m-xnn", OnnxContender.TITLE, 1, 2, 4, 4);
    rounds("m-portable", NATIVE, 1, 1, 4, 16);
    List<String> lines = table("runtimes").lines().skip(2).toList();
    assertEquals(
        List.of(
            "| m, float32 | 1 | 4.00 ms | 2.00 ms | 0.50 (0.25–1.00) |  | 1.00 (0.50–1.00) |",
            "| m, float32, never lowered | 1 | 4.00 ms | 4.00 ms | 1.00 (0.50–2.00) |  |  |"),
        lines);
  }

  @Test
  void javaIsComparedWithNativeAndWithOneThread() {
    rounds("m-xnn", NATIVE, 1, 2, 2);
    rounds("m-xnn", JAVA, 1, 6, 8);
    rounds("m-xnn", NATIVE, 2, 1, 1);
    rounds("m-xnn", JAVA, 2, 3, 8);
    assertEquals(
        List.of(
            "| m, float32 | 1 | 7.00 ms | 3.50 (3.00–4.00) |  |  | 0.25 | 0.25 |",
            "| m, float32 | 2 | 5.50 ms | 5.50 (3.00–8.00) | 1.50 (1.00–2.00) | 2.00 (2.00–2.00)"
                + " | 0.25 | 0.25 |"),
        table("java").lines().skip(2).toList());
  }

  @Test
  void barsNameTheWorst() {
    rounds("good-xnn", NATIVE, 1, 2);
    rounds("good-xnn", JAVA, 1, 2);
    rounds("good-xnn", JAVA, 2, 1);
    rounds("bad-xnn", NATIVE, 1, 2);
    rounds("bad-xnn", JAVA, 1, 8);
    rounds("bad-xnn", JAVA, 2, 8);
    rounds("bad-xnn8", JAVA, 1, 9);
    rounds("mobilenet_v2-xnn", JAVA, 1, 1);
    List<String> bars = table("bars").lines().skip(2).toList();
    assertEquals(
        "| Java / native, float32, 1 thread | ≤ 3.0 | 4.00 | bad, float32 | **no** |", bars.get(0));
    assertEquals(
        "| Java, float32, 2 threads: speed-up over 1 | ≥ 1.6 | 1.00 | bad, float32 | **no** |",
        bars.get(1));
    assertEquals(
        "| Java, int8 / float32, 1 thread | ≤ 1.3 | 1.13 | bad, int8 | yes |", bars.get(2));
    assertEquals(
        "| first run after load, Java, of mobilenet_v2 (ms) | ≤ 1500.0 | 700.00 | mobilenet_v2, float32 | yes |",
        bars.get(5));
  }

  @Test
  void whatARuntimeDoesNotTellStaysEmpty() {
    double nan = Double.NaN;
    results.add(subject("m-xnn"), OnnxContender.TITLE, 1, new Start(1, 2, nan, nan));
    results.add(subject("m-xnn"), OnnxContender.TITLE, 1, new Turn(3000, nan, nan));
    assertEquals(
        "| m, float32 | 1 | ONNX Runtime | 1.0 (1.0–1.0) ms | 2.0 (2.0–2.0) ms |  |  |  |",
        table("load").lines().skip(2).findFirst().orElseThrow());
    assertEquals("Not measured.", table("java"));
  }

  @Test
  void theDocumentHasAllParts(@TempDir Path folder) throws IOException {
    Path document = Path.of("../docs/performance.md");
    Path copy = Files.copy(document, folder.resolve("performance.md"));
    Map<String, String> parts = new Tables(results).all();
    MarkedDocument.write(copy, parts);
    MarkedDocument.write(copy, Map.of("measurement", "x", "kernels", "x"));
    assertTrue(Files.readString(copy).contains("## Bars"));
    assertFalse(parts.isEmpty());
  }
}
