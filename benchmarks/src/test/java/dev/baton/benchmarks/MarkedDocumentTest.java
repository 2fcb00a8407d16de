package dev.baton.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MarkedDocumentTest {
  private static final String TEXT =
      """
      # By hand

      <!-- benchmark: a -->
      old
      <!-- end -->
      between
      <!-- benchmark: b -->
      <!-- end -->
      after
      """;

  @TempDir Path folder;

  private Path document() throws IOException {
    return Files.writeString(folder.resolve("document.md"), TEXT);
  }

  @Test
  void replacesPartsAndNothingElse() throws IOException {
    Path file = document();
    MarkedDocument.write(file, Map.of("a", "| new |\n", "b", "b's"));
    String expected = TEXT.replace("old", "| new |").replace("b -->\n", "b -->\nb's\n");
    assertEquals(expected, Files.readString(file));
    MarkedDocument.write(file, Map.of("a", "| new |"));
    assertEquals(expected, Files.readString(file), "the same again");
  }

  @Test
  void writesAllPartsOrNone() throws IOException {
    Path file = document();
    Map<String, String> parts = new LinkedHashMap<>();
    parts.put("a", "new");
    parts.put("c", "new");
    IOException e = assertThrows(IOException.class, () -> MarkedDocument.write(file, parts));
    assertTrue(e.getMessage().contains("<!-- benchmark: c -->"), e.getMessage());
    assertEquals(TEXT, Files.readString(file));
  }

  @Test
  void refusesDamagedMarkers() {
    String open = TEXT.replaceFirst("<!-- end -->", "");
    assertThrows(IllegalArgumentException.class, () -> MarkedDocument.replace(open, "a", "new"));
    assertThrows(
        IllegalArgumentException.class, () -> MarkedDocument.replace(TEXT + TEXT, "a", "new"));
  }
}
