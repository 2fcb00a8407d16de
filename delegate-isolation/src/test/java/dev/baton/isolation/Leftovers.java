package dev.baton.isolation;

import dev.baton.isolation.wire.SharedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What isolation may leave behind, counted.
 *
 * @param children processes of this one
 * @param files in the folders of shared memory
 * @param mappings of shared files
 * @param descriptors open files; −1 where the system does not tell
 */
record Leftovers(long children, long files, long mappings, long descriptors) {
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

  static Leftovers now() throws IOException {
    long files = 0;
    for (Path folder : SharedFile.folders()) {
      try (Stream<Path> all = Files.list(folder)) {
        files += all.filter(p -> p.getFileName().toString().startsWith("baton-")).count();
      }
    }
    return new Leftovers(
        ProcessHandle.current().children().filter(ProcessHandle::isAlive).count(),
        files,
        sharedMappings(),
        openFiles());
  }

  private static long sharedMappings() throws IOException {
    Path maps = Path.of("/proc/self/maps");
    if (!Files.isReadable(maps)) {
      return 0;
    }
    List<String> lines = Files.readAllLines(maps);
    return lines.stream().filter(l -> l.contains(".shared")).count();
  }

  private static long openFiles() throws IOException {
    if (!Files.isDirectory(DESCRIPTORS)) {
      return -1;
    }
    try (Stream<Path> open = Files.list(DESCRIPTORS)) {
      return open.count();
    }
  }
}
