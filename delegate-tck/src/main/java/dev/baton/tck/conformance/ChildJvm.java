package dev.baton.tck.conformance;

import dev.baton.delegate.Delegate;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Asks a delegate in a JVM of its own what a test's JVM cannot ask: what it loads where nothing is
 * loaded before, and what might end the process.
 */
final class ChildJvm {
  /** What is asked. */
  interface Question {
    /**
     * @return what is wrong
     */
    List<String> breaches(Delegate delegate, Map<String, String> options) throws Exception;
  }

  private static final String WRONG = "wrong: ";
  private static final String ANSWERED = "answered";
  private static final String OPTIONS = "--options";
  private static final long SECONDS = 120;

  private ChildJvm() {}

  /** What runs in the child: the question's class, the delegate's, options as {@code key=value}. */
  public static void main(String[] args) throws Exception {
    Question question = (Question) instance(args[0]);
    List<Map<String, String>> all = new ArrayList<>();
    for (String arg : Arrays.asList(args).subList(2, args.length)) {
      if (arg.equals(OPTIONS)) {
        all.add(new LinkedHashMap<>());
      } else {
        String[] option = arg.split("=", 2);
        all.getLast().put(option[0], option[1]);
      }
    }
    for (Map<String, String> options : all) {
      for (String breach : question.breaches((Delegate) instance(args[1]), options)) {
        System.out.println(WRONG + breach);
      }
    }
    System.out.println(ANSWERED);
    System.exit(0); // whatever threads there are
  }

  private static Object instance(String name) throws ReflectiveOperationException {
    return Class.forName(name).getDeclaredConstructor().newInstance();
  }

  /**
   * Asks in a child.
   *
   * @param delegate a public class with a public constructor without arguments, as the SPI says
   * @param options of which each is asked about
   * @return what is wrong; empty if nothing is
   * @throws AssertionError if the child ends without an answer
   */
  static List<String> ask(
      Class<? extends Question> question, Class<?> delegate, List<Map<String, String>> options)
      throws InterruptedException {
    List<String> command = command(question, delegate, options);
    try {
      Path output = Files.createTempFile("baton-child", ".txt");
      try {
        return answer(command, output);
      } finally {
        Files.delete(output);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> command(
      Class<?> question, Class<?> delegate, List<Map<String, String>> options) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-XX:+UseSerialGC"); // a short life
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-XX:-CreateCoredumpOnCrash");
    command.add("-XX:+ErrorFileToStdout");
    command.add("-cp");
    command.add(classPath(delegate));
    command.add(ChildJvm.class.getName());
    command.add(question.getName());
    command.add(delegate.getName());
    for (Map<String, String> one : options) {
      command.add(OPTIONS);
      one.forEach((key, value) -> command.add(key + "=" + value));
    }
    return command;
  }

  private static List<String> answer(List<String> command, Path output)
      throws IOException, InterruptedException {
    Process child =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!child.waitFor(SECONDS, TimeUnit.SECONDS)) {
      child.destroyForcibly();
      throw new AssertionError("the delegate took longer than " + SECONDS + " s");
    }
    List<String> lines = Files.readAllLines(output);
    if (child.exitValue() != 0 || !lines.contains(ANSWERED)) {
      throw new AssertionError(
          "the JVM with the delegate ended with "
              + child.exitValue()
              + ":\n"
              + String.join("\n", lines.subList(0, Math.min(lines.size(), 40))));
    }
    return lines.stream()
        .filter(l -> l.startsWith(WRONG))
        .map(l -> l.substring(WRONG.length()))
        .toList();
  }

  /** Everything that this JVM finds classes in, and where the delegate's class file lies. */
  private static String classPath(Class<?> delegate) {
    List<String> places = new ArrayList<>();
    String file = delegate.getName().replace('.', '/') + ".class";
    URL url = delegate.getResource("/" + file);
    if (url != null && url.getProtocol().equals("file")) {
      try {
        String path = Path.of(url.toURI()).toString();
        places.add(path.substring(0, path.length() - file.length()));
      } catch (URISyntaxException e) {
        throw new IllegalStateException(e);
      }
    }
    for (String property : List.of("java.class.path", "jdk.module.path")) {
      String value = System.getProperty(property, "");
      if (!value.isEmpty()) {
        places.add(value);
      }
    }
    return String.join(File.pathSeparator, places);
  }
}
