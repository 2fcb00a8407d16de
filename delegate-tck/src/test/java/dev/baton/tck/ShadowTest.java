package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.BatonException;
import dev.baton.runtime.DelegateFailedException;
import dev.baton.runtime.Event;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Shadow;
import dev.baton.runtime.ShadowReport;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Delegates' runs that are repeated in Java and compared. */
@ExtendWith(NoLeaks.class)
@Timeout(120)
class ShadowTest {
  private static final Sample SAMPLE = Sample.twoParts();
  private static final int PERIOD = 1000;

  private final Loading.Events events = new Loading.Events();

  private ModelMethod load(FaultInjectingDelegate delegate, Shadow shadow, FallbackPolicy policy) {
    LoadOptions options =
        events
            .on(LoadOptions.defaults())
            .withDelegates(List.of(delegate.name()))
            .withPolicy(policy)
            .withShadow(shadow);
    return Loading.load(SAMPLE.pte(), "forward", options, delegate);
  }

  private List<Event.ShadowDiverged> diverged() {
    return events.of(Event.ShadowDiverged.class);
  }

  private static void run(Execution execution, int number) {
    float[] x = Sample.input(number);
    assertArrayEquals(SAMPLE.golden().apply(x), Loading.run(execution, x), 1e-3f);
  }

  @Test
  void aHealthyDelegateIsComparedAndLeftAlone() {
    Shadow shadow = Shadow.ofRate(0.25).withBound(1e-6).withSeed(1).onCallersThread();
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(Faults.none());
    try (ModelMethod method = load(delegate, shadow, FallbackPolicy.FAIL);
        Execution execution = method.newExecution()) {
      for (int i = 0; i < PERIOD; i++) {
        run(execution, i);
      }
      ShadowReport report = execution.shadowReports().getFirst();
      assertEquals(PERIOD, report.runs());
      // Of 1000 runs at 1/4, 250 ± 14 (one standard deviation).
      assertTrue(report.compared() > 180 && report.compared() < 320, report::toString);
      assertEquals(0, report.dropped());
      assertEquals(0, report.worstRelative());
      assertFalse(report.tripped());
    }
    assertEquals(List.of(), diverged());
  }

  /**
   * Every thousandth run is wrong. Each of these is sampled with a probability of 1/10, so that the
   * number of wrong runs until one is found is geometric with a mean of 10: 10 000 runs. Over ten
   * seeds, the mean has a standard deviation of 10 000 · √0.9 / √10 = 3000 runs; that any one takes
   * more than 80 wrong runs has a probability of 10 · 0.9^80 = 0.002. The seeds are fixed.
   */
  @Test
  void oneWrongValueInAThousandRunsIsFoundInTheExpectedNumberOfRuns() {
    int seeds = 10;
    long all = 0;
    for (int seed = 0; seed < seeds; seed++) {
      all += runsUntilTripped(seed);
    }
    assertTrue(all / seeds < 16_000, "mean number of runs: " + all / seeds);
  }

  private int runsUntilTripped(int seed) {
    int most = 80;
    Faults faults = Faults.none();
    for (int wrong = 1; wrong <= most; wrong++) {
      faults = faults.failing(Moment.RUN, wrong * PERIOD, Failure.wrong(1e6f));
    }
    events.all.clear();
    Shadow shadow = Shadow.ofRate(0.1).withSeed(seed).onCallersThread();
    try (ModelMethod method =
            load(FaultInjectingDelegate.of(faults), shadow, FallbackPolicy.FALL_BACK);
        Execution execution = method.newExecution()) {
      int runs = 0;
      while (diverged().isEmpty() && runs < most * PERIOD) {
        Loading.run(execution, Sample.input(++runs % PERIOD));
      }
      assertEquals(1, diverged().size(), "seed " + seed);
      assertEquals(0, runs % PERIOD, "a sound run was taken for a wrong one");
      // From now on in Java: the right answer, also where the delegate would be wrong again.
      for (int i = 1; i <= PERIOD; i++) {
        run(execution, i);
      }
      assertEquals(1, diverged().size());
      assertEquals(1, execution.fallenBack().size());
      assertTrue(execution.shadowReports().getFirst().tripped());
      return runs;
    }
  }

  @Test
  void notANumberIsAnInfiniteError() {
    Faults faults = Faults.none().failing(Moment.RUN, 2, Failure.nan());
    Shadow shadow = Shadow.ofRate(1).withBound(Double.MAX_VALUE).onCallersThread();
    try (ModelMethod method =
            load(FaultInjectingDelegate.of(faults), shadow, FallbackPolicy.FALL_BACK);
        Execution execution = method.newExecution()) {
      run(execution, 1);
      assertTrue(Float.isNaN(Loading.run(execution, Sample.input(2))[0]));
      assertEquals(1, diverged().size());
      run(execution, 3);
      assertEquals(Double.POSITIVE_INFINITY, execution.shadowReports().getFirst().worstRelative());
    }
  }

  @Test
  void wherePolicyWantsNoJavaTheNextRunFails() {
    Faults faults = Faults.none().failing(Moment.RUN, 2, Failure.wrong(5000));
    Shadow shadow = Shadow.ofRate(1).onCallersThread();
    try (ModelMethod method = load(FaultInjectingDelegate.of(faults), shadow, FallbackPolicy.FAIL);
        Execution execution = method.newExecution()) {
      run(execution, 1);
      Loading.run(execution, Sample.input(2));
      for (int i = 0; i < 2; i++) {
        DelegateFailedException failure =
            assertThrows(DelegateFailedException.class, () -> run(execution, 3));
        assertTrue(failure.getMessage().contains("computed something else"));
      }
      assertEquals(1, diverged().size());
    }
  }

  /** Inputs and outputs change as soon as a run is over: what is compared is a copy. */
  @Test
  void runsAreComparedBesideTheCaller() throws InterruptedException {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.of(
            Faults.none().failing(Moment.RUN, 3 * PERIOD, Failure.wrong(5000)));
    Shadow shadow = Shadow.ofRate(1);
    try (ModelMethod method = load(delegate, shadow, FallbackPolicy.FALL_BACK);
        Execution execution = method.newExecution()) {
      for (int i = 1; i < 3 * PERIOD; i++) {
        run(execution, i);
      }
      ShadowReport report = execution.shadowReports().getFirst();
      assertTrue(report.compared() > 0, report::toString);
      // At most one is in flight.
      long counted = report.compared() + report.dropped();
      assertTrue(counted == report.runs() || counted == report.runs() - 1, report::toString);
      assertEquals(List.of(), diverged());
      Thread.sleep(100); // the thread that compares is idle now
      Loading.run(execution, Sample.input(1));
      while (diverged().isEmpty()) {
        Thread.sleep(1);
      }
      run(execution, 1);
      assertEquals(1, diverged().size());
    }
  }

  /** Copies that do not fit fail no run: the part is not compared. */
  @Test
  void copiesAreHeldToTheBoundOnMemory() {
    LoadOptions all = LoadOptions.defaults().withShadow(Shadow.ofRate(1).onCallersThread());
    long needed;
    try (ModelMethod method = Loading.load(SAMPLE.pte(), LoadOptions.defaults(), delegate());
        Execution execution = method.newExecution()) {
      run(execution, 1);
      needed = execution.memoryBytes();
    }
    try (ModelMethod method =
            Loading.load(SAMPLE.pte(), all.withMaxMemoryBytes(needed), delegate());
        Execution execution = method.newExecution()) {
      for (int i = 1; i < 10; i++) {
        run(execution, i);
      }
      assertEquals(0, execution.shadowReports().getFirst().compared());
      assertEquals(List.of(), execution.fallenBack());
    }
  }

  private static FaultInjectingDelegate delegate() {
    return FaultInjectingDelegate.of(Faults.none());
  }

  /** By the thread that compares, from which the event comes. */
  @Test
  void aListenerMayCloseTheExecution() throws InterruptedException {
    AtomicReference<Execution> open = new AtomicReference<>();
    CountDownLatch closed = new CountDownLatch(1);
    LoadOptions options =
        LoadOptions.defaults()
            .withShadow(Shadow.ofRate(1))
            .withListener(e -> {
              if (e instanceof Event.ShadowDiverged) {
                open.get().close();
                closed.countDown();
              }
            });
    Faults faults = Faults.none().failing(Moment.RUN, Failure.wrong(5000));
    try (ModelMethod method =
            Loading.load(SAMPLE.pte(), options, FaultInjectingDelegate.of(faults));
        Execution execution = method.newExecution()) {
      open.set(execution);
      while (!closed.await(1, TimeUnit.MILLISECONDS)) {
        try {
          Loading.run(execution, Sample.input(1)); // some are dropped
        } catch (IllegalStateException e) {
          assertTrue(e.getMessage().contains("closed"), e::getMessage);
        }
      }
      assertThrows(IllegalStateException.class, () -> Loading.run(execution, Sample.input(1)));
    }
  }

  @Test
  void aMalformedPropertyIsFoundByTheLoad() {
    System.setProperty(Shadow.RATE_PROPERTY, "often");
    try {
      BatonException e =
          assertThrows(
              BatonException.class,
              () -> Loading.load(SAMPLE.pte(), LoadOptions.defaults(), delegate()));
      assertTrue(e.getMessage().contains("-Dbaton.shadow=RATE"), e::getMessage);
    } finally {
      System.clearProperty(Shadow.RATE_PROPERTY);
    }
  }

  @Test
  void ratesAndBoundsThatMakeNoSenseAreRefused() {
    for (double rate : new double[] {0, -1, 1.5, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> Shadow.ofRate(rate));
    }
    assertThrows(IllegalArgumentException.class, () -> Shadow.ofRate(1).withBound(-1));
  }
}
