package dev.baton.runtime.execute;

import dev.baton.runtime.CancelledException;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.memory.CountedArena;
import dev.baton.runtime.plan.BoundPlan;
import dev.baton.runtime.shadow.ShadowedPart;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A delegate's part in Java, on copies of its buffers, so that it may run beside the method. It is
 * planned and bound when it first runs, by the thread that runs it, which is all it computes with.
 */
final class ShadowTwin implements ShadowedPart.Twin, AutoCloseable {
  private static final long ALIGNMENT = 64;

  /** What kernels may read behind a buffer. */
  private static final long SLACK = 64;

  /** Makes the plan of operands, on a host for their buffers. */
  interface Maker {
    BoundPlan make(
        List<Operand> inputs,
        List<Operand> outputs,
        Function<Map<Variable, MemorySegment>, BoundPlan.Host> host);
  }

  private final CompiledMethod method;
  private final ExecutionCore core;
  private final BooleanSupplier closing;
  private final Parallel parallel = new CancellableParallel(Parallel.SERIAL, this::checkClosing);
  private final Maker maker;
  private final CountedArena memory = new CountedArena("shadow");
  private final List<Operand> inputs;
  private final List<Operand> outputs;
  private final List<Operand> given;
  private MemorySegment scratch = MemorySegment.NULL;
  private @Nullable BoundPlan plan;

  /**
   * @param core whose bound on memory holds for the copies too
   * @param closing true if the run in flight shall end
   */
  ShadowTwin(
      CompiledMethod method,
      ExecutionCore core,
      BooleanSupplier closing,
      List<Operand> inputs,
      List<Operand> outputs,
      Maker maker) {
    this.method = method;
    this.core = core;
    this.closing = closing;
    this.maker = maker;
    try {
      this.inputs = inputs.stream().map(this::copy).toList();
      this.outputs = outputs.stream().map(this::copy).toList();
      this.given = outputs.stream().map(this::copy).toList();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private MemorySegment allocate(long bytes, long alignment) {
    core.requireForShadow(bytes);
    MemorySegment room = memory.allocate(bytes, alignment);
    core.countShadow(bytes);
    return room;
  }

  private void checkClosing() {
    if (closing.getAsBoolean()) {
      throw new CancelledException("the execution is being closed");
    }
  }

  /** Room for a copy. */
  private Operand copy(Operand of) {
    long bytes = of.data().byteSize();
    MemorySegment room = allocate(bytes + SLACK, ALIGNMENT).asSlice(0, bytes);
    return new Operand(room, of.dtype(), of.shape());
  }

  @Override
  public List<Operand> inputs() {
    return inputs;
  }

  @Override
  public List<Operand> outputs() {
    return outputs;
  }

  @Override
  public List<Operand> given() {
    return given;
  }

  @Override
  public void run() {
    checkClosing();
    BoundPlan java = plan;
    if (java == null) {
      java = maker.make(inputs, outputs, Host::new);
      plan = java;
    }
    java.run();
  }

  @Override
  public void close() {
    core.countShadow(-memory.byteSize());
    memory.close();
  }

  private final class Host extends TwinHost {
    Host(Map<Variable, MemorySegment> buffers) {
      super(method, buffers);
    }

    @Override
    public MemorySegment arena(long bytes, int alignment) {
      return allocate(bytes + SLACK, Math.max(alignment, ALIGNMENT));
    }

    @Override
    public MemorySegment scratch(long bytes) {
      if (scratch.byteSize() < bytes) {
        scratch = allocate(Math.max(bytes, 2 * scratch.byteSize()), ALIGNMENT);
      }
      return scratch.asSlice(0, bytes);
    }

    @Override
    public void heap(long bytes) {
      core.requireForShadow(bytes);
    }

    @Override
    public void checkCancelled() {
      checkClosing();
    }

    @Override
    public Parallel parallel() {
      return parallel;
    }
  }
}
