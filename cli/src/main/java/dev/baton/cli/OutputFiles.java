package dev.baton.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where commands write: looked at before the work, so that it is not in vain. */
final class OutputFiles {
  private OutputFiles() {}

  /**
   * @param file to be written later; null if it is not wanted
   */
  static void requireWritable(String option, @Nullable Path file) throws IOException {
    if (file == null) {
      return;
    }
    Path folder = file.toAbsolutePath().getParent();
    if (Files.isDirectory(file)) {
      throw new IOException(option + " " + file + " is a folder, expected a file");
    }
    if (folder != null && !Files.isDirectory(folder)) {
      throw new IOException(option + " " + file + ": there is no folder " + folder);
    }
    if (!Files.isWritable(Files.exists(file) || folder == null ? file : folder)) {
      throw new IOException(option + " " + file + ": it may not be written");
    }
  }

  /** Makes a folder, and those above it. */
  static void makeFolder(String option, Path folder) throws IOException {
    try {
      Files.createDirectories(folder);
    } catch (FileAlreadyExistsException e) {
      throw new IOException(option + " " + folder + " is a file, expected a folder", e);
    } catch (FileSystemException e) {
      String reason = e.getReason() == null ? "the system refuses it" : e.getReason();
      throw new IOException("the folder " + folder + " cannot be made: " + reason, e);
    }
  }
}
