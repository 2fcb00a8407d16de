package dev.baton.devtools.debug;

import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.ClaimFilter;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Placement;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.profile.Profile;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes the smallest program that shows what was found: the operators to blame, or these with
 * their neighbours, or all of their subgraph. Each is tried in a folder of its own beside the one
 * that is wanted, and that which is kept is moved there. What fails becomes a note.
 */
final class SubModelSearch {
  /** What a sub-model's folder holds. */
  private static final Pattern OURS =
      Pattern.compile("|model\\.pte|case\\.json|(inputs|expected)(/[0-9]+\\.npy)?");

  private final Calls calls;
  private final LoadOptions suspect;
  private final LoadOptions judge;
  private final ReferenceRun reference;
  private final Placement placement;

  /**
   * @param judge the options of the reference
   * @param placement of {@code suspect}
   */
  SubModelSearch(
      Calls calls,
      LoadOptions suspect,
      LoadOptions judge,
      ReferenceRun reference,
      Placement placement) {
    this.calls = calls;
    this.suspect = suspect;
    this.judge = judge;
    this.reference = reference;
    this.placement = placement;
  }

  /**
   * Removes the sub-model of an earlier search.
   *
   * @throws IllegalArgumentException if something else is there
   */
  static void clear(Path folder) throws IOException {
    if (Files.notExists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      Optional<Path> foreign =
          files
              .filter(
                  f -> !OURS.matcher(folder.relativize(f).toString().replace('\\', '/')).matches())
              .findFirst();
      if (foreign.isPresent() || !Files.isDirectory(folder)) {
        throw new IllegalArgumentException(
            foreign.orElse(folder)
                + " is in the way: "
                + folder
                + " is where the sub-model goes, and nothing else may be there");
      }
    }
    delete(folder);
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /**
   * Searches.
   *
   * @param steps of the placement
   * @param folder where the sub-model goes; there is nothing yet
   * @return empty if none could be written
   */
  Optional<SubModel> search(CulpritSearch.Found found, List<StepError> steps, Path folder) {
    try {
      Path parent = Objects.requireNonNull(folder.toAbsolutePath().getParent());
      Files.createDirectories(parent);
      Path room = Files.createTempDirectory(parent, "sub-model-");
      try {
        return search(found, steps, folder, room);
      } finally {
        delete(room);
      }
    } catch (IOException e) {
      calls.notes().add("the sub-model could not be written: " + e);
      return Optional.empty();
    }
  }

  private Optional<SubModel> search(
      CulpritSearch.Found found, List<StepError> steps, Path folder, Path room) throws IOException {
    List<SubModel> written = new ArrayList<>();
    for (List<Integer> positions : candidates(found, steps)) {
      try {
        SubModel subModel =
            attempt(found, positions, room.resolve(String.valueOf(positions.size())));
        if (subModel.reproduces()) {
          return Optional.of(moved(subModel, folder));
        }
        written.add(subModel);
      } catch (Exception | OutOfMemoryError e) { // whatever it is, the finding stands
        calls.notes().add("no sub-model of " + positions.size() + " operators: " + message(e));
      }
    }
    return written.isEmpty() ? Optional.empty() : Optional.of(moved(written.getFirst(), folder));
  }

  private static String message(Throwable e) {
    return e instanceof BatonException ? String.valueOf(e.getMessage()) : e.toString();
  }

  private static SubModel moved(SubModel made, Path folder) throws IOException {
    Files.move(made.folder(), folder);
    return new SubModel(folder, made.operators(), made.reproduces(), made.referencePasses());
  }

  /** The operators, then with their neighbours, then all of their subgraph. */
  private List<List<Integer>> candidates(CulpritSearch.Found found, List<StepError> steps) {
    List<Integer> least =
        found.culprit().operators().stream().map(Profile.Operation::position).sorted().toList();
    Set<List<Integer>> all = new LinkedHashSet<>();
    all.add(least);
    List<Integer> subgraph =
        steps.stream()
            .filter(s -> !s.step().subgraph().isEmpty())
            .filter(s -> s.step().subgraph().equals(found.culprit().subgraph()))
            .findFirst()
            .map(s -> s.step().operations().stream().map(Profile.Operation::position).toList())
            .orElse(least);
    MethodGraph graph = reference.graph();
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

  private SubModel attempt(CulpritSearch.Found found, List<Integer> positions, Path into)
      throws IOException {
    SubModelWriter.Part part = part(positions, found.error());
    List<Profile.Operation> operations =
        positions.stream()
            .map(p -> {
              Placement.PlacedOperator placed = placement.operators().get(p);
              return new Profile.Operation(placed.name(), placed.origin(), p, 0);
            })
            .toList();
    SubModelWriter.write(part, into);
    SubModelWriter.describe(part, into, 0);
    LoadOptions asPlaced = suspect.withClaims(own(positions));
    Profile.Step step = like(found.error().step(), operations);
    OptionalDouble shown = tolerance(part, run(into, asPlaced), step);
    SubModelWriter.describe(
        part, into, shown.orElse(reference.tolerance().bound(step, dtype(part))));
    return new SubModel(
        into, operations, shown.isPresent() && !passes(into, asPlaced), referencePasses(into));
  }

  private static DType dtype(SubModelWriter.Part part) {
    return part.tensors().apply(part.outputs().getFirst()).dtype();
  }

  /** The caller's filter knows the operators by where they are in the whole. */
  private ClaimFilter own(List<Integer> positions) {
    ClaimFilter whole = suspect.claims();
    return (delegate, operator, node) ->
        operator >= positions.size() || whole.mayClaim(delegate, positions.get(operator), node);
  }

  private SubModelWriter.Part part(List<Integer> positions, StepError error) {
    ObservedValues.Visit visit = new ObservedValues.Visit(error.call(), error.visit());
    MethodGraph graph = reference.graph();
    Graph block = graph.graph(positions.getFirst());
    List<Node> nodes = positions.stream().map(graph::node).toList();
    return new SubModelWriter.Part(
        nodes,
        MethodGraph.inputs(nodes),
        MethodGraph.outputs(nodes, block),
        reference.values().scalars(visit),
        value -> {
          Tensor tensor = reference.values().get(graph.key(value, block, visit));
          if (tensor == null) {
            throw new BatonException("the reference does not give " + value + " as a step");
          }
          return tensor;
        });
  }

  /** A step that errors of the part are held to as to those of the step to blame. */
  private static Profile.Step like(Profile.Step step, List<Profile.Operation> operations) {
    return new Profile.Step(
        0,
        "sub-model",
        step.runner(),
        "",
        operations,
        step.inputs(),
        step.outputs(),
        0,
        0,
        step.multiplyAdds(),
        0);
  }

  private List<Tensor> run(Path folder, LoadOptions options) throws IOException {
    ModelCase alone = ModelCase.read(folder);
    try (Program program = Program.open(alone.model())) {
      Calls call =
          new Calls(
              program,
              alone.method(),
              calls.delegates(),
              List.of(e -> CaseRunner.setInputs(e, alone.calls().getFirst().inputs())),
              calls.notes());
      try (ModelMethod loaded = call.load(options)) {
        return call.run(loaded, () -> {}, null).getFirst();
      }
    }
  }

  /**
   * A case's tolerance that the worst of the outputs that depart passes, and rounding does not;
   * empty if none departs.
   */
  private OptionalDouble tolerance(
      SubModelWriter.Part part, List<Tensor> outputs, Profile.Step step) {
    double inputs =
        part.inputs().stream()
            .mapToDouble(v -> TensorDifference.rms(part.tensors().apply(v)))
            .max()
            .orElse(0);
    OptionalDouble greatest = OptionalDouble.empty();
    for (int o = 0; o < outputs.size(); o++) {
      Tensor expected = part.tensors().apply(part.outputs().get(o));
      TensorDifference error = TensorDifference.of(outputs.get(o), expected);
      if (reference.tolerance().excess(step, expected.dtype(), error, inputs) > 1) {
        double bound = reference.tolerance().bound(step, expected.dtype());
        greatest = OptionalDouble.of(Math.max(greatest.orElse(0), tolerance(error, bound)));
      }
    }
    return greatest;
  }

  /** Half of what is shown, in units of the largest magnitude, as a case has it. */
  static double tolerance(TensorDifference error, double bound) {
    double shown = error.maxAbsolute() / error.maxReference();
    return shown > 0 ? Math.min(bound, shown / 2) : bound;
  }

  private boolean passes(Path folder, LoadOptions options) throws IOException {
    return new CaseRunner(calls.delegates(), options).run(ModelCase.read(folder)).passed();
  }

  private boolean referencePasses(Path folder) throws IOException {
    try {
      return passes(folder, judge);
    } catch (BatonException e) {
      calls.notes().add("the reference does not run the sub-model: " + e.getMessage());
      return false;
    }
  }
}
