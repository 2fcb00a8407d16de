package dev.baton.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** The most memory that this process has had. */
public final class PeakMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String HIGH_WATER = "VmHWM:";
  private static final int KIBIBYTE = 1024;

  private PeakMemory() {}

  /** High-water mark of the process's resident memory; empty where the system does not tell. */
  public static OptionalLong residentBytes() throws IOException {
    if (Files.isReadable(STATUS)) {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith(HIGH_WATER)) {
          return OptionalLong.of(Long.parseLong(line.replaceAll("\\D", "")) * KIBIBYTE);
        }
      }
    }
    return OptionalLong.empty();
  }
}
