package dev.baton.runtime.execute;

import dev.baton.delegate.Bindings;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateState;
import dev.baton.graph.Argument;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import dev.baton.runtime.DelegateFailedException;
import dev.baton.runtime.Event;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.ShadowReport;
import dev.baton.runtime.flight.FallbackEvent;
import dev.baton.runtime.flight.Flight;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Step;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.placement.JavaUnits;
import dev.baton.runtime.placement.Unit;
import dev.baton.runtime.plan.BlockPlan;
import dev.baton.runtime.plan.BoundPlan;
import dev.baton.runtime.plan.Observation;
import dev.baton.runtime.plan.Recording;
import dev.baton.runtime.profile.LoadPhase;
import dev.baton.runtime.shadow.ShadowedPart;
import dev.baton.runtime.text.Sentences;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A delegate's part in one execution: bound again when another plan becomes current, and replaced
 * by its Java twin, for good, when it fails and the policy allows it. Where a call leaves a tensor
 * without elements that has some in the program, the twin runs for that call: delegates' libraries
 * write no results then, or refuse the sizes.
 *
 * <p>The twin finds the inputs as they were: a plan gives a delegate no output that overlaps an
 * input.
 */
final class DelegateRunner {
  private final Unit.OnDelegate unit;
  private final CompiledMethod method;
  private final ExecutionCore core;
  private @Nullable DelegateExecution execution;
  private @Nullable BoundStep current;
  private boolean failed;
  private boolean toldOfDivergence;
  private final @Nullable ShadowedPart shadow;
  private @Nullable ShadowTwin shadowTwin;
  private @Nullable BoundStep shadowed;

  DelegateRunner(Unit.OnDelegate unit, CompiledMethod method, ExecutionCore core) {
    this.unit = unit;
    this.method = method;
    this.core = core;
    this.shadow =
        method
            .options()
            .shadow()
            .filter(s -> !unit.opaque() && withoutKernels().isEmpty())
            .map(s -> new ShadowedPart(s, unit.name(), unit.delegate(), this::diverged))
            .orElse(null);
  }

  /** Called once, by the thread that compares; the next run acts on it. */
  private void diverged(String error) {
    method.sessions().emit(new Event.ShadowDiverged(unit.delegate(), unit.name(), error));
  }

  /** How far the part agreed with Java; empty if it is not compared. */
  Optional<ShadowReport> shadowReport() {
    return Optional.ofNullable(shadow).map(ShadowedPart::report);
  }

  /**
   * @param facts the scalars of the plan, for a twin
   */
  Step bind(NodeCall.Facts facts, List<Operand> inputs, List<Operand> outputs) {
    return new BoundStep(facts, List.copyOf(inputs), List.copyOf(outputs));
  }

  /** True if the part runs in Java since it failed. */
  boolean hasFailed() {
    return failed;
  }

  private final class BoundStep implements Step, Bindings {
    private final NodeCall.Facts facts;
    private final List<Operand> inputs;
    private final List<Operand> outputs;
    private final boolean forTwin;
    private @Nullable BoundPlan twin;
    private @Nullable List<List<Integer>> twinNodes;
    private final Map<Node, Node> originals = new IdentityHashMap<>(); // of the twin's nodes

    BoundStep(NodeCall.Facts facts, List<Operand> inputs, List<Operand> outputs) {
      this.facts = facts;
      this.inputs = inputs;
      this.outputs = outputs;
      this.forTwin = losesElements(facts) && hasTwin();
    }

    @Override
    public void run() {
      if (failed || forTwin) {
        runTwin();
        return;
      }
      if (hasTripped()) {
        if (toldOfDivergence) {
          runTwin();
        } else {
          toldOfDivergence = true;
          runFirst(0, "its results are not Java's");
        }
        return;
      }
      long start = Flight.isOn() ? System.nanoTime() : 0;
      try {
        DelegateExecution bound = execution;
        if (bound == null || current != this) {
          bound = bindTo(this);
        }
        bound.run(core.control());
      } catch (DelegateException | RuntimeException | LinkageError e) {
        if (e instanceof DelegateException d && d.kind() == DelegateException.Kind.CANCELLED) {
          core.control().check(); // who gives up unasked has failed
        }
        long failing =
            start == 0 ? 0 : System.nanoTime() - start; // unknown if recording began since
        fallBack(e);
        runFirst(failing, String.valueOf(e.getMessage()));
        return;
      }
      ShadowedPart part = shadow;
      if (part != null && part.samples() && state() == null) {
        part.check(() -> shadowTwin(part), inputs, outputs);
      }
    }

    /** Of this step's shapes: one is kept. */
    private ShadowTwin shadowTwin(ShadowedPart part) {
      ShadowTwin known = shadowTwin;
      if (known != null && shadowed == this) {
        return known;
      }
      if (known != null) {
        shadowTwin = null;
        known.close();
      }
      known =
          new ShadowTwin(
              method,
              core,
              part::isClosing,
              inputs,
              outputs,
              (in, out, host) -> twin(facts, in, out, host, new IdentityHashMap<>()));
      shadowTwin = known;
      shadowed = this;
      return known;
    }

    /** The twin for the first time, after so many nanoseconds of the delegate. */
    private void runFirst(long failing, String failure) {
      if (!Flight.isOn()) {
        runTwin();
        return;
      }
      FallbackEvent event = FallbackEvent.begun();
      long start = System.nanoTime();
      runTwin();
      event.done(
          method.lifted().name(),
          unit.delegate(),
          unit.name(),
          failure,
          failing,
          System.nanoTime() - start);
    }

    private void runTwin() {
      BoundPlan java = twin;
      if (java == null) {
        java = twin(facts, inputs, outputs, core::twinHost, originals);
        twin = java;
      }
      Observation observation = core.observation();
      if (observation != null) {
        java.run(
            new Observation(
                observation.observer(),
                node -> observation.positions().applyAsInt(originals.getOrDefault(node, node))),
            -1);
        return;
      }
      Recording recording = core.control().recording();
      if (recording == null) {
        java.run();
      } else {
        java.runWithin(recording, nodesOfSteps(java));
      }
    }

    /** Of the twin's steps, as positions in the unit. */
    private List<List<Integer>> nodesOfSteps(BoundPlan java) {
      List<List<Integer>> known = twinNodes;
      if (known == null) {
        known = new ArrayList<>();
        for (int step = 0; step < java.stepCount(); step++) {
          known.add(
              java.nodes(step).stream().map(n -> unit.nodes().indexOf(originals.get(n))).toList());
        }
        twinNodes = known;
      }
      return known;
    }

    @Override
    public int inputCount() {
      return inputs.size();
    }

    @Override
    public int outputCount() {
      return outputs.size();
    }

    @Override
    public MemorySegment input(int index) {
      return inputs.get(index).data();
    }

    @Override
    public Shape inputShape(int index) {
      return inputs.get(index).shape();
    }

    @Override
    public MemorySegment output(int index) {
      return outputs.get(index).data();
    }

    @Override
    public Shape outputShape(int index) {
      return outputs.get(index).shape();
    }
  }

  /**
   * True if a tensor that the part reads or writes, or holds inside, is empty in this call alone.
   */
  private boolean losesElements(NodeCall.Facts facts) {
    return Stream.concat(
            unit.outputs().stream(), unit.nodes().stream().flatMap(n -> n.inputs().stream()))
        .filter(Value::isTensor)
        .anyMatch(v -> v.shape().numel() > 0 && facts.type(v).shape().numel() == 0);
  }

  private boolean hasTwin() {
    return !unit.opaque() && state() == null && withoutKernels().isEmpty();
  }

  /** Operators of the part that Java cannot run. */
  private List<String> withoutKernels() {
    return unit.nodes().stream()
        .map(Node::name)
        .filter(n -> method.kernels().find(n) == null)
        .distinct()
        .toList();
  }

  private DelegateExecution bindTo(BoundStep step) throws DelegateException {
    long start = System.nanoTime();
    DelegateExecution opened = opened();
    current = null;
    opened.bind(step);
    current = step;
    method.phases().add(LoadPhase.Kind.BIND, unit.name(), start);
    return opened;
  }

  private DelegateExecution opened() throws DelegateException {
    DelegateExecution opened = execution;
    if (opened == null) {
      opened =
          unit.compiled()
              .newExecution(
                  method.sessions().executionContext(unit.delegate(), method.lifted().name()));
      execution = opened;
    }
    return opened;
  }

  /**
   * True from the first run after a comparison passed the bound.
   *
   * @throws DelegateFailedException if the policy wants no Java in its place
   */
  private boolean hasTripped() {
    if (shadow == null || !shadow.hasTripped()) {
      return false;
    }
    if (method.options().policy() == FallbackPolicy.FAIL) {
      throw new DelegateFailedException(
          unit.delegate(),
          "delegate '"
              + unit.delegate()
              + "' computed something else in "
              + unit.name()
              + " than Java does, in an earlier run",
          null);
    }
    failed = true;
    return true;
  }

  private void fallBack(Throwable cause) {
    String what =
        "delegate '" + unit.delegate() + "' failed in " + unit.name() + ": " + Sentences.of(cause);
    DelegateExecution running = execution;
    if (method.options().policy() == FallbackPolicy.FAIL) {
      throw new DelegateFailedException(unit.delegate(), what, cause);
    }
    if (unit.opaque()) {
      throw new DelegateFailedException(
          unit.delegate(),
          Sentences.join(
              what,
              method.couldLift(unit)
                  ? "It runs a whole payload, which is written out as operators by a load, not"
                      + " during a run: load without this delegate (LoadOptions.withDelegates,"
                      + " --delegates), and others run it."
                  : "It runs an opaque payload, which Java cannot run in its place."),
          cause);
    }
    if (running != null && running.state().isPresent()) {
      throw new DelegateFailedException(
          unit.delegate(),
          Sentences.join(what, "It holds state of its own, which Java does not have."),
          cause);
    }
    List<String> missing = withoutKernels();
    if (!missing.isEmpty()) {
      throw new DelegateFailedException(
          unit.delegate(),
          Sentences.join(
              what, "There are no Java kernels to run in its place: " + String.join(", ", missing)),
          cause);
    }
    failed = true;
    method
        .sessions()
        .emit(
            new Event.RunFailed(
                unit.delegate(),
                unit.name(),
                cause instanceof Exception e ? e : new IllegalStateException(cause)));
  }

  // ---- the Java twin

  /**
   * @param originals receives the part's node for each of the twin's
   */
  private BoundPlan twin(
      NodeCall.Facts facts,
      List<Operand> inputs,
      List<Operand> outputs,
      Function<Map<Variable, MemorySegment>, BoundPlan.Host> host,
      Map<Node, Node> originals) {
    Kernels kernels = method.kernels();
    Graph.Builder builder = new Graph.Builder();
    Map<Value, Value> mapped = new IdentityHashMap<>();
    Map<Variable, MemorySegment> memory = new IdentityHashMap<>();
    Map<Variable, Shape> shapes = new IdentityHashMap<>();
    List<Variable> reads = new ArrayList<>();
    List<Variable> writes = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      Value value = unit.inputs().get(i);
      mapped.put(value, builder.input(value.type()));
      reads.add(variable(i, Variable.Kind.INPUT, value, inputs.get(i), memory, shapes));
    }
    List<Node> nodes = new ArrayList<>();
    for (Node node : unit.nodes()) {
      List<Argument> arguments =
          node.arguments().stream().map(a -> map(a, builder, mapped, facts)).toList();
      Node twin =
          builder.node(
              node.operator(),
              arguments,
              node.results().stream().map(Value::type).toList(),
              node.origin());
      for (int r = 0; r < twin.results().size(); r++) {
        mapped.put(node.results().get(r), twin.results().get(r));
      }
      nodes.add(twin);
      originals.put(twin, node);
    }
    List<Value> results = new ArrayList<>();
    for (int i = 0; i < outputs.size(); i++) {
      Value value = unit.outputs().get(i);
      results.add((Value) map(value, builder, mapped, facts));
      writes.add(variable(i, Variable.Kind.OUTPUT, value, outputs.get(i), memory, shapes));
    }
    Graph graph = builder.build(results);
    List<Unit> units = JavaUnits.of(graph, nodes, kernels, method.sessions()::tell);
    try {
      BlockPlan plan =
          BlockPlan.make(
              graph,
              units,
              reads,
              writes,
              method.late(units),
              new BlockPlan.Inputs() {
                @Override
                public Shape shape(Variable variable) {
                  Shape shape = shapes.get(variable);
                  return shape == null ? Shape.SCALAR : shape;
                }

                @Override
                public Call.@Nullable Number scalar(Variable variable) {
                  return null;
                }
              },
              kernels,
              method.options().maxMemoryBytes());
      return BoundPlan.bind(plan, host.apply(memory));
    } catch (DelegateException e) {
      throw new IllegalStateException("a twin has no delegates", e);
    }
  }

  /** The argument in the twin's graph, where scalars are literals. */
  private static Argument map(
      Argument argument, Graph.Builder builder, Map<Value, Value> mapped, NodeCall.Facts facts) {
    return switch (argument) {
      case Value v when !v.isTensor() -> facts.scalar(v).toArgument();
      case Value v when v.isConstant() ->
          mapped.computeIfAbsent(v, c -> builder.constant(c.constant()));
      case Value v -> {
        Value known = mapped.get(v);
        if (known == null) {
          throw new IllegalStateException(v + " comes from nowhere");
        }
        yield known;
      }
      case Argument.Items list ->
          new Argument.Items(
              list.items().stream().map(a -> map(a, builder, mapped, facts)).toList());
      default -> argument;
    };
  }

  private static Variable variable(
      int index,
      Variable.Kind kind,
      Value value,
      Operand operand,
      Map<Variable, MemorySegment> memory,
      Map<Variable, Shape> shapes) {
    Variable variable = new Variable(index, kind.name(), kind, value.type(), null, null);
    memory.put(variable, operand.data());
    shapes.put(variable, operand.shape());
    return variable;
  }

  /** State of the delegate's own, back to what it was before the first run. */
  void reset() {
    try {
      DelegateState own = state();
      if (own != null) {
        own.reset();
      }
    } catch (DelegateException | RuntimeException | LinkageError e) {
      throw failed("reset", e);
    }
  }

  /** State of the delegate's own; null if it has none, or has not run yet. */
  private @Nullable DelegateState state() {
    DelegateExecution opened = execution;
    return opened == null ? null : opened.state().orElse(null);
  }

  /**
   * Copies state of the delegate's own; does nothing if it has none, or has not run yet.
   *
   * @param memory of a number of bytes
   */
  void save(LongFunction<MemorySegment> memory) {
    try {
      DelegateState own = state();
      if (own != null) {
        own.snapshot(memory.apply(own.byteSize()));
      }
    } catch (DelegateException | RuntimeException | LinkageError e) {
      throw failed("saved", e);
    }
  }

  /**
   * @param from what the delegate saved; null if it had not run yet
   */
  void restore(@Nullable MemorySegment from) {
    if (from == null) {
      reset();
      return;
    }
    try {
      DelegateState own = failed ? null : opened().state().orElse(null);
      if (own == null) {
        throw new DelegateException(
            DelegateException.Kind.UNSUPPORTED, "it has no state in this execution");
      }
      own.restore(from);
    } catch (DelegateException | RuntimeException | LinkageError e) {
      throw failed("restored", e);
    }
  }

  private DelegateFailedException failed(String what, Throwable cause) {
    return new DelegateFailedException(
        unit.delegate(),
        "method '%s': the state of delegate '%s' in %s could not be %s: %s"
            .formatted(
                method.lifted().name(), unit.delegate(), unit.name(), what, cause.getMessage()),
        cause);
  }

  void close() {
    if (shadow != null) {
      shadow.close();
    }
    if (shadowTwin != null) {
      shadowTwin.close();
    }
    DelegateExecution opened = execution;
    execution = null;
    current = null;
    if (opened != null) {
      opened.close();
    }
  }
}
