package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.DelegateFailedException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.profile.LoadPhase;
import dev.baton.runtime.profile.MachinePeak;
import dev.baton.runtime.profile.Profile;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is recorded of loads and runs. */
@ExtendWith(NoLeaks.class)
final class ProfileTest {
  private static final String NAME = "faulty";
  private final Sample sample = Sample.twoParts();

  private static FaultInjectingDelegate delegate(Fault... faults) {
    Faults all = Faults.none().named(NAME).claiming(Sample.ends());
    for (Fault fault : faults) {
      all = all.with(fault);
    }
    return FaultInjectingDelegate.of(all);
  }

  private ModelMethod load(FallbackPolicy policy, FaultInjectingDelegate delegate) {
    return Loading.load(sample.pte(), LoadOptions.defaults().withPolicy(policy), delegate);
  }

  private static void assertTimesFit(Profile profile) {
    for (Profile.Run run : profile.runs()) {
      long at = run.startNanos();
      for (Profile.Event event : run.events()) {
        assertTrue(event.startNanos() >= at, "steps follow each other");
        assertTrue(event.nanos() >= 0);
        at = event.startNanos() + event.nanos();
      }
      assertTrue(at <= run.startNanos() + run.nanos(), "steps lie within the run");
    }
  }

  @Test
  void stepsAreWhatTheFileSays() {
    try (ModelMethod method = load(FallbackPolicy.FAIL, delegate());
        Execution execution = method.newExecution()) {
      execution.startProfile(3);
      for (int run = 0; run < 5; run++) {
        Loading.run(execution, Sample.input(run));
      }
      Profile profile = execution.profile();
      assertEquals(3, profile.runs().size(), "no more than asked for");
      assertTimesFit(profile);
      for (Profile.Run run : profile.runs()) {
        assertEquals(List.of(0, 1, 2), run.events().stream().map(Profile.Event::step).toList());
      }
      assertEquals(
          List.of(Sample.MUL, Sample.RELU, Sample.ADD),
          profile.steps().stream().map(Profile.Step::operator).toList());
      assertEquals(
          List.of(NAME, "reference", NAME),
          profile.steps().stream().map(Profile.Step::runner).toList());
      assertEquals(
          List.of("forward/faulty/0", "", "forward/faulty/1"),
          profile.steps().stream().map(Profile.Step::subgraph).toList());
      Profile.Step sum = profile.steps().get(2);
      assertEquals(2, sum.operations().get(0).origin().instruction());
      assertEquals(2 * Sample.SIZE * Float.BYTES, sum.bytesRead());
      assertEquals(Sample.SIZE * Float.BYTES, sum.bytesWritten());
      assertEquals(Sample.SIZE, sum.arithmetic());
      assertEquals("[4]", sum.outputs().get(0).shape().toString());
    }
  }

  @Test
  void theLoadIsRecordedAlways() {
    try (ModelMethod method = load(FallbackPolicy.FAIL, delegate());
        Execution execution = method.newExecution()) {
      Loading.run(execution, Sample.input(0));
      Profile profile = execution.profile();
      assertEquals(List.of(), profile.runs());
      List<LoadPhase.Kind> kinds = profile.load().stream().map(LoadPhase::kind).toList();
      for (LoadPhase.Kind kind :
          List.of(
              LoadPhase.Kind.READ,
              LoadPhase.Kind.OPEN,
              LoadPhase.Kind.LIFT,
              LoadPhase.Kind.CLAIM,
              LoadPhase.Kind.COMPILE,
              LoadPhase.Kind.PLAN,
              LoadPhase.Kind.BIND)) {
        assertTrue(kinds.contains(kind), kind + " is not in " + kinds);
      }
      assertEquals(LoadPhase.Kind.READ, kinds.get(0));
      assertEquals(
          List.of("forward/faulty/0", "forward/faulty/1"),
          profile.load().stream()
              .filter(p -> p.kind() == LoadPhase.Kind.COMPILE)
              .map(LoadPhase::what)
              .toList());
      assertTrue(profile.load().stream().allMatch(p -> p.nanos() >= 0));
    }
  }

  @Test
  void aTwinsStepsArePartsOfTheStepThatFellBack() {
    FaultInjectingDelegate delegate =
        delegate(new Fault(Moment.RUN, 1, 1, 0, Failure.runtimeException()));
    try (ModelMethod method = load(FallbackPolicy.FALL_BACK, delegate);
        Execution execution = method.newExecution()) {
      execution.startProfile(2);
      Loading.run(execution, Sample.input(1));
      Loading.run(execution, Sample.input(2));
      Profile profile = execution.profile();
      assertEquals(1, profile.fallenBack().size());
      for (Profile.Run run : profile.runs()) {
        List<Profile.Part> parts = run.events().get(0).parts();
        assertEquals(1, parts.size());
        assertTrue(parts.get(0).name().contains(Sample.MUL), parts.get(0).name());
        assertEquals(List.of(), run.events().get(1).parts());
      }
      assertTimesFit(profile);
    }
  }

  @Test
  void aRunThatFailsIsForgotten() {
    FaultInjectingDelegate delegate =
        delegate(new Fault(Moment.RUN, 2, 2, 1, Failure.runtimeException()));
    try (ModelMethod method = load(FallbackPolicy.FAIL, delegate);
        Execution execution = method.newExecution()) {
      execution.startProfile(8);
      Loading.run(execution, Sample.input(1));
      assertThrows(DelegateFailedException.class, () -> Loading.run(execution, Sample.input(2)));
      Loading.run(execution, Sample.input(3));
      Profile profile = execution.profile();
      assertEquals(2, profile.runs().size());
      profile.runs().forEach(run -> assertEquals(3, run.events().size()));
      assertTimesFit(profile);
    }
  }

  @Test
  void refusesNoRuns() {
    try (ModelMethod method = load(FallbackPolicy.FAIL, delegate());
        Execution execution = method.newExecution()) {
      assertThrows(IllegalArgumentException.class, () -> execution.startProfile(0));
      execution.startProfile(1);
      execution.stopProfile();
      Loading.run(execution, Sample.input(0));
      assertEquals(List.of(), execution.profile().runs());
    }
  }

  /** With what is there: neither a delegate nor vector kernels are. */
  @Test
  void thePeakIsMeasuredWithoutAnything() {
    MachinePeak peak =
        MachinePeak.measure(
            LoadOptions.javaOnly().withThreads(1), Delegates.of(List.of(), List.of()));
    assertEquals("reference", peak.measuredOn());
    assertTrue(peak.arithmeticPerNano() > 0.001, peak.toString());
    assertTrue(peak.bytesPerNano() > 0.01, peak.toString());
  }
}
