package dev.baton.devtools.debug;

import dev.baton.graph.Argument;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import dev.baton.runtime.RunObserver;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.profile.Profile;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Compares what each step gives with the reference, then puts the reference's values in their
 * place: so every step has the reference's inputs, and its error is its own.
 */
final class StepComparer implements RunObserver {
  private final ObservedValues reference;
  private final MethodGraph graph;
  private final Tolerance tolerance;
  private final List<StepError> errors = new ArrayList<>();
  private final Map<ObservedValues.Key, Double> magnitudes = new HashMap<>();
  private int call = -1;
  private int visit;
  private long unknown;

  StepComparer(ObservedValues reference, MethodGraph graph, Tolerance tolerance) {
    this.reference = reference;
    this.graph = graph;
    this.tolerance = tolerance;
  }

  /** Before each call. */
  void beginCall() {
    call++;
    visit = -1;
  }

  List<StepError> errors() {
    return errors;
  }

  /** Results that the reference does not have. */
  long unknown() {
    return unknown;
  }

  @Override
  public void blockBegan(int block, List<Observed> inputs, Map<Value, Argument> scalars) {
    visit++;
  }

  @Override
  public void stepEnded(Profile.Step step, List<Observed> outputs) {
    if (step.operations().isEmpty()) {
      return; // a copy
    }
    double inputs = -1;
    StepError worst = null;
    for (int o = 0; o < outputs.size(); o++) {
      Observed output = outputs.get(o);
      Tensor expected =
          reference.get(new ObservedValues.Key(call, visit, output.operator(), output.result()));
      Tensor actual = ObservedValues.view(output);
      if (expected == null) {
        unknown++;
        continue;
      }
      if (isOf(step, output)) {
        inputs = inputs < 0 ? inputMagnitude(step) : inputs;
        TensorDifference difference = TensorDifference.of(actual, expected);
        double excess = tolerance.excess(step, actual.dtype(), difference, inputs);
        double bound = tolerance.bound(step, actual.dtype());
        StepError error = new StepError(call, visit, step, o, difference, bound, excess);
        worst = worst == null || excess > worst.excess() ? error : worst;
      }
      if (expected.data().byteSize() == output.data().byteSize()) {
        output.data().copyFrom(expected.data());
      } // else it has another shape, and departs; so may what follows
    }
    if (worst != null) {
      errors.add(worst);
    }
  }

  /** False of a view of a result: it is what it is a view of. */
  private static boolean isOf(Profile.Step step, Observed output) {
    return step.operations().stream().anyMatch(o -> o.position() == output.operator());
  }

  /** The greatest root mean square of a tensor that comes into a step. */
  private double inputMagnitude(Profile.Step step) {
    List<Node> nodes = new ArrayList<>();
    for (Profile.Operation operation : step.operations()) {
      if (operation.position() >= 0) {
        nodes.add(graph.node(operation.position()));
      }
    }
    double greatest = 0;
    for (Value value : MethodGraph.inputs(nodes)) {
      ObservedValues.Key key =
          graph.key(
              value,
              graph.graph(step.operations().getFirst().position()),
              new ObservedValues.Visit(call, visit));
      greatest = Math.max(greatest, magnitudes.computeIfAbsent(key, this::magnitude));
    }
    return greatest;
  }

  private double magnitude(ObservedValues.Key key) {
    @Nullable Tensor tensor = reference.get(key);
    return tensor == null ? 0 : TensorDifference.rms(tensor);
  }
}
