package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Shadow;
import dev.baton.runtime.program.Program;
import dev.baton.tck.Failure;
import dev.baton.tck.Fault;
import dev.baton.tck.FaultInjectingDelegate;
import dev.baton.tck.Faults;
import dev.baton.tck.Moment;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import jdk.jfr.Configuration;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Java Flight Recorder records of a load, a failure and what Java does in its place. */
class FlightTest {
  private static final String NAME = "faulty";
  private static final Path MODELS = Path.of(System.getProperty("baton.models"));
  private static final int RUNS = 20_000;
  private static final int ROUNDS = 100;

  private static Configuration settings() throws IOException, ParseException {
    try (Reader settings =
        new InputStreamReader(
            Objects.requireNonNull(
                LoadOptions.class.getResourceAsStream("/META-INF/jfr/baton.jfc")),
            StandardCharsets.UTF_8)) {
      return Configuration.create(settings);
    }
  }

  private static ModelMethod load(Fault... faults) throws IOException {
    Faults all = Faults.none().named(NAME);
    for (Fault fault : faults) {
      all = all.with(fault);
    }
    try (Program program = Program.open(MODELS.resolve("add-portable/model.pte"))) {
      return ModelMethod.load(
          program,
          "forward",
          LoadOptions.defaults().withPolicy(FallbackPolicy.FALL_BACK).withDelegates(List.of(NAME)),
          Delegates.of(List.of(FaultInjectingDelegate.of(all)), List.of()));
    }
  }

  /** Records two runs, the first of which fails. */
  private static void record(Path file, Recording recording) throws IOException {
    recording.start();
    try (ModelMethod method = load(new Fault(Moment.RUN, 1, 1, 0, Failure.runtimeException()));
        Execution execution = method.newExecution()) {
      execution.run();
      execution.run();
      assertEquals(1, execution.fallenBack().size());
    }
    recording.stop();
    recording.dump(file);
  }

  @Test
  void javaTakesOverFromADelegateThatIsWrong(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("divergence.jfr");
    Faults wrong =
        Faults.none()
            .named(NAME)
            .with(new Fault(Moment.RUN, 1, Integer.MAX_VALUE, Fault.ANY, Failure.wrong(2)));
    try (Recording recording = new Recording(settings());
        Program program = Program.open(MODELS.resolve("add-portable/model.pte"));
        ModelMethod method =
            ModelMethod.load(
                program,
                "forward",
                LoadOptions.defaults()
                    .withPolicy(FallbackPolicy.FALL_BACK)
                    .withShadow(Shadow.ofRate(1).onCallersThread())
                    .withDelegates(List.of(NAME)),
                Delegates.of(List.of(FaultInjectingDelegate.of(wrong)), List.of()));
        Execution execution = method.newExecution()) {
      recording.start();
      for (int i = 0; i < 3; i++) {
        execution.run();
      }
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    only(events, "baton.Divergence");
    assertEquals("its results are not Java's", only(events, "baton.Fallback").getString("failure"));
  }

  private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
    return events.stream().filter(e -> e.getEventType().getName().equals(name)).toList();
  }

  private static RecordedEvent only(List<RecordedEvent> events, String name) {
    List<RecordedEvent> found = named(events, name);
    assertEquals(1, found.size(), () -> name + " in " + events);
    return found.getFirst();
  }

  @Test
  void aFallbackIsRecordedWithBothTimes(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("fallback.jfr");
    try (Recording recording = new Recording(settings())) {
      record(file, recording);
    }
    List<RecordedEvent> events =
        RecordingFile.readAllEvents(file).stream()
            .filter(e -> e.getEventType().getName().startsWith("baton."))
            .toList();
    assertEquals("forward", only(events, "baton.Load").getString("method"));
    RecordedEvent claim = only(events, "baton.Claim");
    assertEquals(NAME, claim.getString("delegate"));
    assertEquals(claim.getInt("offered"), claim.getInt("claimed"));
    assertTrue(claim.getInt("claimed") > 0);
    String subgraph = only(events, "baton.Compile").getString("subgraph");
    assertEquals("forward/faulty/0", subgraph);

    RecordedEvent failure = only(events, "baton.Failure");
    assertEquals("run", failure.getString("moment"));
    assertEquals(NAME, failure.getString("delegate"));
    assertEquals(subgraph, failure.getString("what"));
    assertTrue(failure.getString("failure").contains("injected"), failure::toString);

    RecordedEvent fallback = only(events, "baton.Fallback");
    assertEquals(subgraph, fallback.getString("subgraph"));
    assertEquals(failure.getString("failure"), fallback.getString("failure"));
    Duration delegate = fallback.getDuration("delegateTime");
    Duration java = fallback.getDuration("javaTime");
    assertTrue(delegate.isPositive() && java.isPositive(), fallback::toString);
    assertTrue(java.compareTo(fallback.getDuration()) <= 0, fallback::toString);
    assertTrue(!fallback.getStartTime().isBefore(failure.getStartTime()), fallback::toString);

    List<RecordedEvent> runs = named(events, "baton.Run");
    assertEquals(2, runs.size());
    assertTrue(runs.stream().allMatch(r -> r.getBoolean("completed")));
    assertTrue(
        runs.stream().anyMatch(r -> r.getDuration().compareTo(delegate.plus(java)) >= 0),
        "a run lasts as long as both");
    assertEquals(
        Set.of("execution", "method"),
        named(events, "baton.Close").stream()
            .map(e -> e.getString("what"))
            .collect(Collectors.toSet()));
  }

  @Test
  void declinesAndStepsAreThereByTheSettings(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("declines.jfr");
    try (Recording recording = new Recording(settings())) {
      recording.enable("baton.Step").withoutThreshold();
      recording.start();
      try (ModelMethod method =
              load(new Fault(Moment.COMPILE, 1, 9, 0, Failure.delegateException()));
          Execution execution = method.newExecution()) {
        execution.run();
      }
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    assertEquals("compile", only(events, "baton.Failure").getString("moment"));
    assertFalse(only(events, "baton.Compile").getString("failure").isEmpty());
    RecordedEvent decline = named(events, "baton.Decline").getFirst();
    assertEquals("COMPILE_FAILED", decline.getString("kind"));
    assertEquals("aten::add.Tensor", decline.getString("operator"));
    assertEquals(
        Set.of("vector"),
        named(events, "baton.Step").stream()
            .map(e -> e.getString("runner"))
            .collect(Collectors.toSet()));
  }

  /** The JDK's own tool prints what was recorded. */
  @Test
  void jfrPrintsIt(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("fallback.jfr");
    try (Recording recording = new Recording(settings())) {
      record(file, recording);
    }
    Path out = folder.resolve("printed.txt");
    Path jfr = Path.of(System.getProperty("java.home"), "bin", "jfr");
    Process process =
        new ProcessBuilder(jfr.toString(), "print", "--categories", "Baton", file.toString())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    assertEquals(0, process.waitFor(), () -> out.toString());
    String printed = Files.readString(out);
    for (String event : List.of("Load", "Claim", "Compile", "Failure", "Fallback", "Run")) {
      assertTrue(printed.contains("baton." + event + " {"), printed);
    }
    assertTrue(printed.contains("delegateTime = ") && printed.contains("javaTime = "), printed);
  }

  @Test
  void afterARecordingRunsLeaveNothingOnTheHeap() throws Exception {
    try (Recording recording = new Recording(settings())) {
      recording.start();
    }
    assertTrue(FlightRecorder.isInitialized());
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Program program = Program.open(MODELS.resolve("add-portable/model.pte"));
        ModelMethod method = ModelMethod.load(program, "forward", LoadOptions.javaOnly());
        Execution execution = method.newExecution()) {
      long least = Long.MAX_VALUE;
      for (int round = 0; round < ROUNDS && least >= RUNS; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int run = 0; run < RUNS; run++) {
          execution.run();
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertTrue(least < RUNS, least + " bytes in " + RUNS + " runs");
    }
  }
}
