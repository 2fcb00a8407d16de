package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Decline;
import dev.baton.runtime.DelegateFailedException;
import dev.baton.runtime.DelegateUnavailableException;
import dev.baton.runtime.Event;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Placement;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every row of the fallback table, under each policy. */
@ExtendWith(NoLeaks.class)
final class FallbackTest {
  private static final String NAME = "faulty";
  private final Sample sample = Sample.twoParts();
  private final Loading.Events events = new Loading.Events();

  private static Faults faults() {
    return Faults.none().named(NAME).claiming(Sample.ends());
  }

  private LoadOptions options(FallbackPolicy policy) {
    return events.on(LoadOptions.defaults().withPolicy(policy));
  }

  static Stream<Arguments> throwsByPolicy() {
    return Stream.of(Failure.Thrown.values())
        .filter(thrown -> thrown != Failure.Thrown.ERROR) // see FaultOptionsTest
        .flatMap(thrown ->
            Stream.of(FallbackPolicy.values()).map(policy -> Arguments.of(thrown, policy)));
  }

  private void assertGolden(Execution execution, int run) {
    float[] x = Sample.input(run);
    assertArrayEquals(sample.golden().apply(x), Loading.run(execution, x), "run " + run);
  }

  /** The parts as the file has them: who runs mul, relu, add. */
  private static void assertRunners(Placement placement, String mul, String relu, String add) {
    assertEquals(
        List.of(mul, relu, add),
        placement.operators().stream().map(Placement.PlacedOperator::runner).toList(),
        placement::summary);
  }

  // ---- nothing fails

  @Test
  void withoutFaultsBothPartsRunOnTheDelegate() {
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults());
    try (ModelMethod method = Loading.load(sample.pte(), options(FallbackPolicy.FAIL), delegate);
        Execution execution = method.newExecution()) {
      assertRunners(method.placement(), NAME, "reference", NAME);
      assertEquals(2, method.placement().subgraphs().size());
      for (int run = 1; run <= 3; run++) {
        assertGolden(execution, run);
      }
      assertEquals(List.of(), execution.fallenBack());
    }
    assertEquals(1, delegate.journal().count(Moment.OPEN));
    assertEquals(2, delegate.journal().count(Moment.COMPILE));
    assertEquals(2, delegate.journal().count(Moment.NEW_EXECUTION));
    assertEquals(2, delegate.journal().count(Moment.BIND), "one shape, one bind");
    assertEquals(6, delegate.journal().count(Moment.RUN));
    assertEquals(2, delegate.journal().count(Moment.CLOSE_EXECUTION));
    assertEquals(2, delegate.journal().count(Moment.CLOSE_SUBGRAPH));
    assertEquals(1, delegate.journal().count(Moment.CLOSE_SESSION));
    delegate.journal().assertAllClosed();
    assertEquals(List.of(), events.failures());
  }

  @Test
  void wrongOutputsShowThatTheDelegateIsWhatRuns() {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.of(faults().with(new Fault(Moment.RUN, 2, 2, 1, Failure.nan())));
    try (ModelMethod method = Loading.load(sample.pte(), options(FallbackPolicy.FAIL), delegate);
        Execution execution = method.newExecution()) {
      assertGolden(execution, 1);
      assertTrue(Float.isNaN(Loading.run(execution, Sample.input(2))[0]));
      assertGolden(execution, 3);
    }
    delegate.journal().assertAllClosed();
  }

  // ---- unavailable

  @ParameterizedTest
  @EnumSource
  void unavailable(FallbackPolicy policy) {
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults().unavailable());
    if (policy == FallbackPolicy.FAIL) {
      DelegateUnavailableException e =
          assertThrows(
              DelegateUnavailableException.class,
              () ->
                  Loading.load(
                      sample.pte(), options(policy).withDelegates(List.of(NAME)), delegate));
      assertUnavailable(e);
    } else {
      try (ModelMethod method = Loading.load(sample.pte(), options(policy), delegate);
          Execution execution = method.newExecution()) {
        assertRunners(method.placement(), "reference", "reference", "reference");
        assertEquals(
            Availability.Reason.LIBRARY_ABSENT,
            method.placement().unavailable().get(NAME).reason());
        assertEquals("Install libfault.", method.placement().unavailable().get(NAME).remedy());
        assertEquals(1, method.placement().unavailable().get(NAME).tried().size());
        assertTrue(
            method.placement().summary().contains("unavailable: faulty (LIBRARY_ABSENT)"),
            method.placement()::summary);
        assertGolden(execution, 1);
      }
      Event.DelegateUnavailable event =
          assertInstanceOf(Event.DelegateUnavailable.class, events.failures().get(0));
      assertEquals(1, events.failures().size());
      assertEquals(NAME, event.delegate());
      assertTrue(event.message().contains("Install libfault."), event::message);
    }
    assertEquals(0, delegate.journal().count(Moment.OPEN));
    delegate.journal().assertAllClosed();
  }

  private static void assertUnavailable(DelegateUnavailableException e) {
    assertEquals(NAME, e.delegate());
    assertEquals(Availability.Reason.LIBRARY_ABSENT, e.availability().reason());
    assertTrue(e.getMessage().contains("'faulty' is unavailable"), e::getMessage);
    assertTrue(e.getMessage().contains("Install libfault."), e::getMessage);
  }

  @Test
  void anUnavailableDelegateThatNobodyNamedIsNotMissed() {
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults().unavailable());
    try (ModelMethod method = Loading.load(sample.pte(), options(FallbackPolicy.FAIL), delegate);
        Execution execution = method.newExecution()) {
      assertRunners(method.placement(), "reference", "reference", "reference");
      assertGolden(execution, 1);
    }
    delegate.journal().assertAllClosed();
  }

  @Test
  void aNamedDelegateFailsUnlessToldOtherwise() {
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults().unavailable());
    LoadOptions named = LoadOptions.defaults().withDelegates(List.of(NAME));
    assertUnavailable(
        assertThrows(
            DelegateUnavailableException.class, () -> Loading.load(sample.pte(), named, delegate)));
    try (ModelMethod method =
            Loading.load(sample.pte(), named.withPolicy(FallbackPolicy.FALL_BACK), delegate);
        Execution execution = method.newExecution()) {
      assertGolden(execution, 1);
    }
    FaultInjectingDelegate failing =
        FaultInjectingDelegate.of(faults().failing(Moment.RUN, Failure.delegateException()));
    try (ModelMethod method = Loading.load(sample.pte(), named, failing);
        Execution execution = method.newExecution()) {
      assertThrows(DelegateFailedException.class, () -> Loading.run(execution, Sample.input(1)));
    }
    failing.journal().assertAllClosed();
  }

  @Test
  void theDefaultFallsBackAndReports() {
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults().unavailable());
    assertEquals(FallbackPolicy.FALL_BACK_AND_REPORT, LoadOptions.defaults().policy());
    try (ModelMethod method = Loading.load(sample.pte(), LoadOptions.defaults(), delegate);
        Execution execution = method.newExecution()) {
      assertGolden(execution, 1);
    }
  }

  @Test
  void anAvailabilityThatThrowsCountsAsUnavailable() {
    for (Failure failure : List.of(Failure.runtimeException(), Failure.linkageError())) {
      FaultInjectingDelegate delegate =
          FaultInjectingDelegate.of(faults().failing(Moment.AVAILABILITY, failure));
      try (ModelMethod method =
          Loading.load(sample.pte(), options(FallbackPolicy.FALL_BACK), delegate)) {
        Availability availability = method.placement().unavailable().get(NAME);
        assertEquals(Availability.Reason.OTHER, availability.reason());
        assertTrue(availability.message().contains("injected"), availability::message);
      }
      delegate.journal().assertAllClosed();
    }
  }

  // ---- open

  @ParameterizedTest
  @MethodSource("throwsByPolicy")
  void openFails(Failure.Thrown thrown, FallbackPolicy policy) {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.of(faults().failing(Moment.OPEN, 1, new Failure.Throws(thrown)));
    if (policy == FallbackPolicy.FAIL) {
      DelegateUnavailableException e =
          assertThrows(
              DelegateUnavailableException.class,
              () -> Loading.load(sample.pte(), options(policy), delegate));
      assertEquals(NAME, e.delegate());
      assertTrue(e.getMessage().contains("injected"), e::getMessage);
      assertTrue(e.getCause().getMessage().contains("injected"));
    } else {
      try (ModelMethod method = Loading.load(sample.pte(), options(policy), delegate);
          Execution execution = method.newExecution()) {
        assertRunners(method.placement(), "reference", "reference", "reference");
        assertTrue(method.placement().unavailable().containsKey(NAME));
        assertGolden(execution, 1);
      }
      Event.OpenFailed event = assertInstanceOf(Event.OpenFailed.class, events.failures().get(0));
      assertEquals(1, events.failures().size());
      assertEquals(NAME, event.delegate());
    }
    delegate.journal().assertAllClosed();
  }

  // ---- compile

  @ParameterizedTest
  @MethodSource("throwsByPolicy")
  void theFirstOfTwoDoesNotCompile(Failure.Thrown thrown, FallbackPolicy policy) {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.of(faults().failing(Moment.COMPILE, 1, new Failure.Throws(thrown)));
    if (policy == FallbackPolicy.FAIL) {
      DelegateFailedException e =
          assertThrows(
              DelegateFailedException.class,
              () -> Loading.load(sample.pte(), options(policy), delegate));
      assertEquals(NAME, e.delegate());
      assertTrue(e.getMessage().contains("could not compile forward/faulty/"), e::getMessage);
    } else {
      try (ModelMethod method = Loading.load(sample.pte(), options(policy), delegate);
          Execution execution = method.newExecution()) {
        assertRunners(method.placement(), "reference", "reference", NAME);
        Placement.DeclinedBy reason = method.placement().operators().get(0).declines().get(0);
        assertEquals(NAME, reason.delegate());
        assertEquals(Decline.Kind.COMPILE_FAILED, reason.reason().kind());
        assertEquals(1, method.placement().subgraphs().size());
        assertGolden(execution, 1);
        assertGolden(execution, 2);
      }
      Event.CompileFailed event =
          assertInstanceOf(Event.CompileFailed.class, events.failures().get(0));
      assertEquals(1, events.failures().size());
      assertEquals(List.of(Sample.MUL), event.operators());
    }
    assertEquals(policy == FallbackPolicy.FAIL ? 1 : 2, delegate.journal().count(Moment.COMPILE));
    delegate.journal().assertAllClosed();
  }

  // ---- new execution, bind, run

  @ParameterizedTest
  @MethodSource("throwsByPolicy")
  void noNewExecution(Failure.Thrown thrown, FallbackPolicy policy) {
    Faults faults =
        faults().with(new Fault(Moment.NEW_EXECUTION, 1, 9, 0, new Failure.Throws(thrown)));
    failsInTheFirstRun(faults, policy, 0);
  }

  @ParameterizedTest
  @MethodSource("throwsByPolicy")
  void bindFails(Failure.Thrown thrown, FallbackPolicy policy) {
    Faults faults = faults().with(new Fault(Moment.BIND, 1, 9, 0, new Failure.Throws(thrown)));
    failsInTheFirstRun(faults, policy, 0);
  }

  private void failsInTheFirstRun(Faults faults, FallbackPolicy policy, int runsOfFailing) {
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults);
    try (ModelMethod method = Loading.load(sample.pte(), options(policy), delegate);
        Execution execution = method.newExecution()) {
      if (policy == FallbackPolicy.FAIL) {
        DelegateFailedException e =
            assertThrows(
                DelegateFailedException.class, () -> Loading.run(execution, Sample.input(1)));
        assertEquals(NAME, e.delegate());
        assertTrue(e.getMessage().contains("forward/faulty/0"), e::getMessage);
      } else {
        for (int run = 1; run <= 3; run++) {
          assertGolden(execution, run);
        }
        assertEquals(List.of("forward/faulty/0"), execution.fallenBack());
        assertOneRunFailed("forward/faulty/0");
        assertEquals(3 + runsOfFailing, delegate.journal().count(Moment.RUN));
      }
    }
    delegate.journal().assertAllClosed();
  }

  private void assertOneRunFailed(String subgraph) {
    assertEquals(1, events.failures().size(), () -> events.failures().toString());
    Event.RunFailed event = assertInstanceOf(Event.RunFailed.class, events.failures().get(0));
    assertEquals(NAME, event.delegate());
    assertEquals(subgraph, event.subgraph());
    assertTrue(event.message().contains("injected"), event::message);
  }

  @ParameterizedTest
  @MethodSource("throwsByPolicy")
  void theThirdRunFails(Failure.Thrown thrown, FallbackPolicy policy) {
    runFails(new Failure.Throws(thrown), policy, 3);
  }

  @ParameterizedTest
  @MethodSource("throwsByPolicy")
  void theFirstRunFails(Failure.Thrown thrown, FallbackPolicy policy) {
    runFails(new Failure.Throws(thrown), policy, 1);
  }

  @ParameterizedTest
  @MethodSource("throwsByPolicy")
  void theSecondRunFailsWithHalfTheOutputsWritten(Failure.Thrown thrown, FallbackPolicy policy) {
    runFails(new Failure.WritesPart(thrown), policy, 2);
  }

  private void runFails(Failure failure, FallbackPolicy policy, int failing) {
    int runs = 6;
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.of(
            faults().with(new Fault(Moment.RUN, failing, failing, 0, failure)));
    try (ModelMethod method = Loading.load(sample.pte(), options(policy), delegate);
        Execution execution = method.newExecution()) {
      for (int run = 1; run <= runs; run++) {
        if (run == failing && policy == FallbackPolicy.FAIL) {
          float[] x = Sample.input(run);
          DelegateFailedException e =
              assertThrows(DelegateFailedException.class, () -> Loading.run(execution, x));
          assertEquals(NAME, e.delegate());
          assertTrue(e.getMessage().contains("injected"), e::getMessage);
        } else {
          assertGolden(execution, run);
        }
      }
      if (policy == FallbackPolicy.FAIL) {
        assertEquals(List.of(), execution.fallenBack());
        assertEquals(List.of(), events.failures());
        assertEquals(runs, delegate.journal().count(Moment.RUN, "execution 1"));
      } else {
        assertEquals(List.of("forward/faulty/0"), execution.fallenBack());
        assertOneRunFailed("forward/faulty/0");
        assertEquals(failing, delegate.journal().count(Moment.RUN, "execution 1"));
        assertEquals(runs, delegate.journal().count(Moment.RUN, "execution 2"));
        // The other executions of the method are not concerned.
        try (Execution other = method.newExecution()) {
          assertEquals(List.of(), other.fallenBack());
        }
      }
    }
    delegate.journal().assertAllClosed();
  }

  @Test
  void bothPartsFailOneAfterTheOther() {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.of(
            faults()
                .with(new Fault(Moment.RUN, 2, 2, 0, Failure.partialOutput()))
                .with(new Fault(Moment.RUN, 4, 4, 1, Failure.runtimeException())));
    try (ModelMethod method =
            Loading.load(sample.pte(), options(FallbackPolicy.FALL_BACK), delegate);
        Execution execution = method.newExecution()) {
      for (int run = 1; run <= 5; run++) {
        assertGolden(execution, run);
      }
      assertEquals(2, events.of(Event.RunFailed.class).size());
      assertEquals(2, execution.fallenBack().size());
    }
    delegate.journal().assertAllClosed();
  }

  // ---- what the log says

  @Test
  void onlyReportingPoliciesWriteToTheLog() {
    Faults failing = faults().with(new Fault(Moment.RUN, 1, 1, 0, Failure.delegateException()));
    Map<FallbackPolicy, Boolean> expected =
        Map.of(FallbackPolicy.FALL_BACK, false, FallbackPolicy.FALL_BACK_AND_REPORT, true);
    expected.forEach((policy, reported) -> {
      try (LogCapture log = new LogCapture();
          ModelMethod method =
              Loading.load(sample.pte(), options(policy), FaultInjectingDelegate.of(failing));
          Execution execution = method.newExecution()) {
        assertGolden(execution, 1);
        assertEquals(reported ? 1 : 0, log.messages().size(), () -> policy + ": " + log.messages());
        if (reported) {
          assertTrue(log.messages().get(0).contains("'faulty' failed in forward/faulty/0"));
        }
      }
    });
  }

  @Test
  void theUnexpectedRefusalOfADelegateIsLogged() {
    Faults failing = faults().failing(Moment.OPEN, Failure.delegateException());
    try (LogCapture log = new LogCapture();
        ModelMethod method =
            Loading.load(
                sample.pte(),
                options(FallbackPolicy.FALL_BACK_AND_REPORT),
                FaultInjectingDelegate.of(failing))) {
      assertFalse(method.placement().unavailable().isEmpty());
      assertEquals(1, log.messages().size(), () -> log.messages().toString());
    }
  }
}
