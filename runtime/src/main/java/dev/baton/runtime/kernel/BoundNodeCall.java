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
  public interface Buffers extends HeapArrays {
    Operand operand(Value value);

    /** Memory that steps share, as {@link BoundCall#scratch}. */
    MemorySegment scratch(long bytes);

    /** As {@link BoundCall#random}. */
    default RandomNumbers random(Node node) {
      return RandomNumbers.of(node);
    }

    /** As {@link BoundCall#parallel}. */
    default Parallel parallel() {
      return Parallel.SERIAL;
    }

    /** As {@link BoundCall#packed}; null if the value is no constant. */
    default @Nullable MemorySegment packed(Value value, Packer packer) {
      return null;
    }

    /** As {@link BoundCall#resize}, for a result. */
    void resize(Value result, int... sizes);
  }

  private final Buffers buffers;
  private final List<BoundCall> absorbed;
  private final List<Value> results;

  public BoundNodeCall(Node node, Facts facts, Buffers buffers) {
    this(node, List.of(), facts, buffers);
  }

  /**
   * @param absorbed nodes that the step computes too, as {@link BoundCall#absorbed}
   */
  public BoundNodeCall(Node node, List<Node> absorbed, Facts facts, Buffers buffers) {
    super(node, facts);
    this.buffers = buffers;
    this.absorbed =
        absorbed.stream().<BoundCall>map(n -> new BoundNodeCall(n, facts, buffers)).toList();
    this.results = absorbed.isEmpty() ? node.results() : List.of(absorbed.getLast().result());
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
    return buffers.operand(results.get(result));
  }

  @Override
  public int outputCount() {
    return results.size();
  }

  @Override
  public MemorySegment scratch(long bytes) {
    return buffers.scratch(bytes);
  }

  @Override
  public void heap(long bytes) {
    buffers.heap(bytes);
  }

  @Override
  public RandomNumbers random() {
    return buffers.random(node());
  }

  @Override
  public Parallel parallel() {
    return buffers.parallel();
  }

  @Override
  public @Nullable MemorySegment packed(String parameter, Packer packer) {
    Value value = node().tensorOrNull(parameter);
    return value == null ? null : buffers.packed(value, packer);
  }

  @Override
  public List<BoundCall> absorbed() {
    return absorbed;
  }

  @Override
  public void resize(int result, int... sizes) {
    buffers.resize(results.get(result), sizes);
  }
}
