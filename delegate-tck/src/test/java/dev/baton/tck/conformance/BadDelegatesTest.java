package dev.baton.tck.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.baton.cases.ModelCase;
import dev.baton.delegate.Delegate;
import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.tck.OpaquePayloadDelegate;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * The kit on delegates that break one rule each: that rule's test fails, and no other. On Linux,
 * where every rule can be tested.
 */
@EnabledOnOs(OS.LINUX)
class BadDelegatesTest {
  /**
   * A delegate, what it says of itself, and the rule that it breaks.
   *
   * @param inChildren true if questions for children are asked there, and not in this JVM
   */
  record Subject(Supplier<Delegate> delegate, Set<String> cannot, String rule, boolean inChildren) {
    Subject(Supplier<Delegate> delegate, Set<String> cannot, String rule) {
      this(delegate, cannot, rule, false);
    }

    @Override
    public String toString() {
      return delegate.get().getClass().getSimpleName() + (cannot.isEmpty() ? "" : " " + cannot);
    }
  }

  private static final Path REPORTS = Path.of("target", "conformance-of-bad-delegates");

  /** Enough of the stored cases to break a rule of them. */
  private static final List<ModelCase> SOME =
      Goldens.all().stream()
          .filter(c -> c.name().matches("(erf|add|conv2d|max_pool2d)-(float32|float16|int32)"))
          .toList();

  private static volatile Subject subject = sound(Set.of(), "");

  private static Subject sound(Set<String> cannot, String rule) {
    return new Subject(SoundDelegate::new, cannot, rule);
  }

  private static Subject bad(Supplier<Delegate> delegate, String rule) {
    return new Subject(delegate, Set.of(), rule);
  }

  private static Subject payloadsAlone(Supplier<Delegate> delegate, String rule) {
    return new Subject(delegate, DelegateConformance.everything(), rule);
  }

  static List<Subject> subjects() {
    return List.of(
        bad(BadDelegates.NamedForPeople::new, "nameIsTypeableAndStable"),
        bad(BadDelegates.ThrowsForOddOptions::new, "availabilityIsTypedAndNeverThrows"),
        bad(BadDelegates.UnavailableWithoutRemedy::new, "availabilityIsTypedAndNeverThrows"),
        bad(BadDelegates.LoadsToSee::new, "availabilityLoadsNothing"),
        bad(BadDelegates.NeverAbsent::new, "saysThatItsLibraryIsAbsent"),
        bad(BadDelegates.OpensUntyped::new, "saysThatItsLibraryIsAbsent"),
        bad(BadDelegates.ClaimsWhatItFinds::new, "claimsOnlyWhatItIsShown"),
        bad(BadDelegates.TakesTwice::new, "claimsOnlyWhatItIsShown"),
        bad(BadDelegates.WantsAllOrNothing::new, "compilesAnyPartOfItsClaims"),
        bad(BadDelegates.CannotAbs::new, "takesWhatItDoesNotDeclare"),
        bad(BadDelegates.PromisesAbs::new, "takesWhatItDoesNotDeclare"),
        sound(Set.of("abs"), "takesWhatItDoesNotDeclare"),
        bad(BadDelegates.WrongTanh::new, "computesWhatReferenceKernelsCompute"),
        bad(BadDelegates.KnowsOneShape::new, "followsShapes"),
        sound(Set.of(DelegateConformance.DYNAMIC_SHAPES), "followsShapes"),
        bad(BadDelegates.Remembers::new, "runsDependOnTheirInputsAlone"),
        bad(BadDelegates.WritesItsInput::new, "writesItsOutputsAlone"),
        bad(BadDelegates.WritesTooFar::new, "writesItsOutputsAlone"),
        bad(BadDelegates.TellsOfOtherNodes::new, "profilesAreOfItsNodes"),
        bad(BadDelegates.NotReentrant::new, "executionsRunAtTheSameTime"),
        bad(BadDelegates.FailsWhenCancelled::new, "cancelledRunsEndAndRunAgain"),
        bad(BadDelegates.NeverRunsAgain::new, "cancelledRunsEndAndRunAgain"),
        bad(BadDelegates.ClosesWhatItHasRun::new, "closesWhatWasNeverUsed"),
        bad(BadDelegates.ClosesTheLibrary::new, "closingOneLeavesTheOthers"),
        bad(BadDelegates.LeavesThreads::new, "leavesNoThreadsAndNoFiles"),
        bad(BadDelegates.LeavesFiles::new, "leavesNoThreadsAndNoFiles"),
        bad(BadDelegates.ReadsPastTheEnd::new, "refusesDamagedPayloads"),
        bad(BadDelegates.AcceptsAnything::new, "refusesDamagedPayloads"),
        bad(BadDelegates.NeverResets::new, "stateIsResetAndCopied"),
        bad(BadDelegates.NeverRestores::new, "stateIsResetAndCopied"),
        bad(BadDelegates.WrongErf::new, "computesWhatPyTorchComputes"),
        bad(BadDelegates.DeclinesSilently::new, "declinesForTrueReasons"),
        bad(BadDelegates.NamesTheWrongReason::new, "declinesForTrueReasons"),
        bad(BadDelegates.WrongAtTheEndOfLargeTensors::new, "computesLargeTensors"),
        bad(BadDelegates.FailsWhenInterrupted::new, "endsAndClosesWhileRunning"),
        bad(BadDelegates.ClosesUnderOthers::new, "endsAndClosesWhileRunning"),
        bad(BadDelegates.CompilesOneAtATime::new, "sessionsWorkAtTheSameTime"),
        bad(BadDelegates.ThrowsOutOfMemory::new, "survivesFailedAllocations"),
        bad(BadDelegates.LeaksWhatItHad::new, "survivesFailedAllocations"),
        bad(BadDelegates.ClosesOnce::new, "survivesUseAfterClose"),
        bad(BadDelegates.RunsOn::new, "survivesUseAfterClose"),
        payloadsAlone(BadDelegates.RunsPayloadsOn::new, "survivesUseAfterClose"),
        payloadsAlone(BadDelegates.WritesThePayloadsInput::new, "writesItsOutputsAlone"),
        new Subject(BadDelegates.CrashesAfterClose::new, Set.of(), "survivesUseAfterClose", true));
  }

  /** The kit on the subject. No test of its own: its name keeps it from being found. */
  static final class SubjectKit extends DelegateConformance {
    @Override
    protected Delegate delegate() {
      return subject.delegate().get();
    }

    @Override
    protected Optional<Map<String, String>> optionsWithoutLibrary() {
      return Optional.of(Map.of(SoundDelegate.LIBRARY, SoundDelegate.ABSENT));
    }

    @Override
    protected Set<String> cannot() {
      return subject.cannot();
    }

    @Override
    protected Path reportFolder() {
      return REPORTS;
    }

    @Override
    int times(int often) {
      return subject.rule().isEmpty() ? often : Math.max(2, often / 4);
    }

    @Override
    List<ModelCase> goldens() {
      return subject.rule().isEmpty() ? super.goldens() : SOME;
    }

    @Override
    List<String> ask(Class<? extends ChildJvm.Question> question, List<Map<String, String>> options)
        throws Exception {
      if (subject.inChildren()) {
        return super.ask(question, options);
      }
      List<String> breaches = new ArrayList<>();
      for (Map<String, String> each : options) {
        breaches.addAll(question.getDeclaredConstructor().newInstance().breaches(delegate(), each));
      }
      return breaches;
    }

    @Override
    protected List<PayloadSample> payloads() {
      return List.of(sample("without state", false), sample("with state", true));
    }

    private static PayloadSample sample(String name, boolean stateful) {
      List<TensorType> types = List.of(new TensorType(DType.FLOAT, Shape.of(3, 2), false));
      return new PayloadSample(
          name,
          OpaquePayloadDelegate.PAYLOAD_ID,
          OpaquePayloadDelegate.payload(2, 0.5f, stateful),
          Map.of(),
          types,
          types,
          stateful);
    }
  }

  /** What became of the rules: failed tests by rule, and how many tests did what. */
  private static final class Outcome implements TestExecutionListener {
    final Map<String, List<String>> failed = new TreeMap<>();
    final Set<String> rules = new TreeSet<>();
    final List<String> aborted = new ArrayList<>();

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      Optional<String> rule =
          test.getUniqueIdObject().getSegments().stream()
              .filter(s -> s.getType().equals("method") || s.getType().equals("test-factory"))
              .map(UniqueId.Segment::getValue)
              .map(name -> name.substring(0, name.indexOf('(')))
              .findFirst();
      if (rule.isEmpty()) {
        return;
      }
      rules.add(rule.get());
      String why = test.getDisplayName() + ": " + result.getThrowable().orElse(null);
      if (result.getStatus() == Status.FAILED) {
        failed.computeIfAbsent(rule.get(), r -> new ArrayList<>()).add(why);
      } else if (result.getStatus() == Status.ABORTED) {
        aborted.add(rule.get() + ": " + why);
      }
    }
  }

  private static Outcome run(Subject next) {
    subject = next;
    Outcome outcome = new Outcome();
    LauncherFactory.create()
        .execute(
            LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(SubjectKit.class))
                .build(),
            outcome);
    return outcome;
  }

  @Test
  void aSoundDelegateKeepsEveryRule() {
    Outcome outcome = run(new Subject(SoundDelegate::new, Set.of(), "", true));
    assertEquals(Map.of(), outcome.failed);
    assertEquals(List.of(), outcome.aborted);
    assertEquals(rules(), outcome.rules);
  }

  @Test
  void rulesOfClaimsAreNotTestedWherePayloadsAloneAreTaken() {
    Outcome outcome = run(payloadsAlone(SoundDelegate.PayloadsAlone::new, "none"));
    assertEquals(Map.of(), outcome.failed);
    assertEquals(
        Set.of(
            "claimsOnlyWhatItIsShown",
            "compilesAnyPartOfItsClaims",
            "computesLargeTensors",
            "computesWhatPyTorchComputes",
            "computesWhatReferenceKernelsCompute",
            "survivesFailedAllocations"), // it asks for no memory
        outcome.aborted.stream()
            .map(a -> a.substring(0, a.indexOf(':')))
            .collect(Collectors.toSet()));
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void aBadDelegateFailsItsRuleAlone(Subject bad) {
    Outcome outcome = run(bad);
    assertEquals(Set.of(bad.rule()), outcome.failed.keySet(), outcome.failed::toString);
  }

  @Test
  void everyRuleHasABadDelegate() {
    assertEquals(
        rules(),
        subjects().stream().map(Subject::rule).collect(Collectors.toCollection(TreeSet::new)));
  }

  private static Set<String> rules() {
    Set<String> rules =
        Arrays.stream(DelegateConformance.class.getDeclaredMethods())
            .filter(
                m -> m.isAnnotationPresent(Test.class) || m.isAnnotationPresent(TestFactory.class))
            .map(m -> m.getName())
            .collect(Collectors.toCollection(TreeSet::new));
    assertTrue(rules.size() > 10, rules::toString);
    return rules;
  }
}
