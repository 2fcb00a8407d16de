package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.Argument;
import dev.baton.graph.Value;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.RunObserver;
import dev.baton.runtime.profile.Profile;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What an observer of runs sees, and which operators a delegate is kept from. */
@ExtendWith(NoLeaks.class)
final class ObserverTest {
  private final Sample sample = Sample.twoParts();
  private final float[] x = {-1, 0.5f, 2, 3};

  private static FaultInjectingDelegate delegate(Faults faults) {
    return FaultInjectingDelegate.of(faults.claiming(Sample.ends()));
  }

  private ModelMethod load(LoadOptions options, FaultInjectingDelegate delegate) {
    return Loading.load(sample.pte(), options, delegate);
  }

  /** The first result of each operator, by position, and who gave it. */
  private static final class Seen implements RunObserver {
    final Map<Integer, float[]> results = new TreeMap<>();
    final List<String> runners = new ArrayList<>();
    int blocks;

    @Override
    public void blockBegan(int block, List<Observed> inputs, Map<Value, Argument> scalars) {
      blocks++;
      assertEquals(-1, inputs.getFirst().operator());
    }

    @Override
    public void stepEnded(Profile.Step step, List<Observed> outputs) {
      runners.add(step.runner());
      for (Observed output : outputs) {
        results.put(output.operator(), output.data().toArray(ValueLayout.JAVA_FLOAT));
      }
    }
  }

  private void assertSeesAll(LoadOptions options, FaultInjectingDelegate delegate) {
    Seen seen = new Seen();
    try (ModelMethod method = load(options, delegate);
        Execution execution = method.newExecution()) {
      execution.observe(seen);
      assertArrayEquals(sample.golden().apply(x.clone()), Loading.run(execution, x));
    }
    assertEquals(1, seen.blocks);
    assertArrayEquals(new float[] {-2, 1, 4, 6}, seen.results.get(0));
    assertArrayEquals(new float[] {0, 1, 4, 6}, seen.results.get(1));
    assertArrayEquals(sample.golden().apply(x.clone()), seen.results.get(2));
  }

  @Test
  void seesWhatJavaAndDelegatesGive() {
    assertSeesAll(LoadOptions.defaults(), delegate(Faults.none()));
    assertSeesAll(LoadOptions.javaOnly().withSingleSteps(true), delegate(Faults.none()));
  }

  @Test
  void seesWhatTheTwinOfAFailedDelegateGives() {
    assertSeesAll(
        LoadOptions.defaults().withPolicy(FallbackPolicy.FALL_BACK),
        delegate(Faults.none().failing(Moment.RUN, Failure.delegateException())));
  }

  @Test
  void whatItWritesIsWhatFollowingStepsRead() {
    try (ModelMethod method = load(LoadOptions.defaults(), delegate(Faults.none()));
        Execution execution = method.newExecution()) {
      execution.observe((step, outputs) -> {
        if (outputs.getFirst().operator() == 0) {
          outputs.getFirst().data().setAtIndex(ValueLayout.JAVA_FLOAT, 0, 100);
        }
      });
      assertEquals(100 + x[0], Loading.run(execution, x)[0]);
      execution.observe(null);
      assertEquals(x[0], Loading.run(execution, x)[0]);
    }
  }

  @Test
  void singleStepsAreOneOperatorEach() {
    LoadOptions options = LoadOptions.defaults().withSingleSteps(true);
    FaultInjectingDelegate all = FaultInjectingDelegate.of(Faults.none());
    try (ModelMethod method = load(options, all)) {
      assertEquals(3, method.placement().subgraphs().size());
    }
    try (ModelMethod method = load(LoadOptions.defaults(), all)) {
      assertEquals(1, method.placement().subgraphs().size());
    }
  }

  @Test
  void aDelegateTakesOnlyWhatItIsShown() {
    LoadOptions options =
        LoadOptions.defaults().withClaims((delegate, operator, node) -> operator == 2);
    try (ModelMethod method = load(options, FaultInjectingDelegate.of(Faults.none()));
        Execution execution = method.newExecution()) {
      List<String> runners = method.placement().operators().stream().map(o -> o.runner()).toList();
      assertEquals(PureJavaDelegate.NAME, runners.get(2));
      assertTrue(runners.subList(0, 2).stream().noneMatch(PureJavaDelegate.NAME::equals));
      assertArrayEquals(sample.golden().apply(x.clone()), Loading.run(execution, x));
    }
  }

  @Test
  void anOperatorIsWrongByTheFactor() {
    Faults wrong = Faults.none().with(new OperatorFault(Sample.ADD, "4", "", 1.5));
    try (ModelMethod method = load(LoadOptions.defaults(), delegate(wrong));
        Execution execution = method.newExecution()) {
      float[] right = sample.golden().apply(x.clone());
      float[] given = Loading.run(execution, x);
      for (int i = 0; i < right.length; i++) {
        assertEquals(1.5f * right[i], given[i], 1e-6f);
      }
    }
  }
}
