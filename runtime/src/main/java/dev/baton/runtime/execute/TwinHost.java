package dev.baton.runtime.execute;

import dev.baton.delegate.BufferRequirements;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Packer;
import dev.baton.runtime.kernel.Step;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.placement.Unit;
import dev.baton.runtime.plan.BoundPlan;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/** What the Java twins of delegates' parts are bound to: given buffers, the method's constants. */
abstract class TwinHost implements BoundPlan.Host {
  private final CompiledMethod method;
  private final Map<Variable, MemorySegment> buffers;

  TwinHost(CompiledMethod method, Map<Variable, MemorySegment> buffers) {
    this.method = method;
    this.buffers = buffers;
  }

  @Override
  public final String method() {
    return method.lifted().name();
  }

  @Override
  public final MemorySegment variable(Variable variable, long bytes) {
    MemorySegment buffer = buffers.get(variable);
    if (buffer == null) {
      throw new IllegalStateException("no buffer for " + variable);
    }
    return buffer;
  }

  @Override
  public final Operand constant(Value value) {
    return method.constant(value);
  }

  @Override
  public final Operand constant(Value value, BufferRequirements requirements) {
    throw new IllegalStateException("a twin has no delegates");
  }

  @Override
  public final MemorySegment packed(Value constant, Packer packer) {
    return method.packed(constant, packer);
  }

  @Override
  public final Step delegate(
      Unit.OnDelegate unit, NodeCall.Facts facts, List<Operand> inputs, List<Operand> outputs) {
    throw new IllegalStateException("a twin has no delegates");
  }

  @Override
  public final void shape(Variable variable, Shape shape) {}

  @Override
  public final void scalar(Variable variable, Call.Number number) {}
}
