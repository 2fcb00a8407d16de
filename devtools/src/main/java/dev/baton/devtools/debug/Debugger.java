package dev.baton.devtools.debug;

import dev.baton.cases.CaseResult;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.cases.Numbers;
import dev.baton.devtools.debug.DebugReport.OutputError;
import dev.baton.devtools.debug.DebugReport.Verdict;
import dev.baton.graph.Argument;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.ClaimFilter;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.MissingOperatorException;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Placement;
import dev.baton.runtime.RunObserver;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.profile.Profile;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Looks for the first operator of a placement that gives something else than a reference does.
 *
 * <ol>
 *   <li>The reference runs, each operator a step of its own; what each gives is kept.
 *   <li>The placement runs as it is. After each step its results are compared, and replaced by the
 *       reference's: so the next step has the reference's inputs, and an error is the step's own
 *       and not one that it was given.
 *   <li>The same with each operator, or least group that a delegate claims, in a step of its own.
 *       The first that departs is the culprit. Errors that later operators hide are seen here.
 *   <li>Where a subgraph departs and none of its operators does alone, the delegate is given ever
 *       fewer of them, as long as it still shows.
 *   <li>The culprit is written as a program of its own with its inputs, and that is run.
 * </ol>
 *
 * <p>Calls are made in order on one execution, so that state is as in use; the reference's values
 * are put in place of state too. Values are kept until the search ends: memory for all that the
 * calls compute is needed. Used by one thread.
 */
public final class Debugger {
  private static final long MAX_BYTES = 8L << 30;

  /** Loads of a placement with ever fewer operators on the delegate, at most. */
  private static final int MAX_PROBES = 64;

  /** Sets the inputs of a call. */
  @FunctionalInterface
  public interface Inputs {
    /**
     * @throws IOException if a file cannot be read
     */
    void set(Execution execution) throws IOException;
  }

  /** The reference kernels, which compute in one order on one thread. */
  public static LoadOptions referenceKernels() {
    return LoadOptions.javaOnly().withKernels(List.of("reference"));
  }

  private final Program program;
  private final String method;
  private final Delegates delegates;
  private LoadOptions suspect = LoadOptions.defaults();
  private String suspectName = "all delegates that work here";
  private LoadOptions reference = referenceKernels();
  private String referenceName = "reference kernels";
  private List<Inputs> calls = List.of();
  private List<List<Tensor>> goldens = List.of();
  private double goldenTolerance = 1e-4;
  private double strictness = 1;
  private long maxBytes = MAX_BYTES;
  private @Nullable Path folder;
  private Consumer<String> progress = text -> {};
  private final List<String> notes = new ArrayList<>();

  /**
   * @param program stays open while this is used
   */
  public Debugger(Program program, String method, Delegates delegates) {
    this.program = program;
    this.method = method;
    this.delegates = delegates;
  }

  /** The placement that is looked at; by default that of {@link LoadOptions#defaults}. */
  public Debugger suspect(String name, LoadOptions options) {
    suspectName = Objects.requireNonNull(name);
    suspect = Objects.requireNonNull(options);
    return this;
  }

  /** What it is held against; by default {@link #referenceKernels}. */
  public Debugger reference(String name, LoadOptions options) {
    referenceName = Objects.requireNonNull(name);
    reference = Objects.requireNonNull(options);
    return this;
  }

  /** The calls to make, at least one. */
  public Debugger calls(List<Inputs> inputs) {
    calls = List.copyOf(inputs);
    return this;
  }

  /**
   * What the outputs should be, for each call; the reference is held against it too.
   *
   * @param tolerance as {@code case.json} states it: of the largest magnitude
   */
  public Debugger goldens(List<List<Tensor>> outputs, double tolerance) {
    goldens = List.copyOf(outputs);
    goldenTolerance = tolerance;
    return this;
  }

  /**
   * @param factor of all bounds: 1 by default, more to be less strict
   */
  public Debugger strictness(double factor) {
    if (!(factor > 0)) {
      throw new IllegalArgumentException("the factor of the bounds is " + factor);
    }
    strictness = factor;
    return this;
  }

  /** How much memory the reference's values may take; 8 GiB by default. */
  public Debugger maxBytes(long bytes) {
    maxBytes = bytes;
    return this;
  }

  /** Where the sub-model is written, as a case folder; nowhere by default. */
  public Debugger subModel(Path caseFolder) {
    folder = Objects.requireNonNull(caseFolder);
    return this;
  }

  /** Told what is done, a line each. */
  public Debugger progress(Consumer<String> listener) {
    progress = Objects.requireNonNull(listener);
    return this;
  }

  // ---- the search

  /**
   * Looks.
   *
   * @throws BatonException if the method cannot be loaded or run: by the placement, or by the
   *     reference, which has no operators for opaque payloads
   * @throws IOException if inputs cannot be read, or the sub-model not written
   */
  public DebugReport run() throws IOException {
    if (calls.isEmpty()) {
      throw new IllegalArgumentException("there are no calls to make");
    }
    notes.clear();
    progress.accept("reference: " + referenceName);
    try (ModelMethod referenceMethod = loadReference();
        ObservedValues values = new ObservedValues(maxBytes)) {
      List<List<Tensor>> expected = capture(referenceMethod, values);
      MethodGraph graph = new MethodGraph(referenceMethod);
      return search(referenceMethod.placement(), graph, values, expected);
    }
  }

  private ModelMethod loadReference() {
    LoadOptions options = reference.withSingleSteps(true);
    try {
      return ModelMethod.load(program, method, options, delegates);
    } catch (MissingOperatorException e) {
      if (reference.kernels().isEmpty()) {
        throw e;
      }
      notes.add("the reference has operators that are no reference kernels: " + e.getMessage());
      return ModelMethod.load(
          program, method, LoadOptions.javaOnly().withSingleSteps(true), delegates);
    }
  }

  private List<List<Tensor>> capture(ModelMethod loaded, ObservedValues into) throws IOException {
    int[] at = {-1, -1}; // call, visit
    return run(
        loaded,
        () -> {
          at[0]++;
          at[1] = -1;
        },
        new RunObserver() {
          @Override
          public void blockBegan(int block, List<Observed> inputs, Map<Value, Argument> scalars) {
            at[1]++;
            into.began(new ObservedValues.Visit(at[0], at[1]), block, scalars);
            keep(inputs);
          }

          @Override
          public void stepEnded(Profile.Step step, List<Observed> outputs) {
            keep(outputs);
          }

          private void keep(List<Observed> observed) {
            for (Observed value : observed) {
              into.put(
                  new ObservedValues.Key(at[0], at[1], value.operator(), value.result()), value);
            }
          }
        });
  }

  /** Makes the calls; gives copies of the outputs. */
  private List<List<Tensor>> run(
      ModelMethod loaded, Runnable beforeCall, @Nullable RunObserver observer) throws IOException {
    List<List<Tensor>> outputs = new ArrayList<>();
    try (Execution execution = loaded.newExecution()) {
      execution.observe(observer);
      for (Inputs call : calls) {
        beforeCall.run();
        call.set(execution);
        execution.run();
        List<Tensor> given = new ArrayList<>();
        for (int o = 0; o < loaded.outputCount(); o++) {
          given.add(Numbers.asTensor(execution.output(o)).copy());
        }
        outputs.add(given);
      }
      for (String name : execution.fallenBack()) {
        notes.add(name + " failed in a run and ran in Java: what follows is Java's");
      }
    }
    return outputs;
  }

  private DebugReport search(
      Placement referencePlacement,
      MethodGraph graph,
      ObservedValues values,
      List<List<Tensor>> expected)
      throws IOException {
    Tolerance tolerance = new Tolerance(strictness);
    progress.accept("placement: " + suspectName);
    Placement placement;
    List<List<Tensor>> given;
    List<StepError> steps = List.of();
    boolean comparable;
    try (ModelMethod loaded = ModelMethod.load(program, method, suspect, delegates)) {
      placement = loaded.placement();
      given = run(loaded, () -> {}, null);
      comparable = isSameGraph(referencePlacement, placement);
      if (comparable) {
        progress.accept("each step on the reference's inputs");
        steps = compare(loaded, values, graph, tolerance);
      } else {
        notes.add(
            "a payload runs as it is in one placement and as operators in the other: only outputs"
                + " are compared");
      }
    }
    List<OutputError> outputs = outputs(given, expected, placement);
    List<OutputError> golden = goldens.isEmpty() ? List.of() : goldenErrors(given);
    List<StepError> operators =
        comparable ? operators(placement, values, graph, tolerance) : List.of();
    Optional<Found> found =
        comparable
            ? culprit(placement, steps, operators, values, graph, tolerance)
            : Optional.empty();
    Optional<SubModel> subModel = Optional.empty();
    if (found.isPresent() && folder != null) {
      progress.accept("sub-model: " + folder);
      subModel = write(found.get(), placement, steps, values, graph, folder);
    }
    return new DebugReport(
        method,
        suspectName,
        referenceName,
        verdict(found.isPresent(), outputs, golden, expected),
        placement,
        outputs,
        golden,
        steps,
        operators,
        found.map(Found::culprit),
        subModel,
        notes);
  }

  private Verdict verdict(
      boolean found,
      List<OutputError> outputs,
      List<OutputError> golden,
      List<List<Tensor>> expected) {
    if (found) {
      return Verdict.FOUND;
    }
    if (golden.stream().anyMatch(OutputError::departs)
        && goldenErrors(expected).stream().anyMatch(OutputError::departs)) {
      return Verdict.REFERENCE_DEPARTS;
    }
    return Stream.concat(outputs.stream(), golden.stream()).anyMatch(OutputError::departs)
        ? Verdict.OUTPUTS_ONLY
        : Verdict.NO_DEPARTURE;
  }

  private static boolean isSameGraph(Placement one, Placement other) {
    List<Placement.PlacedOperator> a = one.operators();
    List<Placement.PlacedOperator> b = other.operators();
    boolean same = a.size() == b.size();
    for (int i = 0; same && i < a.size(); i++) {
      same = a.get(i).name().equals(b.get(i).name()) && a.get(i).origin().equals(b.get(i).origin());
    }
    return same;
  }

  private List<StepError> compare(
      ModelMethod loaded, ObservedValues values, MethodGraph graph, Tolerance tolerance)
      throws IOException {
    StepComparer comparer = new StepComparer(values, graph, tolerance);
    run(loaded, comparer::beginCall, comparer);
    return comparer.errors();
  }

  /** A step that holds all operators: what its outputs may differ by. */
  private static Profile.Step all(Placement placement) {
    List<Profile.Operation> operations = new ArrayList<>();
    for (int o = 0; o < placement.operators().size(); o++) {
      Placement.PlacedOperator operator = placement.operators().get(o);
      operations.add(new Profile.Operation(operator.name(), operator.origin(), o, 0));
    }
    return new Profile.Step(0, "all", "", "", operations, List.of(), List.of(), 0, 0, 0, 0);
  }

  private List<OutputError> outputs(
      List<List<Tensor>> given, List<List<Tensor>> expected, Placement placement) {
    Profile.Step all = all(placement);
    // Errors of operators add up, and grow where a model is sensitive: by how much nobody knows.
    Tolerance loose = new Tolerance(10 * strictness);
    List<OutputError> errors = new ArrayList<>();
    for (int c = 0; c < given.size(); c++) {
      for (int o = 0; o < given.get(c).size(); o++) {
        Tensor ours = given.get(c).get(o);
        Tensor theirs = expected.get(c).get(o);
        if (ours.numel() != theirs.numel()) {
          notes.add("output " + o + " of call " + c + " has another shape than in the reference");
          continue;
        }
        TensorDifference difference = TensorDifference.of(ours, theirs);
        errors.add(
            new OutputError(c, o, difference, loose.isPassed(all, ours.dtype(), difference, 0)));
      }
    }
    return errors;
  }

  private List<OutputError> goldenErrors(List<List<Tensor>> given) {
    List<OutputError> errors = new ArrayList<>();
    for (int c = 0; c < Math.min(given.size(), goldens.size()); c++) {
      for (int o = 0; o < Math.min(given.get(c).size(), goldens.get(c).size()); o++) {
        Tensor ours = given.get(c).get(o);
        Tensor golden = goldens.get(c).get(o);
        if (ours.numel() == golden.numel() && ours.dtype() == golden.dtype()) {
          errors.add(
              new OutputError(
                  c,
                  o,
                  TensorDifference.of(ours, golden),
                  !dev.baton.cases.Comparison.of(ours, golden, goldenTolerance).passed()));
        }
      }
    }
    return errors;
  }

  private List<StepError> operators(
      Placement placement, ObservedValues values, MethodGraph graph, Tolerance tolerance)
      throws IOException {
    progress.accept("each operator alone, on the reference's inputs");
    ClaimFilter own = suspect.claims();
    ClaimFilter asPlaced =
        (delegate, operator, node) ->
            own.mayClaim(delegate, operator, node)
                && placement.operators().get(operator).runner().equals(delegate);
    try (ModelMethod loaded =
        ModelMethod.load(
            program, method, suspect.withClaims(asPlaced).withSingleSteps(true), delegates)) {
      return compare(loaded, values, graph, tolerance);
    }
  }

  // ---- who is to blame

  /**
   * @param error where it shows
   */
  private record Found(Culprit culprit, StepError error) {}

  private Optional<Found> culprit(
      Placement placement,
      List<StepError> steps,
      List<StepError> operators,
      ObservedValues values,
      MethodGraph graph,
      Tolerance tolerance)
      throws IOException {
    Optional<StepError> alone = operators.stream().filter(StepError::departs).findFirst();
    if (alone.isPresent()) {
      return alone.map(e -> found(e, e.step().operations(), true, placement));
    }
    Optional<StepError> step = steps.stream().filter(StepError::departs).findFirst();
    if (step.isEmpty()) {
      return Optional.empty();
    }
    StepError error = step.get();
    if (error.step().subgraph().isEmpty()) {
      return Optional.of(found(error, error.step().operations(), false, placement));
    }
    return Optional.of(bisect(error, placement, values, graph, tolerance));
  }

  private static Found found(
      StepError error, List<Profile.Operation> operators, boolean alone, Placement placement) {
    int first = operators.getFirst().position();
    Placement.PlacedOperator placed = placement.operators().get(first);
    return new Found(
        new Culprit(
            error.step().runner(),
            placed.subgraph(),
            operators,
            alone,
            error.error(),
            error.bound()),
        error);
  }

  private Found bisect(
      StepError error,
      Placement placement,
      ObservedValues values,
      MethodGraph graph,
      Tolerance tolerance)
      throws IOException {
    Probe probe = new Probe(error.step().runner(), values, graph, tolerance);
    List<Integer> all =
        error.step().operations().stream().map(Profile.Operation::position).sorted().toList();
    List<Integer> kept = all;
    StepError shown = probe.run(kept);
    if (shown == null) {
      return found(error, error.step().operations(), false, placement);
    }
    // The shortest beginning, then the shortest end of that.
    for (boolean fromFront : List.of(true, false)) {
      int low = 0; // does not show
      int high = kept.size(); // shows
      while (high - low > 1) {
        int middle = (low + high) / 2;
        StepError at = probe.run(end(kept, middle, fromFront));
        if (at == null) {
          low = middle;
        } else {
          high = middle;
          shown = at;
        }
      }
      kept = end(kept, high, fromFront);
    }
    for (int leftOut : List.copyOf(kept)) {
      List<Integer> fewer = kept.stream().filter(p -> p != leftOut).toList();
      StepError at = fewer.isEmpty() ? null : probe.run(fewer);
      if (at != null) {
        kept = fewer;
        shown = at;
      }
    }
    Set<Integer> positions = new LinkedHashSet<>(kept);
    return found(
        shown,
        error.step().operations().stream().filter(o -> positions.contains(o.position())).toList(),
        false,
        placement);
  }

  private static List<Integer> end(List<Integer> all, int count, boolean front) {
    return front ? all.subList(0, count) : all.subList(all.size() - count, all.size());
  }

  /** Placements in which a delegate has few operators. */
  private final class Probe {
    private final String delegate;
    private final ObservedValues values;
    private final MethodGraph graph;
    private final Tolerance tolerance;
    private int runs;

    Probe(String delegate, ObservedValues values, MethodGraph graph, Tolerance tolerance) {
      this.delegate = delegate;
      this.values = values;
      this.graph = graph;
      this.tolerance = tolerance;
    }

    /** The first step of the delegate that departs; null if none does. */
    @Nullable StepError run(List<Integer> operators) throws IOException {
      if (++runs > MAX_PROBES) {
        return null;
      }
      progress.accept("bisecting: " + operators.size() + " operators on " + delegate);
      Set<Integer> allowed = new TreeSet<>(operators);
      ClaimFilter filter = (d, o, node) -> d.equals(delegate) && allowed.contains(o);
      try (ModelMethod loaded =
          ModelMethod.load(program, method, suspect.withClaims(filter), delegates)) {
        return compare(loaded, values, graph, tolerance).stream()
            .filter(e -> e.departs() && e.step().runner().equals(delegate))
            .findFirst()
            .orElse(null);
      }
    }
  }

  // ---- the sub-model

  private Optional<SubModel> write(
      Found found,
      Placement placement,
      List<StepError> steps,
      ObservedValues values,
      MethodGraph graph,
      Path into)
      throws IOException {
    List<Integer> least =
        found.culprit().operators().stream().map(Profile.Operation::position).sorted().toList();
    List<List<Integer>> written = new ArrayList<>();
    for (List<Integer> positions : candidates(least, found, steps, graph)) {
      try {
        SubModel subModel = write(positions, found, placement, values, graph, into);
        if (subModel.reproduces()) {
          return Optional.of(subModel);
        }
        written.add(positions);
      } catch (BatonException | IllegalStateException e) {
        notes.add("no sub-model of " + positions.size() + " operators: " + e.getMessage());
      }
    }
    return written.isEmpty()
        ? Optional.empty()
        : Optional.of(write(written.getFirst(), found, placement, values, graph, into));
  }

  /** The operators, then with their neighbours, then all of their subgraph. */
  private static List<List<Integer>> candidates(
      List<Integer> least, Found found, List<StepError> steps, MethodGraph graph) {
    Set<List<Integer>> all = new LinkedHashSet<>();
    all.add(least);
    List<Integer> subgraph =
        steps.stream()
            .filter(s -> !s.step().subgraph().isEmpty())
            .filter(s -> s.step().subgraph().equals(found.culprit().subgraph()))
            .findFirst()
            .map(s -> s.step().operations().stream().map(Profile.Operation::position).toList())
            .orElse(least);
    List<Node> nodes = least.stream().map(graph::node).toList();
    Set<Integer> near = new TreeSet<>(least);
    for (int position : subgraph) {
      Node other = graph.node(position);
      boolean gives =
          nodes.stream().anyMatch(n -> n.inputs().stream().anyMatch(v -> v.producer() == other));
      boolean takes = other.inputs().stream().anyMatch(v -> nodes.contains(v.producer()));
      if (gives || takes) {
        near.add(position);
      }
    }
    all.add(List.copyOf(near));
    all.add(subgraph.stream().sorted().toList());
    return List.copyOf(all);
  }

  private SubModel write(
      List<Integer> positions,
      Found found,
      Placement placement,
      ObservedValues values,
      MethodGraph graph,
      Path into)
      throws IOException {
    ObservedValues.Visit visit =
        new ObservedValues.Visit(found.error().call(), found.error().visit());
    var block = graph.graph(positions.getFirst());
    List<Node> nodes = positions.stream().map(graph::node).toList();
    SubModelWriter.Part part =
        new SubModelWriter.Part(
            nodes,
            MethodGraph.inputs(nodes),
            MethodGraph.outputs(nodes, block),
            values.scalars(visit),
            value -> {
              Tensor tensor = values.get(graph.key(value, block, visit));
              if (tensor == null) {
                throw new BatonException("the reference does not give " + value + " as a step");
              }
              return tensor;
            });
    TensorDifference error = found.culprit().error();
    SubModelWriter.write(
        part,
        into,
        SubModelWriter.tolerance(
            error, found.culprit().bound(), part.outputs().getFirst().dtype()));
    return new SubModel(
        into,
        positions.stream()
            .map(p -> {
              Placement.PlacedOperator placed = placement.operators().get(p);
              return new Profile.Operation(placed.name(), placed.origin(), p, 0);
            })
            .toList(),
        !passes(into, suspect),
        passes(into, reference));
  }

  private boolean passes(Path caseFolder, LoadOptions options) throws IOException {
    try {
      CaseResult result = new CaseRunner(delegates, options).run(ModelCase.read(caseFolder));
      return result.passed();
    } catch (BatonException e) {
      notes.add("the sub-model does not run: " + e.getMessage());
      return options == suspect; // nothing is shown, and nothing is passed
    }
  }
}
