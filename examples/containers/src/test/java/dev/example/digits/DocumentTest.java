package dev.example.digits;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What {@code docs/containers.md} shows is what is compiled and run here. */
class DocumentTest {
  private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  private static String withoutBlanks(String text) {
    return text.replaceAll("\\s", "");
  }

  @Test
  void itsCodeIsOfThisExample() throws Exception {
    StringBuilder sources = new StringBuilder();
    try (Stream<Path> files = Files.walk(Path.of("src"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        sources.append(Files.readString(file));
      }
    }
    String all = withoutBlanks(sources.toString());
    Matcher block = BLOCK.matcher(Files.readString(Path.of("..", "..", "docs", "containers.md")));
    int blocks = 0;
    while (block.find()) {
      blocks++;
      assertTrue(all.contains(withoutBlanks(block.group(1))), block.group(1));
    }
    assertTrue(blocks >= 3, "blocks of Java: " + blocks);
  }
}
