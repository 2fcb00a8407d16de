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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

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
  private final Map<List<Object>, Computation> computations = new HashMap<>();
  private final Map<Value, Object> keys = new HashMap<>();

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
      synchronized (computed) {
        key(node.result()); // in the order of the graph, so that no key needs a long way back
      }
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
        known = compute(value);
        computed.put(key, known);
      }
      return known;
    }
  }

  /** What a value is computed from comes before it, each once. */
  private Operand compute(Value value) {
    Map<Value, Operand> operands = new HashMap<>();
    Deque<Value> open = new ArrayDeque<>(List.of(value));
    try (Arena temporary = Arena.ofConfined()) {
      while (true) {
        Value next = open.getLast();
        if (operands.containsKey(next)) {
          open.removeLast();
          continue;
        }
        List<Value> missing =
            next.isConstant()
                ? List.of()
                : producer(next).inputs().stream().filter(v -> !operands.containsKey(v)).toList();
        Operand known = next == value ? null : computed.get(key(next));
        if (known == null && !missing.isEmpty()) {
          open.addAll(missing);
          continue;
        }
        Operand result =
            known != null ? known : compute(next, operands, next == value ? arena : temporary);
        if (next == value) {
          return result;
        }
        operands.put(next, result);
        open.removeLast();
      }
    }
  }

  private Operand compute(Value value, Map<Value, Operand> operands, Arena into) {
    if (value.isConstant()) {
      return Constants.contiguous(value.constant(), into);
    }
    Node node = producer(value);
    Kernel kernel = kernels.find(node.name());
    if (kernel == null) {
      throw new IllegalStateException("no kernel for " + node);
    }
    return Evaluation.run(kernel, node, v -> operand(operands, v), into, maxBytes).get(0);
  }

  private static Operand operand(Map<Value, Operand> operands, Value value) {
    Operand operand = operands.get(value);
    if (operand == null) {
      throw new IllegalStateException(value + " was not computed");
    }
    return operand;
  }

  private static Node producer(Value value) {
    Node node = value.producer();
    if (node == null) {
      throw new IllegalStateException(value + " is no constant");
    }
    return node;
  }

  /** Equal for copies of the same computation. */
  private Object key(Value value) {
    Node node = value.producer();
    if (node == null) {
      return value.isConstant() ? value.constant() : value;
    }
    Object known = keys.get(value);
    if (known == null) {
      List<Object> computation = new ArrayList<>(List.of(node.name(), (TensorType) value.type()));
      for (Argument argument : node.arguments()) {
        computation.add(argument instanceof Value v ? key(v) : argument);
      }
      known = computations.computeIfAbsent(computation, c -> new Computation());
      keys.put(value, known);
    }
    return known;
  }

  /** Stands for equal computations; equal to itself alone. */
  private static final class Computation {}
}
