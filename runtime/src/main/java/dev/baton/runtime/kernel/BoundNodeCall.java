package dev.baton.runtime.kernel;

import dev.baton.graph.Argument;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A node with the buffers that its values have in a plan. */
public final class BoundNodeCall extends NodeCall implements BoundCall {
  /** Where values lie. */
  public interface Buffers {
    Operand operand(Value value);

    /** Memory that steps share, as {@link BoundCall#scratch}. */
    MemorySegment scratch(long bytes);

    /** As {@link BoundCall#resize}, for a result. */
    void resize(Value result, int... sizes);
  }

  private final Buffers buffers;

  public BoundNodeCall(Node node, Facts facts, Buffers buffers) {
    super(node, facts);
    this.buffers = buffers;
  }

  @Override
  public Operand input(String parameter) {
    type(parameter); // refuses what is no tensor
    return buffers.operand(node().tensor(parameter));
  }

  @Override
  public @Nullable Operand inputOrNull(String parameter) {
    return isNone(parameter) ? null : input(parameter);
  }

  @Override
  public List<@Nullable Operand> inputs(String parameter) {
    List<@Nullable Operand> operands = new ArrayList<>();
    if (node().argument(parameter) instanceof Argument.Items list) {
      for (Argument item : list.items()) {
        operands.add(item instanceof Value v ? buffers.operand(v) : null);
      }
    }
    return operands;
  }

  @Override
  public Operand output(int result) {
    return buffers.operand(node().results().get(result));
  }

  @Override
  public int outputCount() {
    return node().results().size();
  }

  @Override
  public MemorySegment scratch(long bytes) {
    return buffers.scratch(bytes);
  }

  @Override
  public void resize(int result, int... sizes) {
    buffers.resize(node().results().get(result), sizes);
  }
}
