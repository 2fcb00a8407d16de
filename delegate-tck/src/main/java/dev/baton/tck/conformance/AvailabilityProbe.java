package dev.baton.tck.conformance;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Delegate;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Makes a delegate in a JVM of its own, asks whether it is available, and prints the libraries that
 * this loaded: none are allowed, and here none are loaded before. Linux only.
 */
final class AvailabilityProbe {
  private static final Path MAPS = Path.of("/proc/self/maps");
  private static final String LOADED = "loaded: ";
  private static final String ANSWER = "answer: ";
  private static final int PATH_FIELD = 5;
  private static final long SECONDS = 60;

  private AvailabilityProbe() {}

  static boolean isSupported() {
    return Files.isReadable(MAPS);
  }

  /** What runs in the child: the delegate's class, then options as {@code key=value}. */
  public static void main(String[] args) throws Exception {
    Set<String> before = libraries();
    Delegate delegate = (Delegate) Class.forName(args[0]).getDeclaredConstructor().newInstance();
    Map<String, String> options =
        Stream.of(args)
            .skip(1)
            .map(a -> a.split("=", 2))
            .collect(Collectors.toMap(a -> a[0], a -> a[1]));
    Availability answer = delegate.availability();
    if (!options.isEmpty()) {
      answer = delegate.availability(new PlainContext(options));
    }
    Set<String> after = libraries();
    after.removeAll(before);
    after.forEach(library -> System.out.println(LOADED + library));
    System.out.println(ANSWER + answer);
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

  /**
   * What availability loads.
   *
   * @return paths of libraries; empty if there are none
   * @throws AssertionError if the child fails
   */
  static List<String> librariesLoadedBy(Class<?> delegate, Map<String, String> options)
      throws IOException, InterruptedException, URISyntaxException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-cp");
    command.add(classPath(delegate));
    command.add(AvailabilityProbe.class.getName());
    command.add(delegate.getName());
    options.forEach((key, value) -> command.add(key + "=" + value));
    Path output = Files.createTempFile("availability", ".txt");
    try {
      Process child =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      if (!child.waitFor(SECONDS, TimeUnit.SECONDS)) {
        child.destroyForcibly();
        throw new AssertionError("availability() took longer than " + SECONDS + " s");
      }
      List<String> lines = Files.readAllLines(output);
      if (child.exitValue() != 0 || lines.stream().noneMatch(l -> l.startsWith(ANSWER))) {
        throw new AssertionError(
            "the JVM that asked for availability ended with "
                + child.exitValue()
                + ":\n"
                + String.join("\n", lines));
      }
      return lines.stream()
          .filter(l -> l.startsWith(LOADED))
          .map(l -> l.substring(LOADED.length()))
          .toList();
    } finally {
      Files.delete(output);
    }
  }

  /** Everything that this JVM finds classes in, and where the delegate's class file lies. */
  private static String classPath(Class<?> delegate) throws URISyntaxException {
    List<String> places = new ArrayList<>();
    String file = delegate.getName().replace('.', '/') + ".class";
    URL url = delegate.getResource("/" + file);
    if (url != null && url.getProtocol().equals("file")) {
      String path = Path.of(url.toURI()).toString();
      places.add(path.substring(0, path.length() - file.length()));
    }
    for (String property : List.of("java.class.path", "jdk.module.path")) {
      String value = System.getProperty(property, "");
      if (!value.isEmpty()) {
        places.add(value);
      }
    }
    return String.join(java.io.File.pathSeparator, places);
  }
}
