package dev.baton.runtime.lift;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operator;
import dev.baton.graph.Origin;
import dev.baton.graph.SymbolType;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.graph.ValueType;
import dev.baton.runtime.kernel.Kernel;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.ScalarOperators;
import java.util.ArrayList;
import java.util.List;

/** Writes one block: nodes with inferred types, scalars folded where they are known. */
final class GraphEditor {
  private final Graph.Builder builder = new Graph.Builder();
  private final Kernels kernels;

  GraphEditor(Kernels kernels) {
    this.kernels = kernels;
  }

  Value input(ValueType type) {
    return builder.input(type);
  }

  Value constant(Constant constant) {
    return builder.constant(constant);
  }

  Graph build(List<Value> results) {
    return builder.build(results);
  }

  /** Adds a node whose result types are known. */
  List<Value> node(
      Operator operator, List<Argument> arguments, List<? extends ValueType> types, Origin origin) {
    return builder.node(operator, arguments, types, origin).results();
  }

  /**
   * Types of an operator's results at the upper bounds of its arguments.
   *
   * @throws KernelException if the arguments do not fit, or no kernel tells
   */
  List<TensorType> infer(Operator operator, List<Argument> arguments) {
    Kernel kernel = kernels.find(operator.name());
    if (kernel == null) {
      throw new KernelException("no kernel for " + operator.name());
    }
    Node node = Detached.node(operator, arguments);
    boolean dynamic = node.inputs().stream().anyMatch(GraphEditor::varies);
    return kernel.infer(new NodeCall(node, BOUNDS)).stream()
        .map(t -> new TensorType(t.dtype(), t.shape(), dynamic || t.dynamic()))
        .toList();
  }

  /** True if sizes of the results depend on data. */
  boolean decidesShapes(Operator operator, List<Argument> arguments) {
    Kernel kernel = kernels.find(operator.name());
    return kernel != null
        && kernel.isDataDependent(new NodeCall(Detached.node(operator, arguments), BOUNDS));
  }

  private static boolean varies(Value value) {
    return !(value.type() instanceof TensorType t) || t.dynamic();
  }

  /**
   * A scalar operator, folded to a literal if its arguments are known.
   *
   * @param kind of the result
   */
  Argument scalar(Operator operator, List<Argument> arguments, SymbolType kind, Origin origin) {
    if (ScalarOperators.contains(operator.name())
        && Detached.node(operator, arguments).inputs().stream().noneMatch(GraphEditor::varies)) {
      return ScalarOperators.evaluate(new NodeCall(Detached.node(operator, arguments), BOUNDS))
          .toArgument();
    }
    return builder.node(operator, arguments, List.of(kind), origin).result();
  }

  private static final NodeCall.Facts BOUNDS = NodeCall.declaredTypes();

  /** A node that is in no graph, to ask a kernel about. */
  private static final class Detached {
    static Node node(Operator operator, List<Argument> arguments) {
      return new Graph.Builder().node(operator, new ArrayList<>(arguments), List.of(), Origin.HOST);
    }
  }
}
