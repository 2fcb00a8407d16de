package dev.baton.nativelib;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Native access allowed and denied, each in a JVM of its own. */
class NativeAccessTest {
  private static final Path ZIP = HostLibraries.named("zip");

  private static List<String> run(String... options) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "--illegal-native-access=deny"));
    command.addAll(List.of(options));
    command.addAll(List.of("dev.baton.nativeclient.LocateAndOpen", ZIP.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output.lines().toList();
  }

  private static String classes(String folder) {
    Path classes = Path.of("target", folder).toAbsolutePath();
    assertTrue(classes.toFile().isDirectory(), classes.toString());
    return classes.toString();
  }

  private static String[] onClassPath() {
    return new String[] {
      "-cp", classes("classes") + System.getProperty("path.separator") + classes("test-classes")
    };
  }

  private static String[] onModulePath(String... more) {
    List<String> options = new ArrayList<>(List.of(more));
    options.addAll(
        List.of(
            "--module-path",
            classes("classes"),
            "--add-modules",
            "dev.baton.nativelib",
            "-cp",
            classes("test-classes")));
    return options.toArray(String[]::new);
  }

  @Test
  void deniedOnTheClassPath() throws Exception {
    String denied = "ACCESS_DENIED Start the JVM with --enable-native-access=ALL-UNNAMED.";
    assertEquals(List.of(denied, denied), run(onClassPath()));
  }

  @Test
  void deniedOnTheModulePath() throws Exception {
    String denied = "ACCESS_DENIED Start the JVM with --enable-native-access=dev.baton.nativelib.";
    assertEquals(List.of(denied, denied), run(onModulePath()));
  }

  @Test
  void allowedToThisModuleAloneItServesOthers() throws Exception {
    assertEquals(
        List.of("LOCATED " + ZIP, "OPEN true"),
        run(onModulePath("--enable-native-access=dev.baton.nativelib")));
  }
}
