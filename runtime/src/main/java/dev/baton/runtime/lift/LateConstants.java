package dev.baton.runtime.lift;

import dev.baton.graph.Argument;
import dev.baton.graph.Node;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.Kernel;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.Operand;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Values that depend on no input and were yet not folded, because a delegate might have wanted the
 * quantized constants that they are made of. Where such a value stays in Java it is computed when
 * it is first needed, once for all executions. Safe for use by several threads.
 */
public final class LateConstants {
  private final Kernels kernels;
  private final Arena arena;
  private final long maxBytes;
  private final Map<Object, Operand> computed = new HashMap<>();

  /**
   * @param arena of the results; closed after every execution
   * @param maxBytes of all results of a block; what is past it is computed in each run
   */
  public LateConstants(Kernels kernels, Arena arena, long maxBytes) {
    this.kernels = kernels;
    this.arena = arena;
    this.maxBytes = maxBytes;
  }

  /**
   * Which results of nodes are such constants: those of dequantize operators on constants, and of
   * what is computed from these alone.
   *
   * @param nodes that run in Java, in the order of the graph
   */
  public Set<Value> among(Collection<Node> nodes) {
    Set<Value> found = new LinkedHashSet<>();
    long bytes = 0;
    for (Node node : nodes) {
      if (!qualifies(node, found)) {
        continue;
      }
      bytes += node.result().tensorType().byteSize();
      if (bytes > maxBytes) {
        break;
      }
      found.add(node.result());
    }
    return found;
  }

  private boolean qualifies(Node node, Set<Value> found) {
    Kernel kernel = kernels.find(node.name());
    if (kernel == null
        || Simplifier.isUnfoldable(node.name())
        || node.results().size() != 1
        || !node.result().isTensor()
        || node.result().tensorType().dynamic()) {
      return false;
    }
    boolean dequantized = Dequantization.isDequantize(node.name());
    for (Value input : node.inputs()) {
      if (!input.isConstant() && !found.contains(input)) {
        return false;
      }
      dequantized |= found.contains(input);
    }
    return dequantized && !kernel.isDataDependent(new NodeCall(node, NodeCall.declaredTypes()));
  }

  /** A value of {@link #among}, contiguous. */
  public Operand operand(Value value) {
    synchronized (computed) {
      Object key = key(value);
      Operand known = computed.get(key);
      if (known == null) {
        try (Arena temporary = Arena.ofConfined()) {
          known = compute(value, temporary, arena);
        }
        computed.put(key, known);
      }
      return known;
    }
  }

  private Operand compute(Value value, Arena temporary, Arena into) {
    if (value.isConstant()) {
      return Constants.contiguous(value.constant(), temporary);
    }
    Operand known = computed.get(key(value));
    if (known != null) {
      return known;
    }
    Node node = producer(value);
    Kernel kernel = kernels.find(node.name());
    if (kernel == null) {
      throw new IllegalStateException("no kernel for " + node);
    }
    return Evaluation.run(kernel, node, v -> compute(v, temporary, temporary), into).get(0);
  }

  private static Node producer(Value value) {
    Node node = value.producer();
    if (node == null) {
      throw new IllegalStateException(value + " is no constant");
    }
    return node;
  }

  /** Equal for copies of the same computation. */
  private static Object key(Value value) {
    @Nullable Node node = value.producer();
    if (node == null) {
      return value.isConstant() ? value.constant() : value;
    }
    List<Object> key = new ArrayList<>(List.of(node.name(), (TensorType) value.type()));
    for (Argument argument : node.arguments()) {
      key.add(argument instanceof Value v ? key(v) : argument);
    }
    return key;
  }
}
