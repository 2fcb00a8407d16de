package dev.baton.coreml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.delegate.Delegate;
import dev.baton.nativelib.HostPlatform;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The delegate is found by a user's program on either path. */
final class ServicesTest {
  private static final String CLIENT = "dev.baton.coremlclient.Services";

  private static Path of(Class<?> type) throws Exception {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private static String modules() throws Exception {
    List<Path> paths = new ArrayList<>();
    for (Class<?> type :
        List.of(
            CoreMlDelegate.class,
            Delegate.class,
            HostPlatform.class,
            JSON.class,
            JsonFactory.class)) {
      paths.add(of(type));
    }
    return paths.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
  }

  private static String run(String... options) throws Exception {
    List<String> command =
        Stream.concat(
                Stream.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()),
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

  @Test
  void onTheClassPath() throws Exception {
    String reason = new CoreMlDelegate().availability().reason().name();
    assertEquals("false coreml " + reason, run("-cp", modules() + File.pathSeparator + tests()));
  }

  @Test
  void onTheModulePath() throws Exception {
    String reason = new CoreMlDelegate().availability().reason().name();
    String output = run("-p", modules(), "--add-modules", "dev.baton.coreml", "-cp", tests());
    assertTrue(output.contains("true coreml " + reason), output);
  }
}
