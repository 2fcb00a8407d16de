package dev.baton.cases;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A case folder: {@code model.pte}, its data files ({@code *.ptd}) if it has any, {@code
 * case.json}, {@code inputs/0.npy …}, {@code expected/0.npy …}, and for later calls on the same
 * loaded method {@code calls/1/inputs}, {@code calls/1/expected}, ….
 *
 * @param name of the folder
 * @param dataFiles the folder's {@code .ptd} files, sorted
 * @param method the method to call
 * @param tolerance see {@link Comparison}
 * @param calls in the order in which they are made; at least one
 */
public record ModelCase(
    Path folder,
    String name,
    Path model,
    List<Path> dataFiles,
    String method,
    double tolerance,
    List<Call> calls) {
  private static final String DESCRIPTION = "case.json";
  private static final String MODEL = "model.pte";

  /** Files of one call, by position. */
  public record Call(List<Path> inputs, List<Path> expected) {
    public Call {
      inputs = List.copyOf(inputs);
      expected = List.copyOf(expected);
    }
  }

  public ModelCase {
    dataFiles = List.copyOf(dataFiles);
    calls = List.copyOf(calls);
  }

  /** True if the folder has a case's two files. */
  public static boolean isCase(Path folder) {
    return Files.isRegularFile(folder.resolve(DESCRIPTION))
        && Files.isRegularFile(folder.resolve(MODEL));
  }

  /**
   * The case folders at or below a folder, sorted; nothing is looked for inside of a case.
   *
   * @throws IOException if a folder cannot be read
   */
  public static List<Path> find(Path folder) throws IOException {
    if (isCase(folder)) {
      return List.of(folder);
    }
    List<Path> found = new ArrayList<>();
    try (Stream<Path> children = Files.list(folder)) {
      for (Path child : children.filter(Files::isDirectory).sorted().toList()) {
        found.addAll(find(child));
      }
    }
    return found;
  }

  /**
   * Reads a case's description, and lists its files.
   *
   * @throws CaseFormatException if something is missing or malformed
   * @throws IOException if a file cannot be read
   */
  public static ModelCase read(Path folder) throws IOException {
    Map<String, Object> description = description(folder);
    Path model = folder.resolve(MODEL);
    if (!Files.isRegularFile(model)) {
      throw new CaseFormatException(folder, "it has no " + MODEL + ".", null);
    }
    if (!(description.get("tolerance") instanceof Number tolerance)) {
      throw new CaseFormatException(folder, DESCRIPTION + " states no tolerance.", null);
    }
    String method = description.get("method") instanceof String name ? name : "forward";
    List<Call> calls = new ArrayList<>();
    calls.add(call(folder, folder));
    for (int n = 1; Files.isDirectory(folder.resolve("calls/" + n)); n++) {
      calls.add(call(folder, folder.resolve("calls/" + n)));
    }
    Path last = folder.toAbsolutePath().normalize().getFileName();
    return new ModelCase(
        folder,
        last == null ? "" : last.toString(),
        model,
        dataFiles(folder),
        method,
        tolerance.doubleValue(),
        calls);
  }

  /**
   * The data files in a folder, sorted.
   *
   * @throws IOException if the folder cannot be read
   */
  public static List<Path> dataFiles(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(f -> f.toString().endsWith(".ptd")).sorted().toList();
    }
  }

  private static Map<String, Object> description(Path folder) throws IOException {
    try {
      return JSON.std.mapFrom(Files.readString(folder.resolve(DESCRIPTION)));
    } catch (NoSuchFileException e) {
      throw new CaseFormatException(folder, "it has no " + DESCRIPTION + ".", e);
    } catch (JacksonException e) {
      throw new CaseFormatException(folder, DESCRIPTION + " is no JSON object.", e);
    }
  }

  private static Call call(Path folder, Path at) {
    List<Path> expected = numbered(at.resolve("expected"));
    if (expected.isEmpty()) {
      throw new CaseFormatException(
          folder, "there is no " + at.resolve("expected").resolve("0.npy") + ".", null);
    }
    return new Call(numbered(at.resolve("inputs")), expected);
  }

  private static List<Path> numbered(Path folder) {
    List<Path> files = new ArrayList<>();
    for (int n = 0; Files.isRegularFile(folder.resolve(n + ".npy")); n++) {
      files.add(folder.resolve(n + ".npy"));
    }
    return files;
  }
}
