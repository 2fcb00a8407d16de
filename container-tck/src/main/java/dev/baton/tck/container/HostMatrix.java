package dev.baton.tck.container;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.opentest4j.TestAbortedException;

/**
 * An application on many hosts: a test for each, and a table of what they showed.
 *
 * <pre>{@code
 * @TestFactory
 * Stream<DynamicNode> everyHost() {
 *   return HostMatrix.of(
 *           Application.ofCase(Path.of("src/test/resources/digits")),
 *           Host.plain().expecting(Expectation.on("xnnpack")),
 *           Host.noLibrary(Host.XNNPACK_JARS)
 *               .expecting(Expectation.inJava().because("xnnpack", Reason.LIBRARY_ABSENT)))
 *       .tests();
 * }
 * }</pre>
 *
 * <p>Where no engine answers, the one test is aborted and says so in a line; where an image is not
 * to be had, that host's test is aborted. The system property {@link #MODE} set to {@code required}
 * makes that a failure, {@code off} runs nothing anywhere. The property {@link #WITHOUT} names
 * hosts, with commas in between, that this machine cannot run; the table says so.
 */
public final class HostMatrix {
  /** System property: {@code required}, {@code off}, or {@code auto}, which is the default. */
  public static final String MODE = "baton.containers";

  /** System property with names of hosts that are not run. */
  public static final String WITHOUT = "baton.containers.without";

  private static final String REQUIRED = "required";
  private static final String OFF = "off";
  private static final double NANO = 1e9;

  private final Application application;
  private final List<Host> hosts;
  private final Path report;
  private final ContainerEngine engine;

  private HostMatrix(
      Application application, List<Host> hosts, Path report, ContainerEngine engine) {
    this.application = application;
    this.hosts = hosts;
    this.report = report;
    this.engine = engine;
  }

  /**
   * The matrix of an application.
   *
   * @param hosts each with a name of its own, and with what is expected there
   * @throws IllegalArgumentException if a name occurs twice, or nothing is expected of a host
   */
  public static HostMatrix of(Application application, Host... hosts) {
    Set<String> names = new HashSet<>();
    for (Host host : hosts) {
      if (!names.add(host.name())) {
        throw new IllegalArgumentException("Two hosts are called '" + host.name() + "'.");
      }
      if (host.runs().isEmpty()) {
        throw new IllegalArgumentException(
            "Nothing is expected of the host '" + host.name() + "': call expecting.");
      }
    }
    return new HostMatrix(
        application, List.of(hosts), Path.of("target", "container-hosts.md"), new Docker());
  }

  /** Another file for the table than {@code target/container-hosts.md}. */
  public HostMatrix withReport(Path file) {
    return new HostMatrix(application, hosts, file, engine);
  }

  HostMatrix withEngine(ContainerEngine other) {
    return new HostMatrix(application, hosts, report, other);
  }

  /**
   * The tests, one for each run, to be given to JUnit, which closes the stream: then the table is
   * printed and written.
   */
  public Stream<DynamicNode> tests() {
    String mode = System.getProperty(MODE, "");
    Optional<String> absence =
        mode.equals(OFF) ? Optional.of("-D" + MODE + "=" + OFF + " is set") : engine.absence();
    if (absence.isPresent()) {
      return Stream.of(notAtAll(absence.get(), isRequired()));
    }
    Path work;
    try {
      work = Files.createTempDirectory("container-hosts");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Runs runs = new Runs(work, new SlimJre(work), new HostTable());
    return hosts.stream().map(runs::node).onClose(runs::close);
  }

  private static boolean isRequired() {
    return System.getProperty(MODE, "").equals(REQUIRED);
  }

  private DynamicNode notAtAll(String why, boolean required) {
    String line = why + ": " + hosts.size() + " hosts are not tested in containers.";
    if (!required) {
      System.out.println(line);
    }
    return DynamicTest.dynamicTest(
        "containers",
        () -> {
          if (required) {
            fail(line + " They are required by -D" + MODE + "=" + REQUIRED + ".");
          }
          Assumptions.abort(line);
        });
  }

  /** What the tests of one stream share. */
  private final class Runs {
    private final Path work;
    private final SlimJre slim;
    private final HostTable table;

    Runs(Path work, SlimJre slim, HostTable table) {
      this.work = work;
      this.slim = slim;
      this.table = table;
    }

    DynamicNode node(Host host) {
      if (Set.of(System.getProperty(WITHOUT, "").split(",")).contains(host.name())) {
        return DynamicTest.dynamicTest(
            host.name(),
            () -> {
              String why = "-D" + WITHOUT + " names it";
              table.addNotRun(host.name(), why);
              throw new TestAbortedException(why);
            });
      }
      List<DynamicTest> tests = new ArrayList<>();
      for (Host.Run run : host.runs()) {
        String name = run.name().isEmpty() ? host.name() : host.name() + ", " + run.name();
        tests.add(DynamicTest.dynamicTest(name, () -> test(name, host, run)));
      }
      return tests.size() == 1
          ? tests.getFirst()
          : DynamicContainer.dynamicContainer(host.name(), tests);
    }

    private void test(String name, Host host, Host.Run run) throws Exception {
      Path folder = Files.createDirectories(work.resolve("folder-of-" + hosts.indexOf(host)));
      run.preparation().prepare(folder);
      Launch launch = Launch.of(application, host, folder, slim);
      long start = System.nanoTime();
      String log;
      try {
        log = engine.run(launch);
      } catch (RuntimeException e) {
        table.addNotRun(name, String.valueOf(e.getMessage()));
        if (e instanceof ContainerEngine.NoImageException && !isRequired()) {
          Assumptions.abort(String.valueOf(e.getMessage()));
        }
        throw e;
      }
      double seconds = (System.nanoTime() - start) / NANO;
      Optional<String> line = log.lines().filter(l -> l.startsWith(Probe.SEEN)).reduce((a, b) -> b);
      if (line.isEmpty()) {
        table.addNotRun(name, "The JVM ended without a word.");
        fail("The JVM ended without a word of what it saw:\n" + log);
        return;
      }
      Observation seen = Observation.fromJson(line.get().substring(Probe.SEEN.length()));
      List<String> breaches = run.expectation().breaches(seen);
      table.add(name, seen, seconds, breaches.isEmpty());
      if (!breaches.isEmpty()) {
        fail(String.join("\n", breaches) + "\nOn the host:\n" + log);
      }
    }

    void close() {
      try {
        String markdown = table.toMarkdown();
        if (!markdown.isEmpty()) {
          System.out.print(markdown);
          Path parent = report.toAbsolutePath().getParent();
          if (parent != null) {
            Files.createDirectories(parent);
          }
          Files.writeString(report, markdown);
        }
        delete(work);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    List<Path> all;
    try (Stream<Path> files = Files.walk(folder)) {
      all = files.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : all) {
      Files.delete(file);
    }
  }
}
