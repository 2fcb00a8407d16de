package dev.baton.devtools.debug;

import dev.baton.graph.Argument;
import dev.baton.graph.Value;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.MissingOperatorException;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Placement;
import dev.baton.runtime.RunObserver;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.profile.Profile;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * What a reference gave in some calls, operator by operator; other placements are held against it.
 * Used by one thread.
 */
final class ReferenceRun implements AutoCloseable {
  private final Calls calls;
  private final ModelMethod loaded;
  private final ObservedValues values;
  private final MethodGraph graph;
  private final Tolerance tolerance;
  private List<List<Tensor>> outputs = List.of();

  private ReferenceRun(
      Calls calls, ModelMethod loaded, ObservedValues values, Tolerance tolerance) {
    this.calls = calls;
    this.loaded = loaded;
    this.values = values;
    this.graph = new MethodGraph(loaded);
    this.tolerance = tolerance;
  }

  /**
   * Makes the calls, each operator a step of its own.
   *
   * @param maxBytes of memory for the values, at most
   */
  static ReferenceRun of(Calls calls, LoadOptions options, long maxBytes, Tolerance tolerance)
      throws IOException {
    ModelMethod loaded = load(calls, options);
    ReferenceRun run = new ReferenceRun(calls, loaded, new ObservedValues(maxBytes), tolerance);
    try {
      run.capture();
      return run;
    } catch (Throwable e) {
      run.close();
      throw e;
    }
  }

  private static ModelMethod load(Calls calls, LoadOptions options) {
    try {
      return calls.load(options.withSingleSteps(true));
    } catch (MissingOperatorException e) {
      if (options.kernels().isEmpty()) {
        throw e;
      }
      calls
          .notes()
          .add("the reference has operators that are no reference kernels: " + e.getMessage());
      return calls.load(LoadOptions.javaOnly().withSingleSteps(true));
    }
  }

  private void capture() throws IOException {
    int[] at = {-1, -1}; // call, visit
    outputs =
        calls.run(
            loaded,
            () -> {
              at[0]++;
              at[1] = -1;
            },
            new RunObserver() {
              @Override
              public void blockBegan(
                  int block, List<Observed> inputs, Map<Value, Argument> scalars) {
                at[1]++;
                values.began(new ObservedValues.Visit(at[0], at[1]), block, scalars);
                keep(inputs);
              }

              @Override
              public void stepEnded(Profile.Step step, List<Observed> given) {
                keep(given);
              }

              private void keep(List<Observed> observed) {
                for (Observed value : observed) {
                  values.put(
                      new ObservedValues.Key(at[0], at[1], value.operator(), value.result()),
                      value);
                }
              }
            });
  }

  /** Of each call. */
  List<List<Tensor>> outputs() {
    return outputs;
  }

  ObservedValues values() {
    return values;
  }

  MethodGraph graph() {
    return graph;
  }

  Tolerance tolerance() {
    return tolerance;
  }

  /** True if a placement is of the same operators, so that they can be compared one by one. */
  boolean hasOperatorsOf(Placement other) {
    List<Placement.PlacedOperator> a = loaded.placement().operators();
    List<Placement.PlacedOperator> b = other.operators();
    boolean same = a.size() == b.size();
    for (int i = 0; same && i < a.size(); i++) {
      same = a.get(i).name().equals(b.get(i).name()) && a.get(i).origin().equals(b.get(i).origin());
    }
    return same;
  }

  /** Makes the calls on a placement of the same operators, each step on the reference's inputs. */
  List<StepError> compare(ModelMethod placed) throws IOException {
    StepComparer comparer = new StepComparer(values, graph, tolerance);
    calls.run(placed, comparer::beginCall, comparer);
    if (comparer.unknown() > 0) {
      calls
          .notes()
          .add(
              comparer.unknown()
                  + " results of steps were not compared: the reference does not give them");
    }
    return comparer.errors();
  }

  @Override
  public void close() {
    try (loaded) {
      values.close();
    }
  }
}
