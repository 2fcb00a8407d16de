package dev.baton.tck.container;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.cases.ModelCase;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What is tested: a class path, options of the JVM, and either a case (a model with inputs and
 * golden outputs) or a {@link HostCheck}. Immutable.
 *
 * <p>The class path is that of the running test, JUnit, Testcontainers and all, unless another is
 * named: what the test sees the container sees.
 */
public final class Application {
  private static final List<String> JVM_OPTIONS =
      List.of("--enable-native-access=ALL-UNNAMED", "--add-modules=jdk.incubator.vector");

  private final List<Path> classPath;
  private final List<String> jvmOptions;
  private final String kind;
  private final String subject;

  private Application(List<Path> classPath, List<String> jvmOptions, String kind, String subject) {
    this.classPath = List.copyOf(classPath);
    this.jvmOptions = List.copyOf(jvmOptions);
    this.kind = kind;
    this.subject = subject;
  }

  /**
   * Runs a case as {@code dev.baton:baton} runs it with no options set.
   *
   * @param folder with {@code model.pte}, {@code case.json}, {@code inputs} and {@code expected},
   *     see {@link ModelCase}; or a bundled program
   * @throws IllegalArgumentException if it is none
   */
  public static Application ofCase(Path folder) {
    if (!ModelCase.isCase(folder) && !Files.isRegularFile(folder)) {
      throw new IllegalArgumentException(
          folder.toAbsolutePath() + " is no case: it needs model.pte and case.json");
    }
    return new Application(
        testClassPath(), JVM_OPTIONS, Probe.CASE, folder.toAbsolutePath().toString());
  }

  /** Runs a class of the application's own. */
  public static Application ofCheck(Class<? extends HostCheck> check) {
    return new Application(testClassPath(), JVM_OPTIONS, Probe.CHECK, check.getName());
  }

  /**
   * Another class path, in this order: the application's own jar and those that it needs. What the
   * kit itself needs is put behind it.
   */
  public Application withClassPath(List<Path> paths) {
    return new Application(paths, jvmOptions, kind, subject);
  }

  /**
   * Other options of the JVM, in the place of {@code --enable-native-access=ALL-UNNAMED
   * --add-modules=jdk.incubator.vector}.
   */
  public Application withJvmOptions(String... options) {
    return new Application(classPath, List.of(options), kind, subject);
  }

  private static List<Path> testClassPath() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(p -> !p.isEmpty())
        .map(p -> Path.of(p).toAbsolutePath())
        .filter(Files::exists)
        .toList();
  }

  /** The class path, and what the probe needs behind it, each once. */
  List<Path> classPath() {
    Set<Path> all = new LinkedHashSet<>(classPath);
    for (Class<?> needed : List.of(Probe.class, ModelCase.class, JSON.class, JsonFactory.class)) {
      all.add(placeOf(needed));
    }
    return List.copyOf(all);
  }

  private static Path placeOf(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(type + " lies at no path", e);
    }
  }

  List<String> jvmOptions() {
    return jvmOptions;
  }

  /** {@link Probe#CASE} or {@link Probe#CHECK}. */
  String kind() {
    return kind;
  }

  /** Path of the case, or name of the class. */
  String subject() {
    return subject;
  }
}
