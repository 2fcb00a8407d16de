package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Volume;
import com.google.flatbuffers.FlatBufferBuilder;
import dev.baton.delegate.Delegate;
import dev.baton.runtime.Module;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.output.ToStringConsumer;
import org.testcontainers.containers.startupcheck.OneShotStartupCheckStrategy;
import org.testcontainers.utility.DockerImageName;

/**
 * Baton where the XNNPACK library cannot load, and, as a control, where it can. The images are made
 * by {@code native/containers/image}.
 */
@Tag("container")
final class ContainerTest {
  private static final String LIBRARY =
      "org/bytedeco/tensorflowlite/linux-x86_64/libjnitensorflowlite.so";
  private static final String JAVA = "/opt/java";
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** A host: an image, whether the library's jar is there, and where files may be put. */
  private record Host(String suite, boolean libraryJar, Map<String, String> tmpfs) {
    static Host of(String suite) {
      return new Host(suite, true, Map.of("/tmp", "rw,exec"));
    }

    Host withoutLibrary() {
      return new Host(suite, false, tmpfs);
    }

    Host withoutExecutableFolder() {
      return new Host(suite, libraryJar, Map.of("/tmp", "rw,noexec"));
    }
  }

  private static Path of(Class<?> type) throws Exception {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private static Path libraryJar() throws Exception {
    URL library = ContainerTest.class.getClassLoader().getResource(LIBRARY);
    assertNotNull(library, "tensorflow-lite's jar for linux-x86_64 is not on the class path");
    return Path.of(((JarURLConnection) library.openConnection()).getJarFileURL().toURI());
  }

  /** By name, where the module of the tests does not read the other. */
  private static List<Path> classPath(Host host) throws Exception {
    List<Path> paths =
        new ArrayList<>(
            List.of(
                of(Delegate.class),
                of(Class.forName("dev.baton.format.FlatBufferVerifier")),
                of(Class.forName("dev.baton.nativelib.LibraryFinder")),
                of(Module.class),
                of(FaultInjectingDelegate.class),
                of(FlatBufferBuilder.class),
                of(Class.forName("dev.baton.xnnpack.XnnpackDelegate")),
                Path.of("target", "test-classes").toAbsolutePath()));
    if (host.libraryJar()) {
      paths.add(libraryJar());
    }
    return paths;
  }

  /** Runs {@link ContainerMain} there; its facts by name. */
  private static Map<String, String> run(Host host) throws Exception {
    List<Bind> binds = new ArrayList<>();
    binds.add(new Bind(System.getProperty("java.home"), new Volume(JAVA), AccessMode.ro));
    List<String> classPath = new ArrayList<>();
    for (Path path : classPath(host)) {
      String inside = "/baton/" + classPath.size() + "/" + path.getFileName();
      classPath.add(inside);
      binds.add(new Bind(path.toString(), new Volume(inside), AccessMode.ro));
    }
    ToStringConsumer log = new ToStringConsumer();
    try (GenericContainer<?> container =
        new GenericContainer<>(DockerImageName.parse("baton-test:" + host.suite()))) {
      container
          .withImagePullPolicy(image -> false)
          .withCreateContainerCmdModifier(
              command -> command.getHostConfig().withBinds(binds).withReadonlyRootfs(true))
          .withTmpFs(host.tmpfs())
          .withLogConsumer(log)
          .withStartupCheckStrategy(new OneShotStartupCheckStrategy().withTimeout(PATIENCE))
          .withCommand(
              JAVA + "/bin/java",
              "-Xshare:auto",
              "-XX:-UsePerfData",
              "--enable-native-access=ALL-UNNAMED",
              "-Djava.io.tmpdir=/tmp",
              "-Dbaton.cache.dir=/tmp/cache",
              "-cp",
              String.join(":", classPath),
              "dev.baton.tck.ContainerMain");
      try {
        container.start();
      } catch (RuntimeException e) {
        throw new AssertionError("the container failed:\n" + log.toUtf8String(), e);
      }
      Map<String, String> facts = new LinkedHashMap<>();
      for (String line : container.getLogs().lines().toList()) {
        int colon = line.indexOf(": ");
        if (colon > 0) {
          facts.put(line.substring(0, colon), line.substring(colon + 2));
        }
      }
      assertEquals(
          Arrays.toString(ContainerMain.golden()), facts.get("output"), container::getLogs);
      return facts;
    }
  }

  private static void assertInJava(Map<String, String> facts, String reason, String... words) {
    assertEquals("reference", facts.get("runner"), facts::toString);
    assertEquals(reason, facts.get("reason"), facts::toString);
    String told = facts.get("message") + " " + facts.get("remedy");
    for (String word : words) {
      assertTrue(told.contains(word), told);
    }
  }

  @Test
  void withTheLibraryXnnpackRuns() throws Exception {
    Map<String, String> facts = run(Host.of("bookworm"));
    assertEquals("xnnpack", facts.get("runner"), facts::toString);
    assertEquals(null, facts.get("reason"), facts::toString);
  }

  @Test
  void withoutTheLibraryJavaRuns() throws Exception {
    assertInJava(
        run(Host.of("bookworm").withoutLibrary()),
        "LIBRARY_ABSENT",
        "org.bytedeco:tensorflow-lite",
        "-Dbaton.xnnpack.library");
  }

  @Test
  void withACacheThatCannotBeExecutedJavaRuns() throws Exception {
    assertInJava(
        run(Host.of("bookworm").withoutExecutableFolder()),
        "LIBRARY_NOT_PLACED",
        "noexec",
        "baton.cache.dir");
  }

  @Test
  void withSystemLibrariesThatAreTooOldJavaRuns() throws Exception {
    assertInJava(
        run(Host.of("bullseye")), "LIBRARY_UNFIT", "GLIBCXX_3.4.30", "Install a newer libstdc++");
  }
}
