package dev.baton.runtime.execute;

import dev.baton.delegate.BufferRequirements;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.SymbolType;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.CancelledException;
import dev.baton.runtime.DelegateFailedException;
import dev.baton.runtime.Placement;
import dev.baton.runtime.RunObserver;
import dev.baton.runtime.ShadowReport;
import dev.baton.runtime.flight.CopyEvent;
import dev.baton.runtime.flight.Flight;
import dev.baton.runtime.flight.RunEvent;
import dev.baton.runtime.flight.StepEvent;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Packer;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.RandomNumbers;
import dev.baton.runtime.kernel.Step;
import dev.baton.runtime.lift.Block;
import dev.baton.runtime.lift.Constants;
import dev.baton.runtime.lift.LiftedMethod;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.memory.CountedArena;
import dev.baton.runtime.placement.Closing;
import dev.baton.runtime.placement.Unit;
import dev.baton.runtime.plan.BlockPlan;
import dev.baton.runtime.plan.BoundPlan;
import dev.baton.runtime.plan.Observation;
import dev.baton.runtime.plan.Recording;
import dev.baton.runtime.profile.LoadPhase;
import dev.baton.runtime.profile.MemoryPlan;
import dev.baton.runtime.profile.MemoryUse;
import dev.baton.runtime.profile.Profile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One caller's run of a method: variables, arena, and the plans bound to them. Used by one thread
 * at a time.
 *
 * <p>A run walks the blocks. For each it takes the plan of the shapes at hand, which in the steady
 * state is the one of the run before: a comparison of the shapes that may vary, and nothing else.
 */
public final class ExecutionCore implements AutoCloseable {
  private static final int ALIGNMENT = 64;

  /** What delegates may read past a buffer's end. */
  private static final int SLACK = 4096;

  private final CompiledMethod method;
  private final CountedArena io = new CountedArena("inputs, outputs and state");
  private final CountedArena activations = new CountedArena("activations");
  private final AtomicLong shadowBytes = new AtomicLong();
  private final Variable[] variables;
  private final MemorySegment[] memory;
  private final Shape[] shapes;
  private final Call.@Nullable Number[] scalars;
  private final BlockRunner[] runners;
  private final Variable[] locals;
  private final @Nullable SharedState shared;
  private final Map<Unit, DelegateRunner> delegates = new IdentityHashMap<>();
  private final Map<Origin, RandomNumbers> random = new HashMap<>();
  private MemorySegment arena = MemorySegment.NULL;
  private MemorySegment twinArena = MemorySegment.NULL;
  private MemorySegment scratch = MemorySegment.NULL;
  private final RunControl control = new RunControl();
  private final Parallel parallel;
  private @Nullable Recording recording;
  private @Nullable Observation observation;

  /**
   * @param sharing state of executions of other methods; null for state of its own
   */
  public ExecutionCore(CompiledMethod method, @Nullable SharedState sharing) {
    this.method = method;
    this.parallel = new CancellableParallel(method.parallel(), control::check);
    LiftedMethod lifted = method.lifted();
    this.variables = lifted.variables().toArray(Variable[]::new);
    this.memory = new MemorySegment[variables.length];
    this.shapes = new Shape[variables.length];
    this.scalars = new Call.Number[variables.length];
    boolean shares = lifted.variables().stream().anyMatch(v -> v.shared() != null);
    this.shared = !shares ? null : sharing == null ? new SharedState() : sharing.retain();
    try {
      for (Variable variable : variables) {
        if (variable.shared() != null && shared != null) {
          memory[variable.index()] =
              shared.memory(variable, slack(), (n, a) -> allocate(shared.arena(), n, a));
          shapes[variable.index()] = ((TensorType) variable.type()).shape();
        } else if (variable.type() instanceof TensorType type) {
          memory[variable.index()] = allocate(io, type.byteSize() + slack(), alignment());
          shapes[variable.index()] = type.shape();
        } else {
          memory[variable.index()] = MemorySegment.NULL;
          shapes[variable.index()] = Shape.SCALAR;
        }
      }
      this.runners = new BlockRunner[method.blocks().size()];
      for (int b = 0; b < runners.length; b++) {
        runners[b] = new BlockRunner(b, method.blocks().get(b));
      }
      this.locals =
          lifted.blocks().size() == 1
              ? new Variable[0]
              : lifted.variables().stream()
                  .filter(v -> v.kind() == Variable.Kind.LOCAL)
                  .toArray(Variable[]::new);
      for (Variable variable : variables) {
        if (livesOn(variable) && variable.shared() == null) {
          initialize(variable);
        }
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private MemorySegment allocate(CountedArena arena, long bytes, int alignment) {
    requireWithinBound(bytes);
    try {
      return arena.allocate(bytes, alignment);
    } catch (OutOfMemoryError e) {
      throw new BatonException(
          "method '"
              + method.lifted().name()
              + "': "
              + bytes
              + " bytes of native memory are not to be had",
          e);
    }
  }

  private void requireWithinBound(long more) {
    long total = memoryBytes() + more;
    if (total < 0 || total > method.options().maxMemoryBytes()) {
      throw new BatonException(
          "method '"
              + method.lifted().name()
              + "' needs more than "
              + method.options().maxMemoryBytes()
              + " bytes of memory to run; LoadOptions.withMaxMemoryBytes raises the bound");
    }
  }

  /**
   * @throws BatonException if so much more for comparisons is not within the bound
   */
  void requireForShadow(long more) {
    requireWithinBound(shadowBytes.get() + more);
  }

  /** From any thread. */
  void countShadow(long bytes) {
    shadowBytes.addAndGet(bytes);
  }

  /** The greatest that a delegate asks for: any of them may be bound to a variable's buffer. */
  private int alignment() {
    return method.blocks().stream()
        .flatMap(block -> block.units().stream())
        .mapToInt(u -> u instanceof Unit.OnDelegate on ? on.compiled().buffers().alignment() : 1)
        .reduce(ALIGNMENT, Math::max);
  }

  private long slack() {
    int slack = 0;
    for (CompiledMethod.PlacedBlock block : method.blocks()) {
      for (Unit unit : block.units()) {
        if (unit instanceof Unit.OnDelegate on) {
          slack = Math.max(slack, on.compiled().buffers().slack());
        }
      }
    }
    return Math.min(Math.max(slack, 1), SLACK);
  }

  private static boolean livesOn(Variable variable) {
    return variable.kind() == Variable.Kind.STATE || variable.kind() == Variable.Kind.LOCAL;
  }

  /** State as before the first run, and random numbers. */
  public void reset() {
    for (Variable variable : variables) {
      if (livesOn(variable)) {
        initialize(variable);
      }
    }
    random.values().forEach(RandomNumbers::restart);
    delegates.values().forEach(DelegateRunner::reset);
  }

  /** A tensor's bytes at the upper bound of its shape. */
  private MemorySegment whole(Variable variable) {
    return memory[variable.index()].asSlice(0, ((TensorType) variable.type()).byteSize());
  }

  private static boolean isState(Variable variable) {
    return variable.kind() == Variable.Kind.STATE;
  }

  /** A copy of the state: mutable buffers, and what delegates hold. */
  public void save(SavedState into) {
    into.begin();
    for (Variable variable : variables) {
      if (isState(variable)) {
        into.put(variable, whole(variable), shapes[variable.index()]);
      }
    }
    delegates.forEach((unit, runner) -> runner.save(bytes -> into.delegate(unit, bytes)));
    into.end();
  }

  /** State as it was saved, in this or another execution of the method. */
  public void restore(SavedState from) {
    from.requireComplete();
    for (Variable variable : variables) {
      if (isState(variable)) {
        whole(variable).copyFrom(from.data(variable));
        shapes[variable.index()] = from.shape(variable);
      }
    }
    from.delegates().forEach(this::runner);
    delegates.forEach((unit, runner) -> runner.restore(from.delegate(unit)));
  }

  private DelegateRunner runner(Unit unit) {
    return delegates.computeIfAbsent(
        unit, u -> new DelegateRunner((Unit.OnDelegate) u, method, this));
  }

  /** What is shared with executions of other methods; null if nothing is. */
  public @Nullable SharedState shared() {
    return shared;
  }

  private void initialize(Variable variable) {
    int index = variable.index();
    if (variable.type() instanceof TensorType type) {
      fill(whole(variable), variable);
      shapes[index] = type.shape();
    } else {
      scalars[index] = variable.initialScalar();
    }
  }

  /** Writes a tensor variable's first content. */
  static void fill(MemorySegment bytes, Variable variable) {
    if (variable.initial() == null) {
      bytes.fill((byte) 0);
    } else {
      try (Arena temporary = Arena.ofConfined()) {
        bytes.copyFrom(Constants.contiguous(variable.initial(), temporary).data());
      }
    }
  }

  // ---- inputs and outputs

  /** Bytes of a variable at its present shape. */
  public MemorySegment data(Variable variable) {
    TensorType type = (TensorType) variable.type();
    return memory[variable.index()].asSlice(
        0, shapes[variable.index()].numel() * type.dtype().byteSize());
  }

  public Shape shape(Variable variable) {
    return shapes[variable.index()];
  }

  /** A scalar variable's value; zero before the first run. */
  public Call.Number scalarOf(Variable variable) {
    Call.Number number = scalars[variable.index()];
    return number == null ? Call.Number.of(0) : number;
  }

  /**
   * Says how large an input is in the runs that follow; the caller has checked it against the
   * bound.
   */
  public void resize(Variable variable, Shape shape) {
    if (!shape.equals(shapes[variable.index()])) {
      shapes[variable.index()] = shape;
    }
  }

  // ---- running

  /**
   * Says where the runs that follow are recorded.
   *
   * @param into null for nowhere
   */
  public void record(@Nullable Recording into) {
    recording = into;
  }

  /**
   * Shows the runs that follow to an observer, and does not record them.
   *
   * @param observer null for none
   */
  public void observe(@Nullable RunObserver observer) {
    if (observer == null) {
      observation = null;
      return;
    }
    Map<Node, Integer> positions = method.positions();
    observation = new Observation(observer, node -> positions.getOrDefault(node, -1));
  }

  /** Who observes runs; null for nobody. */
  @Nullable Observation observation() {
    return observation;
  }

  /** Where runs are recorded; null if they are not. */
  public @Nullable Recording recording() {
    return recording;
  }

  RunControl control() {
    return control;
  }

  /** Ends a run in flight with a {@link CancelledException}; from any thread. */
  public void cancel() {
    control.cancel();
  }

  /**
   * @param limit how long each of the runs that follow may take; null for any time
   */
  public void setDeadline(@Nullable Duration limit) {
    control.limit(limit);
  }

  /** One run. */
  public void run() {
    if (Flight.isOn() && RunEvent.isOn()) {
      RunEvent event = RunEvent.begun();
      boolean completed = false;
      try {
        runOnce();
        completed = true;
      } finally {
        event.done(method.lifted().name(), completed);
      }
    } else {
      runOnce();
    }
  }

  private void runOnce() {
    control.begin();
    try {
      Recording into = recording;
      if (observation != null || into == null || !into.begin()) {
        runBlocks(null);
      } else {
        runRecorded(into);
      }
    } finally {
      control.finish();
    }
  }

  private void runRecorded(Recording into) {
    boolean done = false;
    control.record(into);
    try {
      runBlocks(into);
      into.end();
      done = true;
    } finally {
      control.record(null);
      if (!done) {
        into.abandon();
      }
    }
  }

  private void runBlocks(@Nullable Recording into) {
    for (Variable local : locals) {
      if (local.initialScalar() != null || local.initial() != null) {
        initialize(local);
      }
    }
    long budget = method.options().maxInstructions();
    boolean traced = Flight.isOn() && (StepEvent.isOn() || CopyEvent.isOn());
    int block = 0;
    while (true) {
      BlockRunner runner = runners[block];
      BoundPlan plan = runner.current();
      if (observation != null) {
        plan.run(observation, block);
      } else if (traced) {
        plan.runTraced(into);
      } else if (into == null) {
        plan.run();
      } else {
        plan.run(into);
      }
      budget -= plan.stepCount() + 1L;
      if (budget < 0) {
        throw new BatonException(
            "method '"
                + method.lifted().name()
                + "' has run "
                + method.options().maxInstructions()
                + " operators and not ended; LoadOptions.withMaxInstructions raises the bound");
      }
      switch (runner.placed.block().next()) {
        case Block.Return end -> {
          return;
        }
        case Block.Goto next -> block = next.block();
        case Block.Branch branch ->
            block = holds(branch.condition()) ? branch.ifTrue() : branch.ifFalse();
      }
    }
  }

  private boolean holds(Variable condition) {
    if (condition.type() instanceof SymbolType) {
      return scalarOf(condition).real() != 0;
    }
    if (((TensorType) condition.type()).dtype() != DType.BOOL) {
      throw new BatonException(
          "method '"
              + method.lifted().name()
              + "': a jump's condition is "
              + condition.type()
              + ", expected a bool");
    }
    MemorySegment bytes = data(condition);
    for (long i = 0; i < bytes.byteSize(); i++) {
      if (bytes.get(ValueLayout.JAVA_BYTE, i) == 0) {
        return false;
      }
    }
    return true;
  }

  /** What variables hold now. */
  private final BlockPlan.Inputs inputs =
      new BlockPlan.Inputs() {
        @Override
        public Shape shape(Variable variable) {
          return shapes[variable.index()];
        }

        @Override
        public Call.Number scalar(Variable variable) {
          return scalarOf(variable);
        }
      };

  /** A block with the plans that this execution has bound. */
  private final class BlockRunner {
    final int index;
    final CompiledMethod.PlacedBlock placed;
    final Variable[] varying;
    final Object[] facts;
    final Map<Signature, BoundPlan> bound = new LatestUsed<>(method.options().plansKept());
    @Nullable BoundPlan current;

    BlockRunner(int index, CompiledMethod.PlacedBlock placed) {
      this.index = index;
      this.placed = placed;
      this.varying = Signature.varying(placed.block());
      this.facts = new Object[varying.length];
    }

    BoundPlan current() {
      boolean same = current != null;
      for (int v = 0; v < varying.length; v++) {
        Object now = fact(varying[v]);
        if (!now.equals(facts[v])) {
          facts[v] = now;
          same = false;
        }
      }
      BoundPlan plan = current;
      return same && plan != null ? plan : change();
    }

    /** The plan of the last run, or of the next; null where that is not known yet. */
    @Nullable BlockPlan planOrNull() {
      if (current != null) {
        return current.plan();
      }
      try {
        List<Object> now = Arrays.stream(varying).map(this::fact).toList();
        return method.plan(index, new Signature(now), inputs);
      } catch (RuntimeException | DelegateException e) {
        return null; // what data decide, or shapes that do not fit: a run says so
      }
    }

    private Object fact(Variable variable) {
      return variable.type() instanceof TensorType ? shapes[variable.index()] : scalarOf(variable);
    }

    private BoundPlan change() {
      current = null;
      Signature signature = new Signature(List.of(facts.clone()));
      BoundPlan plan = bound.get(signature);
      if (plan == null) {
        plan = bound.size() < method.options().plansKept() ? null : revised(signature);
        plan = plan == null ? make(signature) : plan;
        bound.put(signature, plan);
      }
      current = plan;
      return plan;
    }

    /**
     * The plan that would be forgotten next among those of the same shapes, with the scalars at
     * hand: where these change with each run, nothing but what reads them is bound anew.
     */
    private @Nullable BoundPlan revised(Signature signature) {
      for (Signature other : bound.keySet()) {
        if (signature.hasShapesOf(other)) {
          BoundPlan plan = bound.remove(other);
          try {
            return plan != null && plan.revise(inputs, method.kernels()) ? plan : null;
          } catch (RuntimeException e) {
            if (!KernelException.isRefusal(e)) {
              throw e;
            }
            return null; // making a plan says what is wrong
          }
        }
      }
      return null;
    }

    private BoundPlan make(Signature signature) {
      try {
        BlockPlan plan = method.plan(index, signature, inputs);
        long start = System.nanoTime();
        BoundPlan result = BoundPlan.bind(plan, host);
        method.phases().add(LoadPhase.Kind.BIND, method.lifted().name(), start);
        return result;
      } catch (DelegateException e) {
        throw new DelegateFailedException(
            "",
            "method '"
                + method.lifted().name()
                + "' does not run with these inputs: "
                + e.getMessage(),
            e);
      } catch (RuntimeException e) {
        if (!KernelException.isRefusal(e)) {
          throw e;
        }
        throw new BatonException(
            "method '"
                + method.lifted().name()
                + "' does not run with these inputs: "
                + e.getMessage(),
            e);
      } catch (OutOfMemoryError e) {
        throw new BatonException(
            "method '"
                + method.lifted().name()
                + "' needs more memory with these inputs than there is: "
                + e.getMessage(),
            e);
      }
    }
  }

  /** Bound plans lie in the old arena: they are bound again when they are next needed. */
  private MemorySegment arena(long bytes, int alignment) {
    if (arena.byteSize() < bytes || arena.address() % alignment != 0) {
      arena = larger(arena, bytes, alignment);
      for (BlockRunner runner : runners) {
        if (runner != null) {
          runner.bound.clear();
          runner.current = null;
        }
      }
    }
    return arena;
  }

  /**
   * Memory to take the place of what is too small. The old is freed with the rest: by doubling, all
   * the old together are no more than the new.
   */
  private MemorySegment larger(MemorySegment old, long bytes, int alignment) {
    return allocate(
        activations,
        Math.max(Math.max(bytes, 1), 2 * old.byteSize()),
        Math.max(alignment, ALIGNMENT));
  }

  private MemorySegment scratch(long bytes) {
    if (scratch.byteSize() < bytes) {
      scratch = larger(scratch, bytes, ALIGNMENT);
    }
    return scratch.asSlice(0, bytes);
  }

  private final BoundPlan.Host host =
      new BoundPlan.Host() {
        @Override
        public String method() {
          return method.lifted().name();
        }

        @Override
        public MemorySegment variable(Variable variable, long bytes) {
          return memory[variable.index()].asSlice(0, bytes);
        }

        @Override
        public Operand constant(Value value) {
          return method.constant(value);
        }

        @Override
        public Operand constant(Value value, BufferRequirements requirements) {
          return method.constant(value, requirements);
        }

        @Override
        public MemorySegment arena(long bytes, int alignment) {
          return ExecutionCore.this.arena(bytes == 0 ? 0 : bytes + slack(), alignment);
        }

        @Override
        public MemorySegment scratch(long bytes) {
          return ExecutionCore.this.scratch(bytes);
        }

        @Override
        public void heap(long bytes) {
          requireWithinBound(bytes);
        }

        @Override
        public RandomNumbers random(Node node) {
          return random.computeIfAbsent(node.origin(), at -> RandomNumbers.of(node));
        }

        @Override
        public void checkCancelled() {
          control.check();
        }

        @Override
        public Parallel parallel() {
          return parallel;
        }

        @Override
        public MemorySegment packed(Value constant, Packer packer) {
          return method.packed(constant, packer);
        }

        @Override
        public Step delegate(
            Unit.OnDelegate unit,
            NodeCall.Facts facts,
            List<Operand> inputs,
            List<Operand> outputs) {
          return runner(unit).bind(facts, inputs, outputs);
        }

        @Override
        public void shape(Variable variable, Shape shape) {
          shapes[variable.index()] = shape;
        }

        @Override
        public void scalar(Variable variable, Call.Number number) {
          scalars[variable.index()] = number;
        }
      };

  /**
   * Where the Java twin of a delegate's part is bound: the delegate's own inputs and outputs, and
   * memory of its own.
   */
  BoundPlan.Host twinHost(Map<Variable, MemorySegment> buffers) {
    return new TwinHost(method, buffers) {
      @Override
      public MemorySegment arena(long bytes, int alignment) {
        // Twins run one at a time, and nothing in their arena outlives the run.
        if (twinArena.byteSize() < bytes || twinArena.address() % alignment != 0) {
          twinArena = larger(twinArena, bytes, alignment);
        }
        return twinArena;
      }

      @Override
      public MemorySegment scratch(long bytes) {
        return ExecutionCore.this.scratch(bytes);
      }

      @Override
      public void heap(long bytes) {
        requireWithinBound(bytes);
      }

      @Override
      public void checkCancelled() {
        control.check();
      }

      @Override
      public Parallel parallel() {
        return parallel;
      }
    };
  }

  /** How far delegates agreed with Java; empty unless they are shadowed. */
  public List<ShadowReport> shadowReports() {
    return delegates.values().stream()
        .map(DelegateRunner::shadowReport)
        .flatMap(Optional::stream)
        .toList();
  }

  /** Names of the subgraphs that run in Java because their delegate failed. */
  public List<String> fallenBack() {
    List<String> names = new ArrayList<>();
    delegates.forEach((unit, runner) -> {
      if (runner.hasFailed() && unit instanceof Unit.OnDelegate on) {
        names.add(on.name());
      }
    });
    return names;
  }

  /** Bytes of the activations' arena, with that of delegates' Java twins. */
  public long arenaBytes() {
    return arena.byteSize() + twinArena.byteSize();
  }

  /** Bytes that steps share while they run. */
  public long scratchBytes() {
    return scratch.byteSize();
  }

  /** Bytes by purpose, with what executions of the method share. */
  public MemoryUse memory() {
    long state = 0;
    long others = 0;
    for (Variable variable : variables) {
      if (variable.shared() != null) {
        others += memory[variable.index()].byteSize();
      } else if (livesOn(variable)) {
        state += memory[variable.index()].byteSize();
      }
    }
    return new MemoryUse(
        method.storedConstantBytes(),
        method.copiedConstantBytes(),
        method.packedConstantBytes(),
        method.placement().subgraphs().stream()
            .mapToLong(Placement.PlacedSubgraph::memoryBytes)
            .sum(),
        io.byteSize() - state,
        state + others,
        activations.byteSize() - scratch.byteSize(),
        scratch.byteSize());
  }

  /**
   * Where activations lie in each block, at the shapes of its last run; at the present ones of a
   * block that has not run, if these are known.
   */
  public List<MemoryPlan> memoryPlans() {
    Map<Node, Integer> positions = method.positions();
    List<MemoryPlan> plans = new ArrayList<>();
    for (BlockRunner runner : runners) {
      BlockPlan plan = runner.planOrNull();
      if (plan != null) {
        plans.add(plan.describe(runner.index, node -> positions.getOrDefault(node, -1)));
      }
    }
    return plans;
  }

  /** What was recorded, as steps; none if nothing is recorded. */
  public List<Profile.Step> recordedSteps() {
    Recording into = recording;
    if (into == null) {
      return List.of();
    }
    Map<Node, Integer> positions = method.positions();
    return into.steps(node -> positions.getOrDefault(node, -1));
  }

  /** Bytes of activations, inputs, outputs and state, with all that is shared. */
  public long memoryBytes() {
    return io.byteSize()
        + activations.byteSize()
        + (shared == null ? 0 : shared.arena().byteSize());
  }

  @Override
  public void close() {
    List<DelegateRunner> runnersOfDelegates = List.copyOf(delegates.values());
    delegates.clear();
    Closing.all(
        runnersOfDelegates.stream().map(r -> r::close),
        io::close,
        activations::close,
        shared == null ? () -> {} : shared::release);
  }
}
