package dev.baton.micrometer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.CancelledException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.NativeMemory;
import dev.baton.runtime.program.Program;
import dev.baton.tck.Failure;
import dev.baton.tck.Fault;
import dev.baton.tck.FaultInjectingDelegate;
import dev.baton.tck.Faults;
import dev.baton.tck.Moment;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class BatonMetersTest {
  private static final Path MODEL = Path.of("../models/add-portable/model.pte");
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final BatonMeters meters = new BatonMeters(registry, "add");

  private ModelMethod load(Faults faults) throws IOException {
    LoadOptions options =
        LoadOptions.defaults().withPolicy(FallbackPolicy.FALL_BACK).withListener(meters.listener());
    try (Program program = Program.open(MODEL)) {
      return ModelMethod.load(
          program,
          "forward",
          options,
          Delegates.of(List.of(FaultInjectingDelegate.of(faults.named("faulty"))), List.of()));
    }
  }

  private double failures(String moment) {
    return registry
        .get("baton.failures")
        .tags("model", "add", "delegate", "faulty", "moment", moment)
        .counter()
        .count();
  }

  @Test
  void aFallbackIsCountedAndRunsAreTimed() throws IOException {
    Fault fault = new Fault(Moment.RUN, 2, 2, 0, Failure.runtimeException());
    try (ModelMethod method = load(Faults.none().with(fault));
        Execution execution = method.newExecution()) {
      BatonMeters.Runs runs = meters.runs(method);
      for (int run = 0; run < 5; run++) {
        runs.run(execution);
      }
      var timer =
          registry
              .get("baton.run")
              .tags("model", "add", "method", "forward", "delegate", "faulty")
              .tags("outcome", "completed")
              .timer();
      assertEquals(5, timer.count());
      assertTrue(timer.totalTime(TimeUnit.NANOSECONDS) > 0);
      assertEquals(1, failures("run"));
      assertEquals(1, registry.get("baton.load").tags("method", "forward").timer().count());

      execution.setDeadline(Duration.ofNanos(1));
      assertThrows(CancelledException.class, () -> runs.run(execution));
      assertEquals(1, registry.get("baton.run").tags("outcome", "failed").timer().count());
      double held =
          registry.get("baton.memory").gauges().stream().mapToDouble(g -> g.value()).sum();
      assertEquals(NativeMemory.liveBytes(), held);
      assertTrue(held > 0);
    }
    assertEquals(
        0, registry.get("baton.memory").gauges().stream().mapToDouble(g -> g.value()).sum());
  }

  @Test
  void whatDoesNotCompileIsCountedAndRunsInJava() throws IOException {
    Fault fault = new Fault(Moment.COMPILE, 1, 9, Fault.ANY, Failure.delegateException());
    try (ModelMethod method = load(Faults.none().with(fault))) {
      assertTrue(failures("compile") >= 1);
      assertEquals(
          1, registry.get("baton.load").tags("model", "add", "delegate", "java").timer().count());
      assertEquals(0, method.placement().subgraphs().size());
    }
  }
}
