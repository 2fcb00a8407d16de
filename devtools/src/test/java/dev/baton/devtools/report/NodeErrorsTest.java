package dev.baton.devtools.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeErrorsTest {
  @TempDir Path folder;

  private static String step(int call, int position, String maximum, String snr, int nan) {
    return """
    {"call": %d, "operators": [{"position": %d, "name": "aten::relu", "origin": ""}], "result": 0,
     "error": {"maxAbsolute": %s, "meanAbsolute": 0.25, "snrDecibels": %s, "cosine": 1.0, "nan": %d,
               "nanReference": 1, "infinite": 0, "infiniteReference": 0}}
    """
        .formatted(call, position, maximum, snr, nan);
  }

  private NodeErrors read(String operators, String steps) throws IOException {
    Path file = folder.resolve("report.json");
    Files.writeString(
        file,
        "{\"method\": \"forward\", \"reference\": \"Java\", \"operators\": [%s], \"steps\": [%s]}"
            .formatted(operators, steps));
    return NodeErrors.read(file);
  }

  @Test
  void theWorstCallOfEachOperatorIsTaken() throws IOException {
    NodeErrors errors =
        read(
            step(0, 2, "0.5", "40", 1)
                + ","
                + step(1, 2, "0.75", "30", 3)
                + ","
                + step(0, 1, "0", "\"Infinity\"", 1),
            step(0, 2, "9", "1", 1) + "," + step(0, 3, "0.125", "50", 0));
    assertEquals("forward", errors.method());
    assertEquals("Java", errors.reference());
    assertEquals(List.of(1, 2, 3), errors.nodes().stream().map(NodeError::node).toList());
    assertNull(errors.nodes().get(0).snr());
    assertEquals(new NodeError(2, 0, 0.75, 0.25, 30.0, 1.0, 2, 0), errors.nodes().get(1));
    assertEquals(0.125, errors.nodes().get(2).maximum(), "of a step");
  }

  @Test
  void otherFilesAreRefused() throws IOException {
    Path file = folder.resolve("other.json");
    for (String text : List.of("{}", "no JSON", "[1]", "{\"method\": 1}")) {
      Files.writeString(file, text);
      assertThrows(IOException.class, () -> NodeErrors.read(file), text);
    }
  }
}
