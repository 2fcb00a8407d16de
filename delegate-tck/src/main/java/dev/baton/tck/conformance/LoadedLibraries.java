package dev.baton.tck.conformance;

import dev.baton.delegate.Delegate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which libraries a delegate loads to say whether it is available: none are allowed. Linux only.
 */
final class LoadedLibraries implements ChildJvm.Question {
  private static final Path MAPS = Path.of("/proc/self/maps");
  private static final int PATH_FIELD = 5;

  LoadedLibraries() {}

  static boolean isSupported() {
    return Files.isReadable(MAPS);
  }

  @Override
  public List<String> breaches(Delegate delegate, Map<String, String> options) throws IOException {
    Set<String> before = libraries();
    delegate.availability();
    if (!options.isEmpty()) {
      delegate.availability(new PlainContext(options));
    }
    Set<String> after = libraries();
    after.removeAll(before);
    return after.stream().map(library -> "availability() loads " + library).toList();
  }

  /** Files that are mapped to be executed, those of the JDK apart. */
  private static Set<String> libraries() throws IOException {
    String jdk = Path.of(System.getProperty("java.home")).toRealPath().toString();
    try (Stream<String> lines = Files.lines(MAPS)) {
      return lines
          .map(line -> line.split("\\s+", PATH_FIELD + 1))
          .filter(f -> f.length > PATH_FIELD && f[1].contains("x") && f[PATH_FIELD].startsWith("/"))
          .map(f -> f[PATH_FIELD])
          .filter(path -> !path.startsWith(jdk))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }
}
