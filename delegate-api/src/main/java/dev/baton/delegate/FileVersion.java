package dev.baton.delegate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A file as it is since it was last changed. Two versions are equal only if they are of one file
 * and nobody has changed it in between, which the system's own time of the last change tells:
 * unlike the time of modification, no program can set it. Good as long as the system runs and its
 * clock is not set back. What a process writes through a shared mapping of its own may be dated to
 * the first of several writes, and a network file system may tell of changes late.
 *
 * @param device number of the file system
 * @param file number of the file there
 * @param size in bytes
 * @param changed when contents or attributes were last changed
 */
public record FileVersion(long device, long file, long size, FileTime changed) {
  /** File systems count time in steps of up to two seconds. */
  private static final Duration COARSEST_STEP = Duration.ofSeconds(2);

  /**
   * The present version of a file; empty if there is no such file, the system does not tell, or the
   * file was changed just now and may be again without showing it.
   */
  public static Optional<FileVersion> of(Path path) {
    return of(path, Instant.now());
  }

  static Optional<FileVersion> of(Path path, Instant now) {
    try {
      Map<String, Object> facts = Files.readAttributes(path, "unix:dev,ino,size,ctime");
      if (facts.get("dev") instanceof Long device
          && facts.get("ino") instanceof Long file
          && facts.get("size") instanceof Long size
          && facts.get("ctime") instanceof FileTime changed
          && changed.toInstant().isBefore(now.minus(COARSEST_STEP))) {
        return Optional.of(new FileVersion(device, file, size, changed));
      }
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      // not known here
    }
    return Optional.empty();
  }
}
