package dev.baton.runtime.execute;

import dev.baton.delegate.BufferRequirements;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Constant;
import dev.baton.graph.Node;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Event;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.MethodBlock;
import dev.baton.runtime.Placement;
import dev.baton.runtime.flight.Flight;
import dev.baton.runtime.flight.LoadEvent;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Packer;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.lift.Block;
import dev.baton.runtime.lift.Constants;
import dev.baton.runtime.lift.LateConstants;
import dev.baton.runtime.lift.LiftException;
import dev.baton.runtime.lift.LiftedConstants;
import dev.baton.runtime.lift.LiftedMethod;
import dev.baton.runtime.lift.MethodLifter;
import dev.baton.runtime.lift.PlainMoves;
import dev.baton.runtime.lift.QuantizedMoves;
import dev.baton.runtime.lift.Recomposition;
import dev.baton.runtime.lift.SafeSoftmax;
import dev.baton.runtime.lift.Simplifier;
import dev.baton.runtime.lift.TypeCheck;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.lift.VaryingViews;
import dev.baton.runtime.memory.CountedArena;
import dev.baton.runtime.placement.Closing;
import dev.baton.runtime.placement.PhaseLog;
import dev.baton.runtime.placement.Placer;
import dev.baton.runtime.placement.RefusedPayloadsException;
import dev.baton.runtime.placement.Sessions;
import dev.baton.runtime.placement.Unit;
import dev.baton.runtime.plan.BlockPlan;
import dev.baton.runtime.profile.LoadPhase;
import dev.baton.runtime.program.PlannedBuffer;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ProgramMethod;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A method lifted, placed and compiled: what all its executions share. Immutable but for its
 * caches; safe for use by several threads.
 */
public final class CompiledMethod implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("dev.baton");

  /** A block and who runs its parts. */
  record PlacedBlock(Block block, List<Unit> units, Set<Value> late) {}

  /**
   * Where a method comes from.
   *
   * @param plannedBytes of memory that its file plans
   * @param unlifted ids of payloads that stay as they are, though they could be lifted
   */
  private record Source(
      String program,
      String method,
      Function<LiftedConstants, LiftedMethod> lift,
      long plannedBytes,
      Set<String> unlifted) {}

  private final LiftedMethod lifted;
  private final List<PlacedBlock> blocks = new ArrayList<>();
  private final Kernels kernels;
  private final Sessions sessions;
  private final LoadOptions options;
  private final CountedArena constants = new CountedArena("constants");
  private final Map<Constant, Operand> plain = new IdentityHashMap<>();

  /** By constant, or by the operand of one that was computed. */
  private final Map<Object, Map<List<Integer>, Operand>> aligned = new IdentityHashMap<>();

  private final LateConstants late;
  private final PackedConstants packed = new PackedConstants();
  private final WorkerPool workers;
  private final Map<Integer, Map<Signature, BlockPlan>> plans = new LinkedHashMap<>();
  private final List<CompiledSubgraph> compiled;
  private final Placement placement;
  private final PhaseLog phases;
  private final Set<String> unlifted;

  private CompiledMethod(
      Source source,
      Kernels kernels,
      Delegates delegates,
      Sessions sessions,
      WorkerPool workers,
      boolean toRun) {
    String method = source.method();
    this.phases = sessions.phases();
    this.unlifted = source.unlifted();
    this.kernels = kernels;
    this.sessions = sessions;
    this.options = sessions.options();
    this.late = new LateConstants(kernels, constants, options.maxMemoryBytes());
    this.workers = workers;
    Placer placer = new Placer(method, sessions, delegates, kernels, source.unlifted());
    try {
      long start = System.nanoTime();
      this.lifted = source.lift().apply(new LiftedConstants(constants, options.maxMemoryBytes()));
      phases.add(LoadPhase.Kind.LIFT, method, start);
      for (Block block : lifted.blocks()) {
        start = System.nanoTime();
        Block simple =
            Simplifier.simplify(
                VaryingViews.apply(block), kernels, constants, options.maxMemoryBytes());
        simple =
            QuantizedMoves.apply(SafeSoftmax.apply(PlainMoves.apply(Recomposition.apply(simple))));
        TypeCheck.check(method, simple.graph(), kernels, options.maxMemoryBytes());
        phases.add(LoadPhase.Kind.LIFT, method, start);
        List<Unit> units = placer.place(simple);
        blocks.add(new PlacedBlock(simple, units, late(units)));
      }
      placer.requireLoaded();
      this.placement = placer.report(memory(source.plannedBytes()));
      if (toRun) {
        placer.requireComplete();
      }
      this.compiled = List.copyOf(placer.compiled());
    } catch (RuntimeException | Error e) {
      try {
        abandon(placer);
      } catch (RuntimeException | Error unclosed) {
        e.addSuppressed(unclosed);
      }
      if (e instanceof BatonException || e instanceof Error) {
        throw e;
      }
      throw new LiftException(
          "method '"
              + method
              + "' of "
              + source.program()
              + " contradicts itself: "
              + e.getMessage(),
          e);
    }
  }

  private Placement.Memory memory(long planned) {
    long arena = 0;
    for (int block = 0; block < blocks.size(); block++) {
      try {
        BlockPlan plan =
            plan(block, Signature.declared(blocks.get(block).block()), Signature.DECLARED);
        arena = Math.max(arena, plan.arenaBytes());
      } catch (DelegateException | RuntimeException e) {
        arena = Placement.Memory.UNKNOWN; // a block that its own data decide, or incomplete
        break;
      }
    }
    long variables =
        lifted.variables().stream()
            .mapToLong(v -> v.type() instanceof TensorType t ? t.byteSize() : 0)
            .sum();
    return new Placement.Memory(arena, variables, planned);
  }

  private void abandon(Placer placer) {
    Closing.all(Stream.of(placer::abandon), constants::close, packed::close);
  }

  /**
   * Compiles a method.
   *
   * @param sessions stay open until this is closed
   * @param workers too
   * @param start of the load, as {@link System#nanoTime} gives it
   */
  public static CompiledMethod compile(
      Program program,
      String method,
      Kernels kernels,
      Delegates delegates,
      Sessions sessions,
      WorkerPool workers,
      long start) {
    LoadEvent event = Flight.isOn() ? LoadEvent.begun() : null;
    String placed = "";
    String failure = "";
    try {
      CompiledMethod result = packed(program, method, kernels, delegates, sessions, workers);
      placed = result.placement.summary();
      Event.Loaded loaded = new Event.Loaded(result.placement, System.nanoTime() - start);
      LOG.log(System.Logger.Level.INFO, () -> loaded.message());
      sessions.options().listener().accept(loaded);
      return result;
    } catch (RuntimeException | Error e) {
      failure = String.valueOf(e.getMessage());
      throw e;
    } finally {
      if (event != null) {
        event.done(program.source(), method, placed, failure);
      }
    }
  }

  private static CompiledMethod packed(
      Program program,
      String method,
      Kernels kernels,
      Delegates delegates,
      Sessions sessions,
      WorkerPool workers) {
    CompiledMethod result = of(program, method, kernels, delegates, sessions, workers, true);
    try {
      PackingAhead.run(result);
    } catch (RuntimeException | Error e) {
      try {
        result.close();
      } catch (RuntimeException | Error unclosed) {
        e.addSuppressed(unclosed);
      }
      throw e;
    }
    return result;
  }

  /**
   * A method for a load or an explanation. Payloads that an open delegate prefers to load stay as
   * they are; those that it refuses are written out as operators, unless the policy is against it.
   *
   * @param toRun whether what cannot run is an error
   */
  private static CompiledMethod of(
      Program program,
      String method,
      Kernels kernels,
      Delegates delegates,
      Sessions sessions,
      WorkerPool workers,
      boolean toRun) {
    Set<String> unlifted = new HashSet<>();
    for (Sessions.Open open : sessions.open()) {
      if (open.delegate().prefersPayloads()) {
        unlifted.addAll(open.delegate().payloadIds());
      }
    }
    unlifted.retainAll(delegates.lifters().keySet());
    Map<String, RefusedPayloadsException.Refusal> refused = new LinkedHashMap<>();
    while (true) {
      try {
        Set<String> tried = Set.copyOf(unlifted);
        CompiledMethod result =
            of(program, method, kernels, delegates, sessions, workers, toRun, tried);
        refused.keySet().retainAll(result.lifted.lifted());
        refused.forEach((id, refusal) ->
            sessions.emit(
                new Event.PayloadsLifted(refusal.delegate(), method, id, refusal.cause())));
        return result;
      } catch (RefusedPayloadsException e) {
        refused.putAll(e.refusals());
        unlifted.removeAll(e.refusals().keySet()); // at least one of them
      }
    }
  }

  /**
   * @param unlifted ids of payloads that stay as they are, though they could be lifted
   */
  private static CompiledMethod of(
      Program program,
      String method,
      Kernels kernels,
      Delegates delegates,
      Sessions sessions,
      WorkerPool workers,
      boolean toRun,
      Set<String> unlifted) {
    ProgramMethod source = program.method(method);
    Function<LiftedConstants, LiftedMethod> lift =
        constants ->
            MethodLifter.lift(
                program,
                source,
                kernels,
                id -> unlifted.contains(id) ? null : delegates.lifters().get(id),
                id -> delegates.delegates().stream().anyMatch(d -> d.payloadIds().contains(id)),
                constants);
    long planned = source.plannedBuffers().stream().mapToLong(PlannedBuffer::bytes).sum();
    return new CompiledMethod(
        new Source(program.source(), method, lift, planned, unlifted),
        kernels,
        delegates,
        sessions,
        workers,
        toRun);
  }

  /** Compiles a method that comes of no program. */
  static CompiledMethod compile(
      LiftedMethod lifted,
      Kernels kernels,
      Delegates delegates,
      Sessions sessions,
      WorkerPool workers) {
    return new CompiledMethod(
        new Source("the host", lifted.name(), constants -> lifted, 0, Set.of()),
        kernels,
        delegates,
        sessions,
        workers,
        true);
  }

  /**
   * Places and compiles a method as {@link #compile} does, also where it cannot run, and gives the
   * report alone.
   */
  public static Placement explain(
      Program program, String method, Kernels kernels, Delegates delegates, LoadOptions options) {
    try (Sessions open = new Sessions(program, delegates, options);
        WorkerPool workers = new WorkerPool(options.threads());
        CompiledMethod result = of(program, method, kernels, delegates, open, workers, false)) {
      return result.placement;
    }
  }

  public LiftedMethod lifted() {
    return lifted;
  }

  public Placement placement() {
    return placement;
  }

  List<PlacedBlock> blocks() {
    return blocks;
  }

  /** The blocks as others see them. */
  public List<MethodBlock> methodBlocks() {
    return blocks.stream()
        .map(b ->
            new MethodBlock(
                b.block().graph(), variables(b.block().reads()), variables(b.block().writes())))
        .toList();
  }

  private static List<MethodBlock.Variable> variables(List<Variable> variables) {
    return variables.stream()
        .map(v ->
            new MethodBlock.Variable(
                v.index(),
                v.name(),
                switch (v.kind()) {
                  case INPUT -> MethodBlock.Variable.Kind.INPUT;
                  case OUTPUT -> MethodBlock.Variable.Kind.OUTPUT;
                  case STATE -> MethodBlock.Variable.Kind.STATE;
                  case LOCAL -> MethodBlock.Variable.Kind.LOCAL;
                },
                v.type()))
        .toList();
  }

  /** Position of each node among the operators of the placement. */
  Map<Node, Integer> positions() {
    Map<Node, Integer> positions = new IdentityHashMap<>();
    for (PlacedBlock placed : blocks) {
      placed.block().graph().nodes().forEach(n -> positions.put(n, positions.size()));
    }
    return positions;
  }

  /** True if another load may write the payload of an opaque unit out as operators. */
  boolean couldLift(Unit.OnDelegate unit) {
    return blocks.stream()
        .filter(b -> b.units().stream().anyMatch(u -> u == unit))
        .map(b -> b.block().payloads().get(unit.nodes().getFirst().id()))
        .anyMatch(p -> p != null && unlifted.contains(p.id()));
  }

  /** What single nodes in Java compute once: {@link #constant(Value)} gives it. */
  Set<Value> late(List<Unit> units) {
    if (options.isSingleSteps()) {
      return Set.of(); // who observes a run sees them
    }
    return late.among(
        units.stream()
            .filter(Unit.OnJava.class::isInstance)
            .flatMap(u -> u.nodes().stream())
            .toList());
  }

  Kernels kernels() {
    return kernels;
  }

  Sessions sessions() {
    return sessions;
  }

  public LoadOptions options() {
    return options;
  }

  /** The phases of the load, and of plans since. */
  public PhaseLog phases() {
    return phases;
  }

  /** Bytes of the graphs' constants as they are stored. */
  long storedConstantBytes() {
    Map<Constant, Long> stored = new IdentityHashMap<>();
    for (PlacedBlock placed : blocks) {
      for (Node node : placed.block().graph().nodes()) {
        for (Value value : node.inputs()) {
          if (value.isConstant()) {
            stored.put(value.constant(), value.constant().byteSize());
          }
        }
      }
    }
    return stored.values().stream().mapToLong(Long::longValue).sum();
  }

  long copiedConstantBytes() {
    return constants.byteSize();
  }

  long packedConstantBytes() {
    return packed.byteSize();
  }

  /**
   * Bytes of constants that had to be copied: folded, dequantized, stored in another order than
   * Java kernels read, or packed for these.
   */
  public long constantBytes() {
    return copiedConstantBytes() + packedConstantBytes();
  }

  /** A constant for Java kernels: its own bytes, or one copy that all executions share. */
  Operand constant(Value value) {
    if (!value.isConstant()) {
      return late.operand(value);
    }
    Constant constant = value.constant();
    if (Constants.isPlain(constant)) {
      return Constants.contiguous(constant, constants);
    }
    synchronized (plain) {
      return plain.computeIfAbsent(constant, c -> Constants.contiguous(c, constants));
    }
  }

  /**
   * A constant for a delegate's input: its own bytes where they fit, or one copy that all
   * executions share.
   */
  Operand constant(Value value, BufferRequirements requirements) {
    Operand own = constant(value);
    if (requirements.slack() == 0 && own.data().address() % requirements.alignment() == 0) {
      return own;
    }
    synchronized (aligned) {
      Object key = value.isConstant() ? value.constant() : own;
      return aligned
          .computeIfAbsent(key, k -> new HashMap<>())
          .computeIfAbsent(
              List.of(requirements.alignment(), requirements.slack()),
              r -> aligned(own, requirements));
    }
  }

  private Operand aligned(Operand own, BufferRequirements requirements) {
    long bytes = own.data().byteSize();
    MemorySegment copy =
        constants.allocate(
            Math.max(bytes + requirements.slack(), 1), Math.max(requirements.alignment(), 64));
    return new Operand(copy.asSlice(0, bytes).copyFrom(own.data()), own.dtype(), own.shape());
  }

  /** A constant as a kernel wants it, packed once. */
  MemorySegment packed(Value value, Packer packer) {
    PackedConstants.Packed place = packedPlace(value, packer);
    if (place.isDone()) {
      return place.memory();
    }
    long start = System.nanoTime();
    MemorySegment bytes = place.get(workers);
    phases.add(LoadPhase.Kind.PACK, packer.form(), start);
    return bytes;
  }

  /** The constant, its copy if kernels read that too, else a copy in the arena. */
  private Operand contiguous(Constant constant, Arena temporary) {
    synchronized (plain) {
      Operand known = plain.get(constant);
      return known != null ? known : Constants.contiguous(constant, temporary);
    }
  }

  /** Where a constant is packed, or will be. */
  PackedConstants.Packed packedPlace(Value value, Packer packer) {
    if (!value.isConstant()) {
      Operand own = late.operand(value);
      return packed.of(own, temporary -> own, packer);
    }
    Constant constant = value.constant();
    return packed.of(constant, temporary -> contiguous(constant, temporary), packer);
  }

  /** The threads that Java kernels of all methods of a model share. */
  Parallel parallel() {
    return workers;
  }

  /** The plan of a block for a signature, made once and kept while it is among the latest. */
  BlockPlan plan(int block, Signature signature, BlockPlan.Inputs inputs) throws DelegateException {
    synchronized (plans) {
      Map<Signature, BlockPlan> kept =
          plans.computeIfAbsent(block, b -> new LatestUsed<>(options.plansKept()));
      BlockPlan plan = kept.get(signature);
      if (plan == null) {
        long start = System.nanoTime();
        PlacedBlock placed = blocks.get(block);
        plan =
            BlockPlan.make(
                placed.block().graph(),
                placed.units(),
                placed.block().reads(),
                placed.block().writes(),
                placed.late(),
                inputs,
                kernels,
                options.maxMemoryBytes());
        kept.put(signature, plan);
        phases.add(LoadPhase.Kind.PLAN, lifted.name(), start);
      }
      return plan;
    }
  }

  /** Frees everything; no execution may be open. */
  @Override
  public void close() {
    Closing.all(compiled.stream().map(c -> c::close), constants::close, packed::close);
  }
}
