package dev.baton.cases;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ProgramValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A program with calls and what they should give. Either a case folder: {@code model.pte}, its data
 * files ({@code *.ptd}) if it has any, {@code case.json}, {@code inputs/0.npy …}, {@code
 * expected/0.npy …}, and for later calls on the same loaded method (or another one, which the
 * description then names) {@code calls/1/inputs}, {@code calls/1/expected}, …. Or a bundled program
 * ({@code .bpte}), whose tests are calls that know nothing of each other.
 *
 * @param path of the case's folder, or of the bundled program
 * @param name of the folder or file
 * @param dataFiles the folder's {@code .ptd} files, sorted
 * @param method the method of the first call
 * @param tolerance see {@link Comparison}
 * @param independent true if state is reset before each call
 * @param calls in the order in which they are made; at least one
 */
public record ModelCase(
    Path path,
    String name,
    Path model,
    List<Path> dataFiles,
    String method,
    double tolerance,
    boolean independent,
    List<Call> calls) {
  private static final String DESCRIPTION = "case.json";
  private static final String MODEL = "model.pte";
  private static final String BUNDLE = ".bpte";

  /** Of bundled programs, which say nothing of it; that of most cases in float32. */
  private static final double BUNDLE_TOLERANCE = 1e-4;

  /** Where a value of a call comes from. */
  public sealed interface Source {
    /**
     * The value; a plain one as a tensor of one element.
     *
     * @throws IOException if it cannot be read
     */
    Tensor read() throws IOException;
  }

  /** An NPY file. */
  public record Stored(Path file) implements Source {
    @Override
    public Tensor read() throws IOException {
      return Npy.read(file);
    }
  }

  /**
   * @param read on the Java heap
   */
  public record Given(Tensor read) implements Source {}

  /** One call of a method; values by position. */
  public record Call(String method, List<Source> inputs, List<Source> expected) {
    public Call {
      inputs = List.copyOf(inputs);
      expected = List.copyOf(expected);
    }
  }

  public ModelCase {
    dataFiles = List.copyOf(dataFiles);
    calls = List.copyOf(calls);
  }

  /** The same case, held to another tolerance. */
  public ModelCase withTolerance(double other) {
    return new ModelCase(path, name, model, dataFiles, method, other, independent, calls);
  }

  /** True if the folder has a case's two files. */
  public static boolean isCase(Path folder) {
    return Files.isRegularFile(folder.resolve(DESCRIPTION))
        && Files.isRegularFile(folder.resolve(MODEL));
  }

  /**
   * The case folders and bundled programs at or below a folder, sorted; nothing is looked for
   * inside of a case.
   *
   * @param folder or one of these itself
   * @throws IOException if a folder cannot be read
   */
  public static List<Path> find(Path folder) throws IOException {
    if (isCase(folder) || isBundle(folder)) {
      return List.of(folder);
    }
    List<Path> found = new ArrayList<>();
    try (Stream<Path> children = Files.list(folder)) {
      for (Path child :
          children.filter(c -> Files.isDirectory(c) || isBundle(c)).sorted().toList()) {
        found.addAll(find(child));
      }
    }
    return found;
  }

  /** True if the file is a bundled program, by its name. */
  public static boolean isBundle(Path file) {
    return file.toString().endsWith(BUNDLE) && Files.isRegularFile(file);
  }

  /**
   * Reads a case's description, and lists its files; or a bundled program with its tests.
   *
   * @throws CaseFormatException if something is missing or malformed
   * @throws dev.baton.runtime.program.ProgramFormatException if a bundled program is
   * @throws IOException if a file cannot be read
   */
  public static ModelCase read(Path folder) throws IOException {
    if (isBundle(folder)) {
      return bundled(folder);
    }
    Map<String, Object> description = description(folder);
    Path model = folder.resolve(MODEL);
    if (!Files.isRegularFile(model)) {
      throw new CaseFormatException(folder, "it has no " + MODEL + ".", null);
    }
    if (!(description.get("tolerance") instanceof Number tolerance)) {
      throw new CaseFormatException(folder, DESCRIPTION + " states no tolerance.", null);
    }
    String method = description.get("method") instanceof String name ? name : "forward";
    List<?> methods = description.get("methods") instanceof List<?> named ? named : List.of();
    List<Call> calls = new ArrayList<>();
    calls.add(call(folder, folder, method));
    for (int n = 1; Files.isDirectory(folder.resolve("calls/" + n)); n++) {
      String called = n < methods.size() && methods.get(n) instanceof String other ? other : method;
      calls.add(call(folder, folder.resolve("calls/" + n), called));
    }
    return new ModelCase(
        folder,
        name(folder),
        model,
        dataFiles(folder),
        method,
        tolerance.doubleValue(),
        false,
        calls);
  }

  private static String name(Path folder) {
    Path last = folder.toAbsolutePath().normalize().getFileName();
    return last == null ? "" : last.toString();
  }

  private static ModelCase bundled(Path file) throws IOException {
    try (Program program = Program.open(file)) {
      if (program.tests().isEmpty()) {
        throw new CaseFormatException(file, "it has no tests.", null);
      }
      List<Call> calls =
          program.tests().stream()
              .map(t -> new Call(t.method(), given(file, t.inputs()), given(file, t.expected())))
              .toList();
      return new ModelCase(
          file,
          name(file),
          file,
          List.of(),
          calls.getFirst().method(),
          BUNDLE_TOLERANCE,
          true,
          calls);
    }
  }

  private static List<Source> given(Path file, List<ProgramValue> values) {
    try {
      return values.stream().<Source>map(v -> new Given(Numbers.asTensor(v))).toList();
    } catch (IllegalArgumentException e) { // a dtype that no tensor has
      throw new CaseFormatException(file, e.getMessage() + ".", e);
    }
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

  private static Call call(Path folder, Path at, String method) {
    List<Source> expected = numbered(at.resolve("expected"));
    if (expected.isEmpty()) {
      throw new CaseFormatException(
          folder, "there is no " + at.resolve("expected").resolve("0.npy") + ".", null);
    }
    return new Call(method, numbered(at.resolve("inputs")), expected);
  }

  private static List<Source> numbered(Path folder) {
    List<Source> files = new ArrayList<>();
    for (int n = 0; Files.isRegularFile(folder.resolve(n + ".npy")); n++) {
      files.add(new Stored(folder.resolve(n + ".npy")));
    }
    return files;
  }
}
