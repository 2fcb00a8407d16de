package dev.baton.runtime.plan;

import dev.baton.delegate.BufferRequirements;
import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.RunObserver;
import dev.baton.runtime.flight.CopyEvent;
import dev.baton.runtime.flight.StepEvent;
import dev.baton.runtime.kernel.BoundNodeCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.Elements;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Packer;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.RandomNumbers;
import dev.baton.runtime.kernel.Step;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.placement.Unit;
import dev.baton.runtime.profile.Profile;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntConsumer;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A plan bound to the memory of one execution: steps with nothing left to decide. Used by one
 * thread at a time.
 */
public final class BoundPlan {
  private static final long SCRATCH_ALIGNMENT = 64;

  /** The memory that a plan is bound to, and what runs its delegates. */
  public interface Host {
    /** Name of the method, for messages. */
    String method();

    /** At least the bytes, with what delegates may read past a buffer's end behind them. */
    MemorySegment variable(Variable variable, long bytes);

    /** The constant, of the graph or computed once; contiguous. */
    Operand constant(Value value);

    /** The constant, contiguous, as a delegate needs its buffers. */
    Operand constant(Value value, BufferRequirements requirements);

    /**
     * At least the bytes, with what delegates may read past the last buffer's end behind them: past
     * the others' they read the next, whose content does not matter to them.
     */
    MemorySegment arena(long bytes, int alignment);

    MemorySegment scratch(long bytes);

    /**
     * Called before a step allocates arrays.
     *
     * @throws BatonException if they are more than an execution may have
     */
    default void heap(long bytes) {}

    /** The random numbers of a node, for all plans that it is in. */
    default RandomNumbers random(Node node) {
      return RandomNumbers.of(node);
    }

    /** Called before each step; throws if the run shall end. */
    void checkCancelled();

    /** The threads of the run. */
    Parallel parallel();

    /** A constant in a kernel's own form, shared by all executions. */
    MemorySegment packed(Value constant, Packer packer);

    /** Binds a delegate's part. */
    Step delegate(
        Unit.OnDelegate unit, NodeCall.Facts facts, List<Operand> inputs, List<Operand> outputs);

    /** Receives a variable's shape or scalar when the block has run. */
    void shape(Variable variable, Shape shape);

    void scalar(Variable variable, Call.Number number);
  }

  private final BlockPlan plan;
  private final Host host;
  private final MemorySegment arena;
  private Revision revision;
  private final Map<Node, Integer> stepOf = new IdentityHashMap<>();
  private final List<Node> scalarUsers;
  private final Step[] steps;
  private final String[] names;
  private final @Nullable Unit[] stepUnits;
  private final Variable[] shapedVariables;
  private final Shape[] shapes;
  private final Map<Value, Shape> resized = new IdentityHashMap<>();
  private final @Nullable Value[] copied;
  private @Nullable List<List<Value>> valuesOfSteps;
  private long mostScratch;

  private BoundPlan(BlockPlan plan, Host host) {
    this.plan = plan;
    this.host = host;
    this.revision = Revision.first(plan);
    this.scalarUsers = plan.graph().nodes().stream().filter(Revision::readsScalars).toList();
    this.arena = host.arena(plan.arenaBytes(), plan.alignment());
    host.scratch(plan.scratchBytes()); // at once: what grew step by step would stay
    List<Step> bound = new ArrayList<>();
    List<String> labels = new ArrayList<>();
    List<@Nullable Unit> owners = new ArrayList<>();
    List<@Nullable Value> moved = new ArrayList<>();
    for (Unit unit : plan.units()) {
      Step step = bind(unit);
      if (step != null) {
        if (unit instanceof Unit.OnJava java && java.absorbed().isEmpty()) {
          stepOf.put(java.node(), bound.size());
        }
        bound.add(step);
        labels.add(label(unit));
        owners.add(unit);
        moved.add(null);
      }
    }
    plan.needsScratch(mostScratch);
    for (BlockPlan.Copy copy : plan.copies()) {
      if (copy.staging() != null) {
        MemorySegment from = operand(copy.from()).data();
        MemorySegment to = arena.asSlice(copy.staging().offset, from.byteSize());
        bound.add(() -> MemorySegment.copy(from, 0, to, 0, from.byteSize()));
        labels.add("copy");
        owners.add(null);
        moved.add(copy.from());
      }
    }
    for (BlockPlan.Copy copy : plan.copies()) {
      MemorySegment value = operand(copy.from()).data();
      MemorySegment from =
          copy.staging() == null ? value : arena.asSlice(copy.staging().offset, value.byteSize());
      MemorySegment to = host.variable(copy.to(), from.byteSize());
      bound.add(() -> MemorySegment.copy(from, 0, to, 0, from.byteSize()));
      labels.add("copy");
      owners.add(null);
      moved.add(copy.from());
    }
    this.steps = bound.toArray(Step[]::new);
    this.names = labels.toArray(String[]::new);
    this.stepUnits = owners.toArray(Unit[]::new);
    this.copied = moved.toArray(Value[]::new);
    List<Variable> shaped = new ArrayList<>();
    List<Shape> known = new ArrayList<>();
    for (int w = 0; w < plan.writes().size(); w++) {
      if (plan.graph().results().get(w).isTensor()) {
        shaped.add(plan.writes().get(w));
        known.add(plan.resultType(w).shape());
      }
    }
    this.shapedVariables = shaped.toArray(Variable[]::new);
    this.shapes = known.toArray(Shape[]::new);
  }

  /**
   * @throws KernelException if an operator refuses to be bound
   */
  public static BoundPlan bind(BlockPlan plan, Host host) {
    return new BoundPlan(plan, host);
  }

  /**
   * Takes the scalars of another call, if they change nothing but what steps read: those steps are
   * bound anew.
   *
   * @param inputs of the same shapes as before
   * @return false if it takes another plan; nothing has changed then
   * @throws KernelException if an operator does not take the scalars; the plan must not be run then
   */
  public boolean revise(BlockPlan.Inputs inputs, Kernels kernels) {
    Revision next = revision.next(scalarUsers, inputs, kernels);
    if (next == null
        || !next.readers().stream().allMatch(n -> stepOf.containsKey(n) || plan.isView(n))) {
      return false;
    }
    revision = next;
    for (Node node : next.readers()) {
      Integer step = stepOf.get(node);
      if (step != null && stepUnits[step] instanceof Unit.OnJava java) {
        steps[step] = bind(java);
      }
    }
    return true;
  }

  private static String label(Unit unit) {
    return switch (unit) {
      case Unit.OnDelegate on -> on.name();
      case Unit.Fused fused -> label(fused.nodes());
      case Unit.OnJava java when !java.absorbed().isEmpty() -> label(java.nodes());
      default -> unit.nodes().get(0).toString();
    };
  }

  private static String label(List<Node> nodes) {
    return nodes.stream().map(Node::name).collect(Collectors.joining(" + "))
        + " ("
        + nodes.getLast().origin()
        + ")";
  }

  // ---- binding

  private Operand operand(Value value) {
    BlockPlan.Place place = plan.placeOf(value);
    TensorType type = plan.type(value);
    long bytes = type.byteSize();
    MemorySegment data =
        switch (place) {
          case BlockPlan.InConstant in -> host.constant(in.constant()).data();
          case BlockPlan.InVariable in -> host.variable(in.variable(), bytes);
          case BlockPlan.InArena in -> arena.asSlice(in.buffer().offset, bytes);
          case null -> throw new IllegalStateException(value + " lies nowhere");
        };
    return new Operand(
        data.byteSize() == bytes ? data : data.asSlice(0, bytes), type.dtype(), type.shape());
  }

  private Operand input(Value value, BufferRequirements requirements) {
    return isConstant(value) ? host.constant(value, requirements) : operand(value);
  }

  /** True of a constant, and of what is computed once; not of a view of one. */
  private boolean isConstant(Value value) {
    return plan.placeOf(value) instanceof BlockPlan.InConstant in && in.constant() == value;
  }

  private @Nullable Step bind(Unit unit) {
    return switch (unit) {
      case Unit.OnJava java -> plan.isView(java.node()) ? null : bind(java);
      case Unit.OnDelegate on ->
          host.delegate(
              on,
              revision,
              on.inputs().stream().map(value -> input(value, on.compiled().buffers())).toList(),
              on.outputs().stream().map(this::operand).toList());
      case Unit.Fused fused -> bind(fused);
      case Unit.ReadScalar read -> readScalar(read.node());
    };
  }

  private Step bind(Unit.OnJava unit) {
    try {
      return unit.kernel()
          .bind(new BoundNodeCall(unit.node(), unit.absorbed(), revision, buffers()));
    } catch (KernelException e) {
      throw new KernelException(unit.node() + ": " + e.getMessage());
    }
  }

  private Step bind(Unit.Fused unit) {
    try {
      return unit.kernel().bind(revision, buffers());
    } catch (KernelException e) {
      throw new KernelException(unit.nodes() + ": " + e.getMessage());
    }
  }

  private BoundNodeCall.Buffers buffers() {
    return new BoundNodeCall.Buffers() {
      private long used;

      @Override
      public Operand operand(Value value) {
        return BoundPlan.this.operand(value);
      }

      @Override
      public MemorySegment scratch(long bytes) {
        long from = used;
        used = Math.addExact(from, (bytes + SCRATCH_ALIGNMENT - 1) & -SCRATCH_ALIGNMENT);
        mostScratch = Math.max(mostScratch, used);
        return host.scratch(used).asSlice(from, bytes);
      }

      @Override
      public void heap(long bytes) {
        host.heap(bytes);
      }

      @Override
      public RandomNumbers random(Node node) {
        return host.random(node);
      }

      @Override
      public Parallel parallel() {
        return host.parallel();
      }

      @Override
      public @Nullable MemorySegment packed(Value value, Packer packer) {
        return isConstant(value) ? host.packed(value, packer) : null;
      }

      @Override
      public void resize(Value result, int... sizes) {
        resized.put(result, Shape.of(sizes));
      }
    };
  }

  private Step readScalar(Node node) {
    Elements elements = Elements.of(operand(node.tensor("self")));
    boolean real = node.tensor("self").dtype().isFloatingPoint();
    boolean bool = node.tensor("self").dtype() == DType.BOOL;
    List<Variable> receivers = new ArrayList<>();
    for (int w = 0; w < plan.writes().size(); w++) {
      if (plan.graph().results().get(w) == node.result()) {
        receivers.add(plan.writes().get(w));
      }
    }
    return () -> {
      Call.Number number =
          bool
              ? Call.Number.of(elements.getLong(0) != 0)
              : real ? Call.Number.of(elements.getDouble(0)) : Call.Number.of(elements.getLong(0));
      for (Variable receiver : receivers) {
        host.scalar(receiver, number);
      }
    };
  }

  // ---- running

  /**
   * Runs every step.
   *
   * @throws BatonException if an operator fails, with its place
   */
  public void run() {
    int at = 0;
    try {
      for (; at < steps.length; at++) {
        host.checkCancelled();
        steps[at].run();
      }
    } catch (RuntimeException e) {
      throw failed(at, e);
    }
    publish();
  }

  /** {@link #run} with the time of each step taken. */
  public void run(Recording recording) {
    int first = recording.firstStepOf(this);
    int at = 0;
    try {
      long before = System.nanoTime();
      for (; at < steps.length; at++) {
        host.checkCancelled();
        steps[at].run();
        long after = System.nanoTime();
        recording.step(first + at, before, after - before);
        before = after;
      }
    } catch (RuntimeException e) {
      throw failed(at, e);
    }
    publish();
  }

  /**
   * {@link #run} with an event for each step, for Java Flight Recorder.
   *
   * @param recording where times go as well; null for nowhere
   */
  public void runTraced(@Nullable Recording recording) {
    int first = recording == null ? 0 : recording.firstStepOf(this);
    each(step -> {
      long before = System.nanoTime();
      runTraced(step);
      if (recording != null) {
        recording.step(first + step, before, System.nanoTime() - before);
      }
    });
  }

  /** Every step, where it does not matter that something is allocated. */
  private void each(IntConsumer run) {
    int at = 0;
    try {
      for (; at < steps.length; at++) {
        host.checkCancelled();
        run.accept(at);
      }
    } catch (RuntimeException e) {
      throw failed(at, e);
    }
    publish();
  }

  private void runTraced(int step) {
    Unit unit = stepUnits[step];
    Value value = copied[step];
    if (unit != null) {
      StepEvent event = StepEvent.begun();
      steps[step].run();
      event.done(host.method(), names[step], StepDescription.runner(unit));
    } else {
      CopyEvent event = CopyEvent.begun();
      steps[step].run();
      event.done(host.method(), value == null ? 0 : plan.type(value).byteSize());
    }
  }

  /**
   * {@link #run} within a step of another plan: its own steps are parts of that.
   *
   * @param nodes for each of its steps, positions among the nodes of the other's
   */
  public void runWithin(Recording recording, List<List<Integer>> nodes) {
    int at = 0;
    try {
      long before = System.nanoTime();
      for (; at < steps.length; at++) {
        host.checkCancelled();
        steps[at].run();
        long after = System.nanoTime();
        recording.part(-1, names[at], nodes.get(at), before, after - before);
        before = after;
      }
    } catch (RuntimeException e) {
      throw failed(at, e);
    }
    publish();
  }

  /**
   * {@link #run}, observed.
   *
   * @param block position of the plan's block; −1 for a twin, which reports steps alone
   */
  public void run(Observation observation, int block) {
    List<List<Value>> given = valuesOfSteps();
    if (block >= 0) {
      observation
          .observer()
          .blockBegan(block, observed(given.getLast(), observation.positions()), scalars());
    }
    each(step -> {
      steps[step].run();
      observation
          .observer()
          .stepEnded(
              describe(step, step, observation.positions()),
              observed(given.get(step), observation.positions()));
    });
  }

  /** For each step the tensors that it gives, with their views; last the same for what comes in. */
  private List<List<Value>> valuesOfSteps() {
    List<List<Value>> known = valuesOfSteps;
    if (known != null) {
      return known;
    }
    Map<Value, List<Value>> views = new IdentityHashMap<>();
    for (Node node : plan.graph().nodes()) {
      if (plan.isView(node)) {
        views.computeIfAbsent(node.inputs().get(0), v -> new ArrayList<>()).add(node.result());
      }
    }
    List<List<Value>> all = new ArrayList<>();
    for (Unit unit : stepUnits) {
      all.add(unit == null ? List.of() : withViews(unit.outputs(), views));
    }
    all.add(withViews(plan.graph().inputs(), views));
    valuesOfSteps = all;
    return all;
  }

  private List<Value> withViews(List<Value> values, Map<Value, List<Value>> views) {
    List<Value> all = new ArrayList<>();
    for (Value value : values) {
      if (value.isTensor() && plan.placeOf(value) != null) {
        all.add(value);
        all.addAll(withViews(views.getOrDefault(value, List.of()), views));
      }
    }
    return all;
  }

  private List<RunObserver.Observed> observed(List<Value> values, ToIntFunction<Node> positions) {
    List<RunObserver.Observed> all = new ArrayList<>();
    for (Value value : values) {
      Node producer = value.producer();
      Operand operand = operand(value);
      Shape shape = resized.getOrDefault(value, operand.shape());
      TensorType type = new TensorType(operand.dtype(), shape, false);
      all.add(
          new RunObserver.Observed(
              producer == null ? -1 : positions.applyAsInt(producer),
              producer == null ? plan.graph().inputs().indexOf(value) : value.resultIndex(),
              type,
              operand.data().asSlice(0, type.byteSize())));
    }
    return all;
  }

  private Map<Value, Argument> scalars() {
    Map<Value, Argument> known = new IdentityHashMap<>();
    for (Node node : plan.graph().nodes()) {
      for (Value value : node.inputs()) {
        Call.Number number = value.isTensor() ? null : revision.scalarOrNull(value);
        if (number != null) {
          known.put(value, number.toArgument());
        }
      }
    }
    return known;
  }

  private BatonException failed(int step, RuntimeException e) {
    return e instanceof BatonException known && !(known instanceof KernelException)
        ? known
        : new BatonException(
            "method '" + host.method() + "', " + names[step] + " failed: " + e.getMessage(), e);
  }

  private void publish() {
    for (int v = 0; v < shapes.length; v++) {
      host.shape(shapedVariables[v], shapes[v]);
    }
    if (!resized.isEmpty()) {
      publishResized();
    }
    for (int w = 0; w < plan.writes().size(); w++) {
      Call.Number number = revision.result(w);
      if (number != null) {
        host.scalar(plan.writes().get(w), number);
      }
    }
  }

  private void publishResized() {
    for (int w = 0; w < plan.writes().size(); w++) {
      Shape shape = resized.get(plan.graph().results().get(w));
      if (shape != null) {
        host.shape(plan.writes().get(w), shape);
      }
    }
  }

  /** Steps in the order in which they run. */
  public int stepCount() {
    return steps.length;
  }

  /** The nodes of a step; none where it copies a result. */
  public List<Node> nodes(int step) {
    Unit unit = stepUnits[step];
    return unit == null ? List.of() : unit.nodes();
  }

  /** Positions among {@link #nodes} that a part works for, as the step's delegate says. */
  List<Integer> nodesOf(int step, int part) {
    if (!(stepUnits[step] instanceof Unit.OnDelegate on) || on.opaque()) {
      return List.of();
    }
    try {
      return on.compiled().nodesOf(part);
    } catch (RuntimeException | LinkageError e) {
      return List.of(); // a profile is not worth a failure
    }
  }

  /**
   * What a step is.
   *
   * @param index that the description has
   * @param positions of nodes among the operators of the placement
   */
  public Profile.Step describe(int step, int index, ToIntFunction<Node> positions) {
    Unit unit = stepUnits[step];
    Value value = copied[step];
    if (unit == null && value != null) {
      return StepDescription.ofCopy(index, names[step], plan.type(value));
    }
    return StepDescription.of(index, names[step], Objects.requireNonNull(unit), plan, positions);
  }

  public long arenaBytes() {
    return plan.arenaBytes();
  }

  /** What it is bound to. */
  public BlockPlan plan() {
    return plan;
  }
}
