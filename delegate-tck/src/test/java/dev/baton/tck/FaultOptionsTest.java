package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Delegate;
import dev.baton.runtime.CancelledException;
import dev.baton.runtime.DelegateFailedException;
import dev.baton.runtime.DelegateUnavailableException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.NativeMemory;
import dev.baton.tck.conformance.PlainContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Faults by a line of configuration. */
class FaultOptionsTest {
  private static final String NAME = PureJavaDelegate.NAME;
  private static final LoadOptions FAIL =
      LoadOptions.defaults().withPolicy(FallbackPolicy.FAIL).withDelegates(List.of(NAME));

  private static Delegate faulty(String faults) {
    return FaultOptions.parse(NAME + ":" + faults).around(new PureJavaDelegate());
  }

  private static ModelMethod load(LoadOptions options, String faults) {
    return Loading.load(Sample.twoParts().pte(), options, faulty(faults));
  }

  /** Numbers of the runs, of twelve, that fail. */
  private static List<Integer> failures(String faults) {
    List<Integer> failures = new ArrayList<>();
    try (ModelMethod method = load(FAIL, faults);
        Execution execution = method.newExecution()) {
      for (int run = 1; run <= 12; run++) {
        try {
          Loading.run(execution, Sample.input(run));
        } catch (DelegateFailedException e) {
          failures.add(run);
        }
      }
    }
    return failures;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "fails-run=3|[3]",
        "throws-run=11+|[11, 12]",
        "half-run=2..4|[2, 3, 4]",
        "fails-run=%5|[5, 10]",
        "fails-run=1,throws-run=7|[1, 7]"
      })
  void theCallsThatAreNamedFail(String faults, String runs) {
    assertEquals(runs, failures(faults).toString());
  }

  @Test
  void numbersAreSpoilt() {
    try (ModelMethod method = load(FAIL, "nan-run=2,wrong-0.25-run=3");
        Execution execution = method.newExecution()) {
      float[] sound = Loading.run(execution, Sample.input(1));
      assertTrue(Float.isNaN(Loading.run(execution, Sample.input(1))[0]));
      assertEquals(0.25f, Loading.run(execution, Sample.input(1))[0]);
      assertArrayEquals(sound, Loading.run(execution, Sample.input(1)));
    }
  }

  @Test
  void absentAndRefused() {
    Availability absent = faulty("absent").availability(new PlainContext());
    assertEquals(Availability.Reason.LIBRARY_ABSENT, absent.reason());
    assertThrows(DelegateUnavailableException.class, () -> load(FAIL, "absent"));
    assertTrue(faulty("refused").availability().isAvailable());
    assertThrows(DelegateUnavailableException.class, () -> load(FAIL, "refused"));
  }

  @Test
  void slowToCompile() {
    long start = System.nanoTime();
    load(FAIL, "slow-300ms-compile=1").close();
    assertTrue(System.nanoTime() - start >= 300_000_000);
  }

  @Test
  void hangsUntilTheDeadline() {
    try (ModelMethod method = load(FAIL, "hangs-run=1");
        Execution execution = method.newExecution()) {
      execution.setDeadline(Duration.ofMillis(50));
      assertThrows(CancelledException.class, () -> Loading.run(execution, Sample.input(1)));
      execution.setDeadline(null);
      Loading.run(execution, Sample.input(1));
    }
  }

  @Test
  void leaksAreSeenByTheHost() {
    long before = NativeMemory.liveBytes();
    try (ModelMethod method = load(FAIL, "leaks-1000-compile=1,leaks-20-run=2");
        Execution execution = method.newExecution()) {
      Loading.run(execution, Sample.input(1));
      Loading.run(execution, Sample.input(1));
    }
    assertEquals(before + 1020, NativeMemory.liveBytes());
  }

  /** Nobody can go on after an Error; but nothing stays behind. */
  @ParameterizedTest
  @CsvSource({"open", "claim", "compile", "new-execution", "bind", "run"})
  void anErrorGoesToTheCaller(String moment) {
    long before = NativeMemory.liveBytes();
    Delegate delegate = faulty("errors-" + moment + "=1");
    Error e =
        assertThrows(
            Error.class,
            () -> {
              try (ModelMethod method =
                      Loading.load(Sample.twoParts().pte(), LoadOptions.defaults(), delegate);
                  Execution execution = method.newExecution()) {
                Loading.run(execution, Sample.input(1));
              }
            });
    assertEquals(Error.class, e.getClass());
    assertEquals(before, NativeMemory.liveBytes());
    ((FaultInjectingDelegate) delegate).journal().assertAllClosed();
  }

  @Test
  void othersAreLeftAlone() {
    PureJavaDelegate delegate = new PureJavaDelegate();
    assertSame(delegate, FaultOptions.parse("other:absent").around(delegate));
    assertFalse(FaultOptions.parse("*:absent").around(delegate).availability().isAvailable());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "absent|expected DELEGATE:FAULT",
        "x:gone|expected absent, refused, or WHAT-MOMENT=CALLS",
        "x:breaks-run|expected one of [errors, fails,",
        "x:fails-jump|expected one of the moments [availability, open,",
        "x:fails-run=often|calls are 3, 3+, 3..5 or %100, not often",
        "x:nan-compile|only a run can do that",
        "x:slow-compile|''"
      })
  void whatIsMalformedIsExplained(String line, String why) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> FaultOptions.parse(line));
    assertTrue(e.getMessage().contains(why), e::getMessage);
    assertTrue(e.getMessage().startsWith("baton.faults: '"), e::getMessage);
  }

  @Test
  void theWrapperReadsTheProperty() {
    assertEquals(List.of(), found().wrappings());
    System.setProperty(FaultOptions.PROPERTY, NAME + ":absent");
    try {
      assertEquals(List.of("faulty"), found().wrappings());
      assertFalse(found().availability().isAvailable());
    } finally {
      System.clearProperty(FaultOptions.PROPERTY);
    }
  }

  @ParameterizedTest
  @CsvSource({"other:gone, false", NAME + ":gone, true", "*:gone, true", "gone, true"})
  void whatIsMalformedRefusesThoseThatItIsAbout(String line, boolean refuses) {
    System.setProperty(FaultOptions.PROPERTY, line);
    try {
      FaultWrapper wrapper = new FaultWrapper();
      if (refuses) {
        assertThrows(IllegalArgumentException.class, () -> wrapper.wrap(new PureJavaDelegate()));
      } else {
        assertEquals(List.of(), wrapper.wrap(new PureJavaDelegate()).wrappings());
        assertEquals(Set.of("other"), wrapper.wanted());
      }
    } finally {
      System.clearProperty(FaultOptions.PROPERTY);
    }
  }

  private static Delegate found() {
    Delegate delegate =
        Delegates.of(List.of(new PureJavaDelegate()), List.of())
            .wrapped(List.of(new FaultWrapper()))
            .find(NAME);
    assertNotNull(delegate);
    return delegate;
  }
}
