package dev.baton.devtools.debug;

import dev.baton.cases.Comparison;
import dev.baton.devtools.debug.DebugReport.OutputError;
import dev.baton.devtools.debug.DebugReport.Verdict;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.ClaimFilter;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Placement;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.profile.Profile;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Looks for the operator of a placement that gives something else than a reference does.
 *
 * <ol>
 *   <li>The reference runs, each operator a step of its own; what each gives is kept.
 *   <li>The placement runs as it is. After each step its results are compared, and replaced by the
 *       reference's: so the next step has the reference's inputs, and an error is the step's own
 *       and not one that it was given.
 *   <li>The same with each operator, or least group that a delegate claims, in a step of its own.
 *       Errors that later operators hide are seen here.
 *   <li>The culprit is the operator that departs most, of the step of the placement that departs
 *       most; if no step of the placement departs, that which departs most alone.
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

  /**
   * Where the sub-model is written, as a case folder; nowhere by default. One that is there already
   * is deleted when the search begins; if there is another thing, the search refuses.
   */
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
   * @throws IllegalArgumentException if there are no calls, or something else than an earlier
   *     sub-model is where the sub-model goes
   * @throws IOException if inputs cannot be read, or an earlier sub-model not be deleted
   */
  public DebugReport run() throws IOException {
    if (calls.isEmpty()) {
      throw new IllegalArgumentException("there are no calls to make");
    }
    Path into = folder;
    if (into != null) {
      SubModelSearch.clear(into);
    }
    Set<String> notes = new LinkedHashSet<>();
    Calls made = new Calls(program, method, delegates, calls, notes);
    progress.accept("reference: " + referenceName);
    try (ReferenceRun run = ReferenceRun.of(made, reference, maxBytes, new Tolerance(strictness))) {
      return search(made, run, into);
    }
  }

  private DebugReport search(Calls made, ReferenceRun run, @Nullable Path into) throws IOException {
    progress.accept("placement: " + suspectName);
    Placement placement;
    List<List<Tensor>> given;
    List<StepError> steps = List.of();
    List<StepError> operators = List.of();
    boolean comparable;
    try (ModelMethod loaded = made.load(suspect)) {
      placement = loaded.placement();
      given = made.run(loaded, () -> {}, null);
      comparable = run.hasOperatorsOf(placement);
      if (comparable) {
        progress.accept("each step on the reference's inputs");
        steps = run.compare(loaded);
      } else {
        made.notes()
            .add(
                "a payload runs as it is in one placement and as operators in the other: only"
                    + " outputs are compared");
      }
    }
    List<OutputError> outputs = outputs(given, run.outputs(), placement);
    List<OutputError> golden = goldenErrors(given, made.notes());
    Optional<CulpritSearch.Found> found = Optional.empty();
    if (comparable) {
      operators = operators(made, run, placement);
      found = new CulpritSearch(made, suspect, run, placement, progress).search(steps, operators);
    }
    Optional<SubModel> subModel = Optional.empty();
    if (found.isPresent() && into != null) {
      progress.accept(DebugReport.sentence(found.get().culprit(), found.get().placed()));
      progress.accept("sub-model: " + into);
      subModel =
          new SubModelSearch(made, suspect, reference, run, placement)
              .search(found.get(), steps, into);
    }
    return new DebugReport(
        method,
        suspectName,
        referenceName,
        verdict(found, outputs, golden, run.outputs()),
        placement,
        outputs,
        golden,
        steps,
        operators,
        found.map(CulpritSearch.Found::culprit),
        subModel,
        List.copyOf(made.notes()));
  }

  private Verdict verdict(
      Optional<CulpritSearch.Found> found,
      List<OutputError> outputs,
      List<OutputError> golden,
      List<List<Tensor>> expected) {
    if (found.isPresent()) {
      return found.get().placed() ? Verdict.FOUND : Verdict.FOUND_ALONE;
    }
    if (golden.stream().anyMatch(OutputError::departs)
        && goldenErrors(expected, new LinkedHashSet<>()).stream().anyMatch(OutputError::departs)) {
      return Verdict.REFERENCE_DEPARTS;
    }
    return Stream.concat(outputs.stream(), golden.stream()).anyMatch(OutputError::departs)
        ? Verdict.OUTPUTS_ONLY
        : Verdict.NO_DEPARTURE;
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
        TensorDifference difference = TensorDifference.of(ours, expected.get(c).get(o));
        errors.add(
            new OutputError(c, o, difference, loose.excess(all, ours.dtype(), difference, 0) > 1));
      }
    }
    return errors;
  }

  private List<OutputError> goldenErrors(List<List<Tensor>> given, Set<String> notes) {
    List<OutputError> errors = new ArrayList<>();
    for (int c = 0; c < given.size() && !goldens.isEmpty(); c++) {
      List<Tensor> golden = c < goldens.size() ? goldens.get(c) : List.of();
      int both = Math.min(given.get(c).size(), golden.size());
      for (int o = 0; o < both; o++) {
        Tensor ours = given.get(c).get(o);
        boolean passed = Comparison.of(ours, golden.get(o), goldenTolerance).passed();
        errors.add(new OutputError(c, o, TensorDifference.of(ours, golden.get(o)), !passed));
      }
      if (given.get(c).size() != golden.size()) {
        notes.add(
            "call "
                + c
                + " has "
                + given.get(c).size()
                + " outputs and "
                + golden.size()
                + " goldens: the others were not compared");
      }
    }
    return errors;
  }

  private List<StepError> operators(Calls made, ReferenceRun run, Placement placement)
      throws IOException {
    progress.accept("each operator alone, on the reference's inputs");
    ClaimFilter own = suspect.claims();
    ClaimFilter asPlaced =
        (delegate, operator, node) ->
            own.mayClaim(delegate, operator, node)
                && placement.operators().get(operator).runner().equals(delegate);
    try (ModelMethod loaded = made.load(suspect.withClaims(asPlaced).withSingleSteps(true))) {
      return run.compare(loaded);
    } catch (BatonException e) {
      made.notes().add("the operators do not run each alone: " + e.getMessage());
      return List.of();
    }
  }
}
