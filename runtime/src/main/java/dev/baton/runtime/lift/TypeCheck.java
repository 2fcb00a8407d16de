package dev.baton.runtime.lift;

import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.Kernel;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.NodeCall;
import java.util.List;

/**
 * Holds what a program declares of its tensors against what its operators give. Delegates compile
 * for the declared types, and their libraries believe them. So it is also here that a tensor is
 * bounded which only a delegate would hold.
 */
public final class TypeCheck {
  private TypeCheck() {}

  /**
   * Checks every node that has a kernel and whose arguments are known. Where sizes vary, only dtype
   * and rank.
   *
   * @param maxBytes that a tensor of fixed size may have; those that vary are held against it when
   *     the sizes of a call are known
   * @throws LiftException if a node does not take its arguments, gives something else than the
   *     program declares, or gives too much
   */
  public static void check(String method, Graph graph, Kernels kernels, long maxBytes) {
    for (Node node : graph.nodes()) {
      for (Value result : node.results()) {
        if (result.type() instanceof TensorType type
            && !type.dynamic()
            && type.byteSize() > maxBytes) {
          throw fail(
              method,
              node,
              "gives "
                  + type
                  + ", more than the bound of "
                  + maxBytes
                  + " bytes; LoadOptions.withMaxMemoryBytes raises it");
        }
      }
      Kernel kernel = kernels.find(node.name());
      if (kernel != null
          && node.inputs().stream().allMatch(Value::isTensor)
          && node.results().stream().allMatch(Value::isTensor)) {
        check(method, node, kernel);
      }
    }
  }

  private static void check(String method, Node node, Kernel kernel) {
    NodeCall call = new NodeCall(node, NodeCall.declaredTypes());
    boolean varies = node.inputs().stream().anyMatch(v -> v.tensorType().dynamic());
    List<TensorType> given;
    try {
      if (kernel.isDataDependent(call)) {
        return;
      }
      given = kernel.infer(call);
    } catch (RuntimeException e) {
      if (!KernelException.isRefusal(e)) {
        throw e;
      }
      if (varies) {
        return; // bounds need not fit together; the sizes of a call must
      }
      throw fail(method, node, "does not take its arguments: " + e.getMessage());
    }
    if (given.size() != node.results().size()) {
      throw fail(
          method,
          node,
          "gives " + given.size() + " results, the program declares " + node.results().size());
    }
    for (int r = 0; r < given.size(); r++) {
      TensorType declared = node.results().get(r).tensorType();
      TensorType actual = given.get(r);
      boolean same =
          actual.dtype() == declared.dtype()
              && actual.shape().rank() == declared.shape().rank()
              && (varies || declared.dynamic() || actual.shape().equals(declared.shape()));
      if (!same) {
        throw fail(
            method,
            node,
            "gives " + actual + " as result " + r + ", the program declares " + declared);
      }
    }
  }

  private static LiftException fail(String method, Node node, String what) {
    return new LiftException("method '" + method + "', " + node + " " + what);
  }
}
