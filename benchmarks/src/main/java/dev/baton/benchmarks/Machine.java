package dev.baton.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What measurements were made on, and of what. */
public final class Machine {
  private static final String REVISION = "baton.revision";

  private Machine() {}

  /** Processors, system, Java and the revision of Baton, as one clause. */
  public static String describe() throws IOException {
    return "%d processors (%s), %s %s, Java %s, Baton %s"
        .formatted(
            Runtime.getRuntime().availableProcessors(),
            processor(),
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            Runtime.version(),
            System.getProperty(REVISION, "of an unknown revision"));
  }

  private static String processor() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    if (Files.isReadable(info)) {
      for (String line : Files.readAllLines(info)) {
        if (line.startsWith("model name")) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    }
    return System.getProperty("os.arch");
  }
}
