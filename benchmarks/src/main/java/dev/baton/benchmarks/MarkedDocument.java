package dev.baton.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * A document with generated parts, each between a line {@code <!-- benchmark: NAME -->} and the
 * next {@code <!-- end -->}. What lies around them is written by hand, and stays.
 */
public final class MarkedDocument {
  private static final String END = "<!-- end -->";

  private MarkedDocument() {}

  /**
   * Replaces parts of a file; all of them, or none.
   *
   * @param parts by name; Markdown without the markers
   * @throws IOException if the file cannot be read or written, or has no such part
   */
  public static void write(Path file, Map<String, String> parts) throws IOException {
    String text = Files.readString(file);
    for (Map.Entry<String, String> part : parts.entrySet()) {
      try {
        text = replace(text, part.getKey(), part.getValue());
      } catch (IllegalArgumentException e) {
        throw new IOException(file + ": " + e.getMessage(), e);
      }
    }
    Files.writeString(file, text);
  }

  /**
   * Replaces one part.
   *
   * @throws IllegalArgumentException if the text does not have its markers exactly once
   */
  static String replace(String text, String name, String body) {
    String begin = "<!-- benchmark: " + name + " -->";
    int from = text.indexOf(begin);
    int to = from < 0 ? -1 : text.indexOf(END, from);
    if (to < 0 || text.indexOf(begin, from + 1) >= 0) {
      throw new IllegalArgumentException(
          "expected the lines " + begin + " and " + END + " once, in this order");
    }
    int next = text.indexOf("<!-- benchmark: ", from + 1);
    if (next >= 0 && next < to) {
      throw new IllegalArgumentException("the part " + name + " has no " + END);
    }
    return text.substring(0, from + begin.length())
        + "\n"
        + body.strip()
        + "\n"
        + text.substring(to);
  }
}
