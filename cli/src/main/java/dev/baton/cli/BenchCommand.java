package dev.baton.cli;

import com.sun.management.ThreadMXBean;
import dev.baton.runtime.Execution;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Placement;
import dev.baton.runtime.profile.Quantiles;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures one method. */
@Command(
    name = "bench",
    description = "Measures a method: load, first run, and runs after warming up.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  baton bench model.pte                           pseudo-random inputs, 5 seconds",
      "  baton bench model.pte --input x.npy --threads 1 --seconds 10 --json",
      "  baton bench model.pte --delegates none          Java alone",
      "",
      "Java kernels alone want some seconds to warm up. The peak is of the whole process."
    })
final class BenchCommand extends AbstractCommand {
  private static final int MAX_RUNS = 2_000_000;
  private static final double WARM_UP_SHARE = 0.25;

  @Mixin private ModelOptions model;

  @Mixin private FallbackOptions fallback;

  @Mixin private InputOptions inputs;

  @Mixin private DelegateOptions delegates;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "5",
      description = "How long to measure; default: 5.")
  private double seconds;

  @Option(
      names = {"--warm-up", "--warmup"},
      paramLabel = "S",
      description = "How long to run before that; default: a quarter of it.")
  private @Nullable Double warmUp;

  @Option(names = "--json", description = "Writes JSON to stdout, and nothing else.")
  private boolean json;

  @SuppressWarnings("NullAway.Init")
  BenchCommand() {}

  /** What was measured; times in nanoseconds. */
  private record Measured(
      long load, long first, int runs, long median, long minimum, long p90, double bytesPerRun) {}

  @Override
  int execute() throws IOException {
    if (!(seconds > 0)) {
      throw usageError("--seconds is " + seconds + ", expected more than 0");
    }
    if (warmUp != null && !(warmUp >= 0)) {
      throw usageError("--warm-up is " + warmUp + ", expected 0 or more");
    }
    long start = System.nanoTime();
    try (Program program = model.open();
        ModelMethod method =
            fallback.load(model, program, delegates.loadOptions(), delegates.known());
        Execution execution = method.newExecution()) {
      long load = System.nanoTime() - start;
      InputOptions.Origin origin = inputs.setOrRandomize(execution, model);
      Measured measured = measure(load, execution);
      if (json) {
        out().println(Json.text(json(measured, method.placement(), execution, origin)));
      } else {
        show(measured, method.placement(), execution, origin);
      }
      return DONE;
    }
  }

  private Measured measure(long load, Execution execution) {
    long start = System.nanoTime();
    execution.run();
    long first = System.nanoTime() - start;
    double warm = warmUp == null ? seconds * WARM_UP_SHARE : warmUp;
    long warmUntil = System.nanoTime() + (long) (warm * 1e9);
    while (System.nanoTime() < warmUntil) {
      execution.run();
    }
    long[] nanos = new long[MAX_RUNS];
    int runs = 0;
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    threads.getCurrentThreadAllocatedBytes();
    long until = System.nanoTime() + (long) (seconds * 1e9);
    long allocated = threads.getCurrentThreadAllocatedBytes();
    long before = System.nanoTime();
    while (runs < MAX_RUNS && (before < until || runs == 0)) {
      execution.run();
      long after = System.nanoTime();
      nanos[runs++] = after - before;
      before = after;
    }
    allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
    long[] taken = Arrays.copyOf(nanos, runs);
    return new Measured(
        load,
        first,
        runs,
        Quantiles.of(taken, 0.5),
        Arrays.stream(taken).min().orElse(0),
        Quantiles.of(taken, 0.9),
        (double) allocated / runs);
  }

  private void show(
      Measured measured, Placement placement, Execution execution, InputOptions.Origin origin)
      throws IOException {
    print(List.of(placement.summary()));
    String given = InputOptions.line(origin, execution);
    if (given != null) {
      out().println(given);
    }
    execution.fallenBack().forEach(s -> out().println("fell back to Java while it ran: " + s));
    line("load", "%.1f ms", measured.load() / 1e6);
    line("first run", "%.2f ms", measured.first() / 1e6);
    line("median", "%.1f us", measured.median() / 1e3);
    line("minimum", "%.1f us", measured.minimum() / 1e3);
    line("p90", "%.1f us", measured.p90() / 1e3);
    line("runs", "%d", measured.runs());
    line("heap per run", "%.1f B", measured.bytesPerRun());
    line("execution holds", "%s", Text.bytes(execution.memoryBytes()));
    line("arena", "%s", Text.bytes(execution.arenaBytes()));
    line("scratch", "%s", Text.bytes(execution.scratchBytes()));
    line("file's plan", "%s", Text.bytes(placement.memory().plannedBytes()));
    line("packed, copied", "%s", Text.bytes(execution.method().constantBytes()));
    OptionalLong peak = PeakMemory.residentBytes();
    line("peak resident", "%s", peak.isPresent() ? Text.bytes(peak.getAsLong()) : "not known here");
  }

  private void line(String what, String format, Object value) {
    out().println(Text.format("%-14s " + format, what, value));
  }

  private static Map<String, Object> json(
      Measured measured, Placement placement, Execution execution, InputOptions.Origin origin)
      throws IOException {
    Map<String, Object> json =
        Json.object(
            "method",
            placement.method(),
            "placement",
            PlacementJson.summary(placement),
            "fallenBack",
            execution.fallenBack(),
            "randomInputs",
            origin == InputOptions.Origin.RANDOM,
            "loadMillis",
            measured.load() / 1e6,
            "firstRunMillis",
            measured.first() / 1e6,
            "runs",
            measured.runs(),
            "medianMicros",
            measured.median() / 1e3,
            "minimumMicros",
            measured.minimum() / 1e3,
            "p90Micros",
            measured.p90() / 1e3,
            "heapBytesPerRun",
            measured.bytesPerRun(),
            "executionBytes",
            execution.memoryBytes(),
            "arenaBytes",
            execution.arenaBytes(),
            "scratchBytes",
            execution.scratchBytes(),
            "filePlanBytes",
            placement.memory().plannedBytes(),
            "constantBytes",
            execution.method().constantBytes());
    PeakMemory.residentBytes().ifPresent(bytes -> json.put("peakResidentBytes", bytes));
    return json;
  }
}
