package dev.baton.isolation;

import dev.baton.isolation.child.Main;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * How the child's Java is started: with this process' JDK, its class path (what is on the module
 * path too), its {@code baton.*} properties, and nothing else of its options: an agent or a
 * debugger's port is this process' own.
 */
final class JavaCommand {
  private static final String OWN_PREFIX = "baton.";

  /** Of the parent alone. */
  private static final List<String> NOT_FORWARDED =
      List.of(IsolationWrapper.PROPERTY, IsolationWrapper.JAVA_OPTIONS_PROPERTY);

  private JavaCommand() {}

  /**
   * @param arguments of {@link Main}
   */
  static ProcessBuilder of(List<String> javaOptions, List<String> arguments, Module delegate) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+UseSerialGC");
    // A crash is told on stdout, which is read, and leaves no files behind.
    command.add("-XX:+ErrorFileToStdout");
    command.add("-XX:-CreateCoredumpOnCrash");
    command.add("-Xlog:disable");
    command.add("-Xlog:all=warning:stderr");
    System.getProperties()
        .forEach((key, value) -> {
          if (key instanceof String name
              && value instanceof String text
              && (name.startsWith(OWN_PREFIX) || name.equals("java.io.tmpdir"))
              && !NOT_FORWARDED.contains(name)) {
            command.add("-D" + name + "=" + text);
          }
        });
    Module own = JavaCommand.class.getModule();
    boolean inImage = own.isNamed() && own.getLayer() != null && isOfImage(own);
    if (inImage) {
      command.add("--enable-native-access=" + delegate.getName());
      command.add("--add-modules=" + own.getName() + "," + delegate.getName());
    } else {
      command.add("--enable-native-access=ALL-UNNAMED");
      if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
        command.add("--add-modules=jdk.incubator.vector");
      }
    }
    command.addAll(javaOptions);
    if (inImage) {
      command.add("-m");
      command.add(own.getName() + "/" + Main.class.getName());
    } else {
      command.add(Main.class.getName());
    }
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.remove("JAVA_TOOL_OPTIONS");
    environment.remove("JDK_JAVA_OPTIONS");
    environment.put("CLASSPATH", classPath());
    return builder;
  }

  private static boolean isOfImage(Module module) {
    return ModuleLayer.boot()
        .configuration()
        .findModule(module.getName())
        .flatMap(m -> m.reference().location())
        .filter(uri -> "jrt".equals(uri.getScheme()))
        .isPresent();
  }

  /** Class path and module path: every provider is declared for both. */
  private static String classPath() {
    List<String> entries = new ArrayList<>();
    for (String entry : entries("java.class.path")) {
      entries.add(Path.of(entry).toAbsolutePath().toString());
    }
    for (String entry : entries("jdk.module.path")) {
      Path path = Path.of(entry).toAbsolutePath();
      if (Files.isRegularFile(path) || Files.exists(path.resolve("module-info.class"))) {
        entries.add(path.toString());
        continue;
      }
      try (Stream<Path> modules = Files.list(path)) {
        modules.sorted().map(Path::toString).forEach(entries::add);
      } catch (IOException e) {
        // what is not there, Java did not find either
      }
    }
    return String.join(File.pathSeparator, entries);
  }

  private static List<String> entries(String property) {
    return Stream.of(System.getProperty(property, "").split(File.pathSeparator))
        .filter(e -> !e.isEmpty())
        .toList();
  }
}
