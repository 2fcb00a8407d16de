package dev.baton.archetype;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** A Maven project in a folder, generated, compiled and tested in this process. */
record Project(Path folder) {
  /** What became of the tests of a class, by name; aborted ones with the reason. */
  record Results(List<String> passed, Map<String, String> aborted, Map<String, String> failed) {}

  /** As {@code archetype:generate} writes it. */
  static Project generate(Path folder, Map<String, String> properties) throws Exception {
    URL metadata = Project.class.getResource("/META-INF/maven/archetype-metadata.xml");
    assertNotNull(metadata);
    Path template = Path.of(metadata.toURI()).resolve("../../../archetype-resources").normalize();
    try (Stream<Path> files = Files.walk(template)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String path = template.relativize(file).toString().replace(File.separatorChar, '/');
        for (String root : List.of("src/main/java/", "src/test/java/")) {
          if (path.startsWith(root)) {
            String inside = properties.get("package").replace('.', '/') + "/";
            path = root + inside + path.substring(root.length());
          }
        }
        String text = Files.readString(file);
        // Velocity, which archetypes are filled in by, reads these signs.
        assertTrue(!text.contains("#") && !text.contains("$!"), file::toString);
        for (Map.Entry<String, String> property : properties.entrySet()) {
          text = text.replace("${" + property.getKey() + "}", property.getValue());
          path = path.replace("__" + property.getKey() + "__", property.getValue());
        }
        assertTrue(!text.contains("${") && !path.contains("__"), path + "\n" + text);
        new Project(folder).write(path, text);
      }
    }
    return new Project(folder);
  }

  void write(String path, String text) throws IOException {
    Path file = folder.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  String read(String path) throws IOException {
    return Files.readString(folder.resolve(path));
  }

  /** Compiles main and tests, without warnings, and runs a test class. */
  Results verify(String testClass) throws Exception {
    Path main = folder.resolve("target/classes");
    Path test = folder.resolve("target/test-classes");
    compile("src/main/java", main, System.getProperty("java.class.path"));
    compile(
        "src/test/java", test, main + File.pathSeparator + System.getProperty("java.class.path"));
    copy(folder.resolve("src/main/resources"), main);
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (URLClassLoader loader =
        new URLClassLoader(
            new URL[] {main.toUri().toURL(), test.toUri().toURL()},
            Project.class.getClassLoader())) {
      Thread.currentThread().setContextClassLoader(loader);
      return run(loader.loadClass(testClass));
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  private static Results run(Class<?> testClass) {
    Results results = new Results(new ArrayList<>(), new TreeMap<>(), new TreeMap<>());
    LauncherFactory.create()
        .execute(
            LauncherDiscoveryRequestBuilder.request()
                .selectors(DiscoverySelectors.selectClass(testClass))
                .build(),
            new TestExecutionListener() {
              @Override
              public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                String why = String.valueOf(result.getThrowable().orElse(null));
                switch (result.getStatus()) {
                  case SUCCESSFUL -> {
                    if (test.isTest()) {
                      results.passed().add(test.getDisplayName());
                    }
                  }
                  case ABORTED -> results.aborted().put(test.getDisplayName(), why);
                  case FAILED -> results.failed().put(test.getDisplayName(), why);
                }
              }
            });
    return results;
  }

  private void compile(String sources, Path into, String classPath) throws IOException {
    JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    try (StandardJavaFileManager files = javac.getStandardFileManager(null, null, null);
        Stream<Path> all = Files.walk(folder.resolve(sources))) {
      List<Path> java = all.filter(f -> f.toString().endsWith(".java")).toList();
      Files.createDirectories(into);
      boolean done =
          javac
              .getTask(
                  messages,
                  files,
                  null,
                  List.of(
                      "-d",
                      into.toString(),
                      "-cp",
                      classPath,
                      "--release",
                      "25",
                      "-Xlint:all" + ",-path,-processing,-classfile,-restricted"),
                  null,
                  files.getJavaFileObjectsFromPaths(java))
              .call();
      assertTrue(done, messages::toString);
      assertEquals("", messages.toString(), "warnings");
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        Files.createDirectories(target.getParent());
        Files.copy(file, target, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }
}
