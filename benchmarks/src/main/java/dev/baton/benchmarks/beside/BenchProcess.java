package dev.baton.benchmarks.beside;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A process that holds a loaded case. It writes a JSON object in a line when it has loaded the case
 * and run it once; then it reads lines, each the seconds of a turn, runs the case for so long, and
 * answers with an object; it ends with its input. Between turns it is idle, so that many of them
 * can take turns on one machine. One thread at a time.
 */
final class BenchProcess implements AutoCloseable {
  private static final int LAST_WORDS = 2_000;

  private final List<String> command;
  private final Path errors;
  private final Process process;
  private final BufferedReader answers;
  private final Writer questions;

  /** What the process said of its beginning. */
  final Map<String, Object> start;

  /**
   * Starts a process, and waits until it has loaded and run its case.
   *
   * @throws IOException if it fails; the message has its last words
   */
  BenchProcess(List<String> command) throws IOException {
    this.command = command;
    this.errors = Files.createTempFile("side-by-side", ".err");
    this.process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    this.answers = process.inputReader(StandardCharsets.UTF_8);
    this.questions = process.outputWriter(StandardCharsets.UTF_8);
    try {
      this.start = answer();
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /**
   * Lets the process run its case for a time.
   *
   * @throws IOException if it fails; the message has its last words
   */
  Map<String, Object> turn(double seconds) throws IOException {
    questions.write(seconds + "\n");
    questions.flush();
    return answer();
  }

  private Map<String, Object> answer() throws IOException {
    for (String line = answers.readLine(); line != null; line = answers.readLine()) {
      if (line.startsWith("{")) {
        return JSON.std.mapFrom(line);
      }
    }
    String said = Files.readString(errors);
    throw new IOException(
        String.join(" ", command).replace(System.getProperty("java.class.path"), "…")
            + " failed: "
            + said.substring(Math.max(0, said.length() - LAST_WORDS)).strip());
  }

  /** A main class on this JVM's own class path, with its own options. */
  static List<String> java(Class<?> main, Object... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return command;
  }

  /** Ends the process. */
  @Override
  public void close() {
    process.destroy();
    try {
      process.waitFor();
      Files.delete(errors);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
