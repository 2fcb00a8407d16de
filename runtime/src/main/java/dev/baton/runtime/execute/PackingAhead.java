package dev.baton.runtime.execute;

import dev.baton.delegate.BufferRequirements;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.Event;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Packer;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.Step;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.placement.Unit;
import dev.baton.runtime.plan.BlockPlan;
import dev.baton.runtime.plan.BoundPlan;
import dev.baton.runtime.profile.LoadPhase;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the load of a method does so that no run has to: plans for the declared shapes are bound to
 * memory that is thrown away, which computes constants that wait and tells what kernels want
 * packed; and that is packed, with progress, until somebody cancels.
 *
 * <p>What other shapes or scalars need, or a Java twin, is packed when it is first bound.
 */
final class PackingAhead implements BoundPlan.Host {
  private static final System.Logger LOG = System.getLogger("dev.baton");

  /** A plan at upper bounds that needs more is bound when it is first run. */
  private static final long MOST_BYTES = 256L << 20;

  private static final int ALIGNMENT = 4096;
  private static final int SLACK = 4096;

  private final CompiledMethod method;
  private final Arena memory;
  private final Map<Variable, MemorySegment> variables = new HashMap<>();
  private final Set<PackedConstants.Packed> wanted = new LinkedHashSet<>();
  private MemorySegment scratch = MemorySegment.NULL;
  private long allocated;

  private PackingAhead(CompiledMethod method, Arena memory) {
    this.method = method;
    this.memory = memory;
  }

  /**
   * Packs what the first run at the declared shapes needs.
   *
   * @throws BatonException if the load is cancelled
   */
  static void run(CompiledMethod method) {
    Set<PackedConstants.Packed> wanted = new LinkedHashSet<>();
    for (int block = 0; block < method.blocks().size(); block++) {
      if (method.blocks().get(block).units().stream()
          .anyMatch(u -> u instanceof Unit.OnJava || u instanceof Unit.Fused)) {
        method.sessions().checkCancelled();
        try (Arena memory = Arena.ofConfined()) {
          PackingAhead host = new PackingAhead(method, memory);
          host.bind(block);
          wanted.addAll(host.wanted);
        }
      }
    }
    long start = System.nanoTime();
    pack(method, wanted);
    if (!wanted.isEmpty()) {
      method.phases().add(LoadPhase.Kind.PACK, method.lifted().name(), start);
    }
  }

  private void bind(int block) {
    try {
      BlockPlan plan =
          method.plan(
              block, Signature.declared(method.blocks().get(block).block()), Signature.DECLARED);
      if (plan.arenaBytes() <= MOST_BYTES) {
        long start = System.nanoTime();
        BoundPlan.bind(plan, this);
        method.phases().add(LoadPhase.Kind.BIND, method.lifted().name(), start);
      }
    } catch (DelegateException | OutOfMemoryError e) {
      packedLater(block, e);
    } catch (RuntimeException e) {
      if (!KernelException.isRefusal(e)) {
        throw e;
      }
      packedLater(block, e);
    }
  }

  /** The declared bounds are not always a call that the program takes: a run says what is wrong. */
  private static void packedLater(int block, Throwable e) {
    LOG.log(
        System.Logger.Level.DEBUG,
        () -> "constants of block " + block + " are packed when it runs: " + e.getMessage());
  }

  /** Memory that nothing is written to, of which there is no more than a run may have. */
  private MemorySegment allocate(long bytes, int alignment) {
    long most = method.options().maxMemoryBytes();
    if (bytes > most - allocated) {
      throw new KernelException("more than " + most + " bytes of memory");
    }
    allocated += bytes;
    return memory.allocate(bytes, alignment);
  }

  private static void pack(CompiledMethod method, Set<PackedConstants.Packed> wanted) {
    long all = wanted.stream().mapToLong(PackedConstants.Packed::byteSize).sum();
    long done = 0;
    for (PackedConstants.Packed constant : wanted) {
      method.sessions().checkCancelled();
      method
          .options()
          .listener()
          .accept(new Event.Progress("", "packing weights", (double) done / all));
      constant.get(method.parallel());
      done += constant.byteSize();
    }
    if (all > 0) {
      method.options().listener().accept(new Event.Progress("", "packing weights", 1));
    }
  }

  // ---- memory that nothing is written to

  @Override
  public String method() {
    return method.lifted().name();
  }

  @Override
  public MemorySegment variable(Variable variable, long bytes) {
    MemorySegment known = variables.get(variable);
    if (known == null || known.byteSize() < bytes) {
      known = allocate(Math.max(bytes, 1), ALIGNMENT);
      variables.put(variable, known);
    }
    return known.asSlice(0, bytes);
  }

  @Override
  public MemorySegment arena(long bytes, int alignment) {
    return allocate(bytes + SLACK, Math.max(alignment, ALIGNMENT));
  }

  @Override
  public MemorySegment scratch(long bytes) {
    if (bytes > MOST_BYTES) {
      throw new KernelException(bytes + " bytes of scratch");
    }
    if (scratch.byteSize() < bytes) {
      scratch = allocate(Math.max(bytes, 2 * scratch.byteSize()), ALIGNMENT);
    }
    return scratch.asSlice(0, bytes);
  }

  @Override
  public void heap(long bytes) {
    if (bytes > MOST_BYTES) {
      throw new KernelException(bytes + " bytes of arrays");
    }
  }

  // ---- constants

  @Override
  public Operand constant(Value value) {
    return method.constant(value);
  }

  @Override
  public Operand constant(Value value, BufferRequirements requirements) {
    return method.constant(value, requirements);
  }

  @Override
  public MemorySegment packed(Value constant, Packer packer) {
    PackedConstants.Packed place = method.packedPlace(constant, packer);
    wanted.add(place);
    return place.memory();
  }

  // ---- nothing runs

  @Override
  public void checkCancelled() {
    method.sessions().checkCancelled();
  }

  @Override
  public Parallel parallel() {
    return method.parallel();
  }

  @Override
  public Step delegate(
      Unit.OnDelegate unit, NodeCall.Facts facts, List<Operand> inputs, List<Operand> outputs) {
    return () -> {};
  }

  @Override
  public void shape(Variable variable, Shape shape) {}

  @Override
  public void scalar(Variable variable, Call.Number number) {}
}
