package dev.baton.micrometer;

import dev.baton.runtime.Event;
import dev.baton.runtime.Execution;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.NativeMemory;
import dev.baton.runtime.Placement;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.BaseUnits;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Meters of one model in a registry. Safe for use by several threads.
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><td>{@code baton.load}</td><td>timer: method, delegate</td></tr>
 * <tr><td>{@code baton.run}</td><td>timer: method, delegate, outcome (completed, failed)</td></tr>
 * <tr><td>{@code baton.failures}</td><td>counter: delegate, moment (unavailable, open, claim,
 *     compile, load, run, divergence): each is work that goes elsewhere</td></tr>
 * <tr><td>{@code baton.memory}</td><td>gauge, bytes of the process: purpose</td></tr>
 * </table>
 *
 * All but the last have the tag model too. The tag delegate is that of the subgraphs, joined by
 * {@code +} where there are several; {@code java} where there is none.
 */
public final class BatonMeters {
  private static final String JAVA = "java";

  private final MeterRegistry registry;
  private final String model;
  private final Set<String> purposes = ConcurrentHashMap.newKeySet();

  /**
   * @param model its name, for the tag
   */
  public BatonMeters(MeterRegistry registry, String model) {
    this.registry = registry;
    this.model = model;
    memory();
  }

  /**
   * Counts loads and failures, if it is given to {@code LoadOptions.withListener}; a listener of
   * your own may be called as well, by {@link Consumer#andThen}.
   */
  public Consumer<Event> listener() {
    return this::count;
  }

  private void count(Event event) {
    switch (event) {
      case Event.Loaded(Placement placement, long nanos) -> {
        Timer.builder("baton.load")
            .description("Loads of methods")
            .tags(tags(placement))
            .register(registry)
            .record(Duration.ofNanos(nanos));
        memory();
      }
      case Event.DelegateUnavailable absent -> failed(absent.delegate(), "unavailable");
      case Event.OpenFailed failed -> failed(failed.delegate(), "open");
      case Event.ClaimFailed failed -> failed(failed.delegate(), "claim");
      case Event.CompileFailed failed -> failed(failed.delegate(), "compile");
      case Event.PayloadsLifted refused -> failed(refused.delegate(), "load");
      case Event.RunFailed failed -> failed(failed.delegate(), "run");
      case Event.ShadowDiverged diverged -> failed(diverged.delegate(), "divergence");
      default -> {}
    }
  }

  private void failed(String delegate, String moment) {
    Counter.builder("baton.failures")
        .description("What delegates could not do, and others did")
        .tags("model", model, "delegate", delegate, "moment", moment)
        .register(registry)
        .increment();
  }

  private Tags tags(Placement placement) {
    String delegates =
        placement.subgraphs().stream()
            .map(Placement.PlacedSubgraph::delegate)
            .distinct()
            .sorted()
            .collect(Collectors.joining("+"));
    return Tags.of(
        "model",
        model,
        "method",
        placement.method(),
        "delegate",
        delegates.isEmpty() ? JAVA : delegates);
  }

  /** A gauge for each purpose that there is by now. */
  private void memory() {
    for (String purpose : NativeMemory.byPurpose().keySet()) {
      if (purposes.add(purpose)) {
        Gauge.builder("baton.memory", () -> NativeMemory.byPurpose().getOrDefault(purpose, 0L))
            .description("Native memory that Baton holds in this process")
            .baseUnit(BaseUnits.BYTES)
            .tags("purpose", purpose)
            .register(registry);
      }
    }
  }

  /** Meters of a method's runs. */
  public Runs runs(ModelMethod method) {
    memory();
    Timer.Builder runs =
        Timer.builder("baton.run").description("Runs of methods").tags(tags(method.placement()));
    return new Runs(
        runs.tag("outcome", "completed").register(registry),
        runs.tag("outcome", "failed").register(registry));
  }

  /** Times runs. Safe for use by several threads, each with an execution of its own. */
  public static final class Runs {
    private final Timer completed;
    private final Timer failed;

    private Runs(Timer completed, Timer failed) {
      this.completed = completed;
      this.failed = failed;
    }

    /** {@link Execution#run}, timed. */
    public void run(Execution execution) {
      long start = System.nanoTime();
      Timer outcome = failed;
      try {
        execution.run();
        outcome = completed;
      } finally {
        outcome.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
      }
    }
  }
}
