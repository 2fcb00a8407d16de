package dev.baton.tck.conformance;

import dev.baton.cases.ModelCase;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Stored programs of few operators, with inputs and PyTorch's answers: case folders in archives of
 * this jar, whose {@code README.md} says where they come from.
 */
public final class Goldens {
  private static final String FOLDER = "/dev/baton/tck/goldens/";

  /** By operator, by order of dimensions, and by type and shape. */
  private static final List<String> OPERATORS = List.of("portable", "dim-orders", "types");

  /** How the names of cases end that hold XNNPACK's payloads. */
  private static final String LOWERED = "-xnn";

  private static @Nullable List<ModelCase> all;

  private Goldens() {}

  /**
   * Every case that any delegate can be asked about, sorted; unpacked once for the process, and
   * deleted when it ends.
   */
  static synchronized List<ModelCase> all() {
    List<ModelCase> known = all;
    if (known == null) {
      try {
        known = read();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      all = known;
    }
    return known;
  }

  private static List<ModelCase> read() throws IOException {
    Path folder = Files.createTempDirectory("baton-goldens");
    Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
    List<ModelCase> cases = new ArrayList<>();
    for (String suite : OPERATORS) {
      for (Path at : unpack(suite, Files.createDirectory(folder.resolve(suite)))) {
        if (!at.toString().endsWith(LOWERED)) {
          cases.add(ModelCase.read(at));
        }
      }
    }
    return List.copyOf(cases);
  }

  private static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      System.getLogger("dev.baton")
          .log(System.Logger.Level.DEBUG, "temporary files stay in " + folder, e);
    }
  }

  /**
   * Writes a suite's case folders.
   *
   * @param suite name of an archive, without its ending
   * @param into an empty folder
   * @return the case folders, sorted
   */
  public static List<Path> unpack(String suite, Path into) throws IOException {
    String name = FOLDER + suite + ".zip.gz";
    try (InputStream in = Objects.requireNonNull(Goldens.class.getResourceAsStream(name), name);
        ZipInputStream zip = new ZipInputStream(new GZIPInputStream(in))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        Path file = into.resolve(entry.getName());
        Files.createDirectories(file.getParent());
        Files.copy(zip, file);
      }
    }
    return ModelCase.find(into);
  }
}
