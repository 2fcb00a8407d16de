package dev.baton.runtime.execute;

import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.plan.BoundPlan;
import dev.baton.runtime.shadow.ShadowedPart;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
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
  private final Maker maker;
  private final CountedArena memory = new CountedArena("shadow");
  private final List<Operand> inputs;
  private final List<Operand> outputs;
  private final List<Operand> given;
  private MemorySegment scratch = MemorySegment.NULL;
  private @Nullable BoundPlan plan;

  ShadowTwin(CompiledMethod method, List<Operand> inputs, List<Operand> outputs, Maker maker) {
    this.method = method;
    this.maker = maker;
    this.inputs = inputs.stream().map(this::copy).toList();
    this.outputs = outputs.stream().map(this::copy).toList();
    this.given = outputs.stream().map(this::copy).toList();
  }

  /** Room for a copy. */
  private Operand copy(Operand of) {
    long bytes = of.data().byteSize();
    MemorySegment room = memory.allocate(bytes + SLACK, ALIGNMENT).asSlice(0, bytes);
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
    BoundPlan java = plan;
    if (java == null) {
      java = maker.make(inputs, outputs, Host::new);
      plan = java;
    }
    java.run();
  }

  @Override
  public void close() {
    memory.close();
  }

  private final class Host extends TwinHost {
    Host(Map<Variable, MemorySegment> buffers) {
      super(method, buffers);
    }

    @Override
    public MemorySegment arena(long bytes, int alignment) {
      return memory.allocate(bytes + SLACK, Math.max(alignment, ALIGNMENT));
    }

    @Override
    public MemorySegment scratch(long bytes) {
      if (scratch.byteSize() < bytes) {
        scratch = memory.allocate(Math.max(bytes, 2 * scratch.byteSize()), ALIGNMENT);
      }
      return scratch.asSlice(0, bytes);
    }

    @Override
    public void checkCancelled() {}

    @Override
    public Parallel parallel() {
      return Parallel.SERIAL;
    }
  }
}
