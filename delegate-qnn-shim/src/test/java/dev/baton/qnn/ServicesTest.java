package dev.baton.qnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Delegate;
import dev.baton.nativelib.HostPlatform;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The delegate is found by a user's program on either path. */
final class ServicesTest {
  private static final String CLIENT = "dev.baton.qnnclient.Services";

  private static Path of(Class<?> type) throws Exception {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private static String modules() throws Exception {
    List<Path> paths = new ArrayList<>();
    for (Class<?> type : List.of(QnnDelegate.class, Delegate.class, HostPlatform.class)) {
      paths.add(of(type));
    }
    return paths.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
  }

  private static String run(String... options) throws Exception {
    List<String> command =
        Stream.concat(
                Stream.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-D" + QnnDelegate.LIBRARY_PROPERTY + "=" + library()),
                Stream.of(options))
            .collect(Collectors.toCollection(ArrayList::new));
    command.add(CLIENT);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes()).strip();
    assertEquals(0, process.waitFor(), output);
    return output;
  }

  /** Where the compiled tests are; the package of the client is in no module there. */
  private static String tests() throws Exception {
    return Path.of("target", "test-classes").toAbsolutePath().toString();
  }

  /** Set in both processes, so that both look in one place. */
  private static String library() {
    return System.getProperty(QnnDelegate.LIBRARY_PROPERTY, "/nowhere/libQnnHtp.so");
  }

  private static String state() {
    Availability availability =
        new QnnDelegate().availability(new Host(Map.of(QnnDelegate.LIBRARY_OPTION, library())));
    return availability.isAvailable() ? "AVAILABLE" : availability.reason().name();
  }

  @Test
  void onTheClassPath() throws Exception {
    String reason = state();
    assertEquals(
        "false qnn " + reason,
        run("--enable-native-access=ALL-UNNAMED", "-cp", modules() + File.pathSeparator + tests()));
  }

  @Test
  void onTheModulePath() throws Exception {
    String reason = state();
    String output = run("-p", modules(), "--add-modules", "dev.baton.qnn", "-cp", tests());
    assertTrue(output.contains("true qnn " + reason), output);
  }
}
