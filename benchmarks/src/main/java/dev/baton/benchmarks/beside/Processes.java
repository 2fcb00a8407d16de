package dev.baton.benchmarks.beside;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Processes that end by writing a JSON object to stdout. */
final class Processes {
  private static final int LAST_WORDS = 2_000;

  private Processes() {}

  /**
   * Runs a command to its end.
   *
   * @return the object that stdout ends with
   * @throws IOException if it fails, or writes no object
   */
  static Map<String, Object> json(List<String> command) throws IOException, InterruptedException {
    Path errors = Files.createTempFile("side-by-side", ".err");
    try {
      Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int open = out.indexOf('{');
      if (process.waitFor() != 0 || open < 0) {
        String said = out + Files.readString(errors);
        throw new IOException(
            String.join(" ", command).replace(System.getProperty("java.class.path"), "…")
                + " failed: "
                + said.substring(Math.max(0, said.length() - LAST_WORDS)).strip());
      }
      return JSON.std.mapFrom(out.substring(open));
    } finally {
      Files.delete(errors);
    }
  }

  /** A main class on this JVM's own class path, with its own options. */
  static List<String> java(String mainClass) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
    return command;
  }
}
