package dev.baton.nativelib;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of an extracted library, beside it: that it was checked and fits this host. It
 * holds for the same file, the same question, and the same system libraries, which the loader's own
 * cache stands for. A host without that cache is checked each time.
 *
 * @param file in a folder of its own
 * @param facts on which the answer depends
 */
record FitRecord(Path file, String facts) {
  private static final Path LOADER_CACHE = Path.of("/etc/ld.so.cache");

  /** Null where nothing can be remembered. */
  static @Nullable FitRecord of(Path file, List<String> question, HostEnvironment host) {
    try {
      String loaded = Optional.ofNullable(host.variable(host.loaderVariable())).orElse("");
      return new FitRecord(
          file,
          String.join("\n", stamp(file), stamp(LOADER_CACHE), loaded, String.join(" ", question)));
    } catch (IOException e) {
      return null;
    }
  }

  private static String stamp(Path file) throws IOException {
    return file + " " + Files.size(file) + " " + Files.getLastModifiedTime(file).toMillis();
  }

  private Path place() {
    return file.resolveSibling("fit");
  }

  boolean isKept() {
    try {
      return Files.readString(place()).equals(facts);
    } catch (IOException e) {
      return false;
    }
  }

  /** Failing here costs the next start a check, and nothing else. */
  void keep() {
    try {
      Path part = Files.createTempFile(file.getParent(), "fit", ".part");
      try {
        Files.writeString(part, facts);
        Files.move(
            part, place(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      // see above
    }
  }
}
