package dev.baton.devtools.report;

import dev.baton.delegate.Availability;
import dev.baton.graph.Argument;
import dev.baton.graph.Node;
import dev.baton.graph.Origin;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.Execution;
import dev.baton.runtime.MethodBlock;
import dev.baton.runtime.Placement;
import dev.baton.runtime.profile.LoadPhase;
import dev.baton.runtime.profile.Profile;
import dev.baton.runtime.profile.ProfileRow;
import dev.baton.runtime.profile.ProfileTable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Makes the report of a method from one of its executions. Used by one thread. */
public final class ReportBuilder {
  private final String model;
  private final Execution execution;
  private Function<Origin, @Nullable NodeSource> sources = origin -> null;
  private ModelReport.@Nullable Errors errors;

  /**
   * @param model name of the program for people
   * @param execution with the recorded runs ({@link Execution#startProfile}) that the report is to
   *     tell of; without any, times stay empty. Stays open until {@link #build} has returned.
   */
  public ReportBuilder(String model, Execution execution) {
    this.model = model;
    this.execution = execution;
  }

  /**
   * Adds where the author wrote each operator.
   *
   * @param sources of an operator by its place in the file; null where it is not known
   */
  public ReportBuilder withSources(Function<Origin, @Nullable NodeSource> sources) {
    this.sources = sources;
    return this;
  }

  /**
   * Adds how far each result is from a reference's.
   *
   * @param reference what was compared with, for people
   */
  public ReportBuilder withErrors(String reference, List<NodeError> nodes) {
    this.errors = new ModelReport.Errors(reference, nodes);
    return this;
  }

  /** The report of what has happened so far. */
  public ModelReport build() {
    Profile profile = execution.profile();
    Placement placement = profile.placement();
    Graphs graphs = new Graphs(placement, sources);
    execution.method().blocks().forEach(graphs::add);
    return new ModelReport(
        ModelReport.VERSION,
        model,
        profile.method(),
        new ModelReport.Machine(
            System.getProperty("os.name") + " " + System.getProperty("os.arch"),
            Runtime.version().toString(),
            profile.threads()),
        graphs.blocks,
        graphs.values,
        graphs.nodes,
        placement.subgraphs().stream().map(ReportBuilder::subgraph).toList(),
        unavailable(placement),
        steps(profile),
        runs(profile),
        profile.fallenBack(),
        load(profile),
        new ModelReport.Memory(
            profile.memory(), placement.memory().plannedBytes(), execution.memoryPlans()),
        errors);
  }

  // ---- graphs

  /** Numbers nodes and values over all blocks. */
  private static final class Graphs {
    final Placement placement;
    final Function<Origin, @Nullable NodeSource> sources;
    final List<ModelReport.Block> blocks = new ArrayList<>();
    final List<ModelReport.Value> values = new ArrayList<>();
    final List<ModelReport.Node> nodes = new ArrayList<>();
    final Map<Value, Integer> ids = new IdentityHashMap<>();

    Graphs(Placement placement, Function<Origin, @Nullable NodeSource> sources) {
      this.placement = placement;
      this.sources = sources;
    }

    void add(MethodBlock block) {
      block.graph().inputs().forEach(v -> add(v, "input", -1));
      for (Node node : block.graph().nodes()) {
        List<ModelReport.Argument> arguments = new ArrayList<>();
        for (int a = 0; a < node.arguments().size(); a++) {
          arguments.add(
              argument(node.operator().parameters().get(a).name(), node.arguments().get(a)));
        }
        int position = nodes.size();
        List<Integer> results =
            node.results().stream().map(v -> add(v, "result", position)).toList();
        nodes.add(node(node, placement.operators().get(position), arguments, results));
      }
      blocks.add(
          new ModelReport.Block(
              accesses(block.graph().inputs(), block.reads()),
              accesses(block.graph().results(), block.writes())));
    }

    private ModelReport.Node node(
        Node node,
        Placement.PlacedOperator placed,
        List<ModelReport.Argument> arguments,
        List<Integer> results) {
      Origin origin = node.origin();
      return new ModelReport.Node(
          blocks.size(),
          node.name(),
          origin.instruction(),
          origin.payload(),
          origin.index(),
          placed.runner(),
          placed.subgraph(),
          arguments,
          results,
          placed.declines().stream()
              .map(d ->
                  new ModelReport.Decline(
                      d.delegate(), d.reason().kind().name(), d.reason().detail()))
              .toList(),
          sources.apply(origin));
    }

    private int add(Value value, String kind, int producer) {
      long bytes =
          value.isConstant()
              ? value.constant().byteSize()
              : value.type() instanceof TensorType type ? type.byteSize() : 0;
      ids.put(value, values.size());
      values.add(
          new ModelReport.Value(
              blocks.size(),
              kind,
              value.type().toString(),
              bytes,
              producer,
              Math.max(value.resultIndex(), 0)));
      return values.size() - 1;
    }

    /** A constant is first met where it is used, or returned. */
    private int id(Value value) {
      Integer known = ids.get(value);
      return known == null ? add(value, "constant", -1) : known;
    }

    private List<ModelReport.Access> accesses(
        List<Value> accessed, List<MethodBlock.Variable> variables) {
      List<ModelReport.Access> all = new ArrayList<>();
      for (int i = 0; i < accessed.size(); i++) {
        MethodBlock.Variable variable = variables.get(i);
        all.add(
            new ModelReport.Access(
                id(accessed.get(i)), variable.name(), words(variable.kind().name())));
      }
      return all;
    }

    private ModelReport.Argument argument(String name, Argument argument) {
      List<Integer> held = new ArrayList<>();
      String text = text(argument, held);
      return new ModelReport.Argument(name, text, held);
    }

    private String text(Argument argument, List<Integer> held) {
      return switch (argument) {
        case Value value -> {
          held.add(id(value));
          yield "%" + id(value);
        }
        case Argument.None none -> "none";
        case Argument.Int number -> String.valueOf(number.value());
        case Argument.Real number -> String.valueOf(number.value());
        case Argument.Bool bool -> String.valueOf(bool.value());
        case Argument.Text string -> "\"" + string.value() + "\"";
        case Argument.Items list ->
            "[" + String.join(", ", list.items().stream().map(i -> text(i, held)).toList()) + "]";
      };
    }
  }

  private static String words(String constant) {
    return constant.toLowerCase(Locale.ROOT);
  }

  // ---- placement

  private static ModelReport.Subgraph subgraph(Placement.PlacedSubgraph subgraph) {
    return new ModelReport.Subgraph(
        subgraph.name(),
        subgraph.delegate(),
        subgraph.runner(),
        subgraph.operatorCount(),
        subgraph.inputBytes(),
        subgraph.outputBytes(),
        subgraph.memoryBytes());
  }

  private static List<ModelReport.Unavailable> unavailable(Placement placement) {
    List<ModelReport.Unavailable> all = new ArrayList<>();
    for (Map.Entry<String, Availability> entry :
        new TreeMap<>(placement.unavailable()).entrySet()) {
      Availability why = entry.getValue();
      all.add(
          new ModelReport.Unavailable(
              entry.getKey(), String.valueOf(why.reason()), why.message(), why.remedy()));
    }
    return all;
  }

  // ---- times

  private static List<ModelReport.Step> steps(Profile profile) {
    Map<Integer, ModelReport.Times> times = new TreeMap<>();
    Map<Integer, List<ModelReport.Part>> parts = new TreeMap<>();
    for (ProfileRow row : ProfileTable.of(profile, ProfileTable.By.STEP)) {
      ModelReport.Times taken =
          new ModelReport.Times(row.p50Nanos(), row.p90Nanos(), row.meanNanos(), row.share());
      if (row.within()) {
        parts
            .computeIfAbsent(row.step(), s -> new ArrayList<>())
            .add(new ModelReport.Part(row.name(), positions(row.operations()), taken));
      } else {
        times.put(row.step(), taken);
      }
    }
    return profile.steps().stream()
        .map(s ->
            new ModelReport.Step(
                s.name(),
                s.runner(),
                s.subgraph(),
                positions(s.operations()),
                s.inputs().stream().map(TensorType::toString).toList(),
                s.outputs().stream().map(TensorType::toString).toList(),
                s.bytesRead(),
                s.bytesWritten(),
                s.arithmetic(),
                times.getOrDefault(s.index(), ModelReport.Times.NONE),
                parts.getOrDefault(s.index(), List.of())))
        .toList();
  }

  private static List<Integer> positions(List<Profile.Operation> operations) {
    return operations.stream().map(Profile.Operation::position).toList();
  }

  private static ModelReport.Runs runs(Profile profile) {
    List<ModelReport.Event> timeline =
        profile.runs().stream()
            .sorted(Comparator.comparingLong(Profile.Run::nanos))
            .skip(profile.runs().size() / 2)
            .findFirst()
            .map(ReportBuilder::timeline)
            .orElse(List.of());
    return new ModelReport.Runs(
        profile.runs().stream().map(Profile.Run::nanos).toList(),
        ProfileTable.runNanos(profile, 0.5),
        ProfileTable.runNanos(profile, 0.9),
        ProfileTable.meanRunNanos(profile),
        timeline);
  }

  private static List<ModelReport.Event> timeline(Profile.Run run) {
    return run.events().stream()
        .map(e ->
            new ModelReport.Event(
                e.step(),
                e.startNanos() - run.startNanos(),
                e.nanos(),
                e.parts().stream()
                    .map(p ->
                        new ModelReport.PartEvent(
                            p.name(), p.startNanos() - run.startNanos(), p.nanos()))
                    .toList()))
        .toList();
  }

  private static List<ModelReport.Phase> load(Profile profile) {
    long zero = profile.load().stream().mapToLong(LoadPhase::startNanos).min().orElse(0);
    return profile.load().stream()
        .map(p ->
            new ModelReport.Phase(
                words(p.kind().name()), p.what(), p.startNanos() - zero, p.nanos()))
        .toList();
  }
}
