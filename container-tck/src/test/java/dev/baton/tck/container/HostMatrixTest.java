package dev.baton.tck.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.Module;
import dev.baton.runtime.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** The matrix with processes of this machine in the place of containers. */
class HostMatrixTest {
  @BeforeAll
  static void everyHost() {
    System.clearProperty(HostMatrix.WITHOUT);
  }

  /** Starts the command here, where every mount is what it is a mount of. */
  private record Processes(Optional<String> absence, List<Launch> launches)
      implements ContainerEngine {
    @Override
    public String run(Launch launch) {
      launches.add(launch);
      if (launch.host().image().equals(Host.OLD_IMAGE)) {
        throw new NoImageException(Host.OLD_IMAGE, new IllegalStateException("no registry"));
      }
      List<String> command = new ArrayList<>(launch.command());
      command.replaceAll(word -> {
        String here = word;
        for (Map.Entry<Path, String> mount : launch.mounts().entrySet()) {
          here = here.replace(mount.getValue(), mount.getKey().toString());
        }
        return here.replace(Host.FOLDER + "/", launch.folder() + "/");
      });
      try {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes());
      } catch (java.io.IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  /** Negates a number, and finds it negated if no file says otherwise. */
  public static final class Negates implements HostCheck {
    @Override
    public Observation run() throws Exception {
      Path file = Files.createTempFile("negate", ".pte");
      try {
        Files.write(
            file,
            new ProgramBuilder()
                .method(
                    "forward",
                    m -> {
                      ProgramBuilder.Slot y = m.tensor(dev.baton.graph.DType.FLOAT, 1);
                      m.kernel("aten::neg.out", m.input(dev.baton.graph.DType.FLOAT, 1), y);
                      m.output(y);
                    })
                .toBytes());
        try (Module module = Module.load(file, LoadOptions.defaults())) {
          float[] y =
              module
                  .forward(Tensor.fromBlob(new float[] {2}, 1))[0]
                  .toTensor()
                  .getDataAsFloatArray();
          String wrong = System.getProperty("wrong", "/nowhere");
          return Observation.of(
              module.placement(), y[0] == -2 && !Files.exists(Path.of(wrong)), Arrays.toString(y));
        }
      } finally {
        Files.delete(file);
      }
    }
  }

  /** Throws. */
  public static final class Throws implements HostCheck {
    @Override
    public Observation run() {
      throw new IllegalStateException("no such backend");
    }
  }

  private static HostMatrix matrix = HostMatrix.of(Application.ofCheck(Negates.class));

  /** Not found by its name. */
  static final class Subject {
    @TestFactory
    Stream<DynamicNode> hosts() {
      return matrix.tests();
    }
  }

  private static Map<String, String> run(HostMatrix next) {
    matrix = next;
    Map<String, String> results = new TreeMap<>();
    LauncherFactory.create()
        .execute(
            LauncherDiscoveryRequestBuilder.request()
                .selectors(DiscoverySelectors.selectClass(Subject.class))
                .build(),
            new TestExecutionListener() {
              @Override
              public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (test.isTest()) {
                  results.put(
                      test.getDisplayName(),
                      result.getStatus()
                          + result.getThrowable().map(t -> " " + t.getMessage()).orElse(""));
                }
              }
            });
    return results;
  }

  private static void assertFailed(String result, String word) {
    assertTrue(result.startsWith("FAILED") && result.contains(word), result);
  }

  @Test
  void everyHostIsATestAndARow(@TempDir Path folder) throws Exception {
    Processes engine = new Processes(Optional.empty(), new ArrayList<>());
    Path report = folder.resolve("reports/hosts.md");
    Map<String, String> results =
        run(
            HostMatrix.of(
                    Application.ofCheck(Negates.class).withJvmOptions(),
                    Host.plain().expecting(Expectation.inJava()),
                    Host.noNetwork().expecting(Expectation.on("xnnpack")),
                    Host.plain()
                        .named("files")
                        .withJvmOptions("-Dwrong=" + Host.FOLDER + "/wrong")
                        .expecting(Expectation.inJava())
                        .then(
                            "wrong",
                            f -> Files.writeString(f.resolve("wrong"), ""),
                            Expectation.inJava()),
                    Host.musl().withJava("/nowhere/java").expecting(Expectation.inJava()))
                .withReport(report)
                .withEngine(engine));
    assertEquals(5, results.size(), results::toString);
    assertEquals("SUCCESSFUL", results.get("plain"));
    assertFailed(results.get("no network"), "were to run on xnnpack");
    assertEquals("SUCCESSFUL", results.get("files"));
    assertFailed(results.get("files, wrong"), "not the golden one");
    assertFailed(results.get("musl"), "/nowhere/java");
    List<String> rows = Files.readAllLines(report);
    assertEquals(2 + results.size(), rows.size(), rows::toString);
    assertTrue(
        rows.get(2).matches("\\| plain .*\\| reference 1 .*\\| yes .*\\| yes .*"), rows.get(2));
    assertTrue(rows.get(3).matches("\\| no network .*\\| NO .*"), rows.get(3));
    assertFalse(Files.exists(engine.launches().getFirst().folder()), "the work folder is left");
  }

  @Test
  void whatAnApplicationThrowsIsSeen(@TempDir Path folder) {
    Processes engine = new Processes(Optional.empty(), new ArrayList<>());
    Map<String, String> results =
        run(
            HostMatrix.of(
                    Application.ofCheck(Throws.class).withJvmOptions(),
                    Host.plain().expecting(Expectation.failing("no such backend")),
                    Host.oneCpu().expecting(Expectation.inJava()))
                .withReport(folder.resolve("hosts.md"))
                .withEngine(engine));
    assertEquals("SUCCESSFUL", results.get("plain"));
    assertFailed(results.get("one CPU"), "no such backend");
  }

  @Test
  void withoutAnImageAHostDoesNotRunUnlessItIsRequired(@TempDir Path folder) {
    HostMatrix old =
        HostMatrix.of(
                Application.ofCheck(Negates.class),
                Host.oldSystem().expecting(Expectation.inJava()))
            .withReport(folder.resolve("hosts.md"))
            .withEngine(new Processes(Optional.empty(), new ArrayList<>()));
    String local = with("auto", () -> run(old)).get("old glibc");
    assertTrue(local.startsWith("ABORTED There is no image " + Host.OLD_IMAGE), local);
    assertFailed(with("required", () -> run(old)).get("old glibc"), Host.OLD_IMAGE);
  }

  @Test
  void withoutAnEngineNothingRunsUnlessItIsRequired() {
    Processes engine = new Processes(Optional.of("No engine"), new ArrayList<>());
    HostMatrix without =
        HostMatrix.of(
                Application.ofCheck(Negates.class), Host.plain().expecting(Expectation.inJava()))
            .withEngine(engine);
    Map<String, String> local = with("auto", () -> run(without));
    assertEquals(
        Map.of("containers", "ABORTED No engine: 1 hosts are not tested in containers."), local);
    assertFailed(with("required", () -> run(without)).get("containers"), "required");
    assertTrue(with("off", () -> run(without)).get("containers").startsWith("ABORTED"));
  }

  private static <T> T with(String mode, java.util.function.Supplier<T> action) {
    String before = System.setProperty(HostMatrix.MODE, mode);
    try {
      return action.get();
    } finally {
      if (before == null) {
        System.clearProperty(HostMatrix.MODE);
      } else {
        System.setProperty(HostMatrix.MODE, before);
      }
    }
  }

  @Test
  void namesAreUniqueAndSomethingIsExpected() {
    Application application = Application.ofCheck(Negates.class);
    Host plain = Host.plain().expecting(Expectation.inJava());
    assertThrows(IllegalArgumentException.class, () -> HostMatrix.of(application, plain, plain));
    assertThrows(IllegalArgumentException.class, () -> HostMatrix.of(application, Host.plain()));
    assertThrows(IllegalArgumentException.class, () -> Application.ofCase(Path.of("nowhere")));
  }

  @Test
  void hostsLeaveOutJarsAndDenyNativeAccess() {
    Host host = Host.noLibrary("acme-*", "other.jar").withoutNativeAccess();
    assertTrue(host.leavesOut(Path.of("/repository/acme-native-1.jar")));
    assertFalse(host.leavesOut(Path.of("/acme-1/application.jar")));
    assertEquals(
        List.of("-Xmx1g", "--illegal-native-access=deny"),
        host.jvmOptions(List.of("--enable-native-access=ALL-UNNAMED", "-Xmx1g")));
  }
}
