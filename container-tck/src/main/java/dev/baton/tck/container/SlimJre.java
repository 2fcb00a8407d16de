package dev.baton.tck.container;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Images of Java made by {@code jlink}, one for each set of modules, in a folder. */
final class SlimJre {
  private final Path folder;
  private final Map<List<String>, Path> made = new HashMap<>();

  SlimJre(Path folder) {
    this.folder = folder;
  }

  /**
   * The image with these modules, made if it is not there.
   *
   * @throws IOException if the JDK that runs the test has no jlink, or that fails
   */
  synchronized Path of(List<String> modules) throws IOException, InterruptedException {
    Path image = made.get(modules);
    if (image == null) {
      image = folder.resolve("java" + made.size());
      link(modules, image);
      made.put(modules, image);
    }
    return image;
  }

  private static void link(List<String> modules, Path image)
      throws IOException, InterruptedException {
    Path jlink = Path.of(System.getProperty("java.home"), "bin", "jlink");
    if (!Files.isExecutable(jlink)) {
      throw new IOException("there is no " + jlink + ": run the test with a whole JDK");
    }
    Path log = image.resolveSibling(image.getFileName() + ".log");
    Process process =
        new ProcessBuilder(
                jlink.toString(),
                "--add-modules",
                String.join(",", modules),
                "--strip-debug",
                "--no-header-files",
                "--no-man-pages",
                "--output",
                image.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (process.waitFor() != 0) {
      throw new IOException("jlink failed: " + read(log));
    }
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
