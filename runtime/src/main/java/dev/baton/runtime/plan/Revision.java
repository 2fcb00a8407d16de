package dev.baton.runtime.plan;

import dev.baton.graph.Argument;
import dev.baton.graph.Node;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.Kernel;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.ScalarOperators;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A plan's scalars in another call: its types are the plan's, as long as none of them depends on
 * what has changed.
 */
final class Revision implements NodeCall.Facts {
  private final BlockPlan plan;
  private final Call.@Nullable Number[] scalars;
  private final List<Node> readers = new ArrayList<>();

  private Revision(BlockPlan plan, Call.@Nullable Number[] scalars) {
    this.plan = plan;
    this.scalars = scalars;
  }

  /** The scalars that the plan was made for. */
  static Revision first(BlockPlan plan) {
    return new Revision(plan, plan.scalars());
  }

  /**
   * @param users nodes with scalars among their arguments, in order
   * @param inputs of the call; shapes are as before
   * @return null if a type changes, or may
   */
  @Nullable Revision next(List<Node> users, BlockPlan.Inputs inputs, Kernels kernels) {
    Revision next = new Revision(plan, scalars.clone());
    for (int i = 0; i < plan.reads().size(); i++) {
      Value value = plan.graph().inputs().get(i);
      if (!value.isTensor()) {
        next.scalars[value.id()] = inputs.scalar(plan.reads().get(i));
      }
    }
    for (Node node : users) {
      if (node.arguments().stream().anyMatch(a -> differs(a, next))) {
        NodeCall call = new NodeCall(node, next);
        if (ScalarOperators.contains(node.name())) {
          next.scalars[node.result().id()] = ScalarOperators.evaluate(call);
        } else if (hasTypesOfPlan(node, call, kernels.find(node.name()))) {
          next.readers.add(node);
        } else {
          return null;
        }
      }
    }
    return next;
  }

  private boolean differs(Argument argument, Revision other) {
    return switch (argument) {
      case Value v when !v.isTensor() && !v.isConstant() -> {
        Call.Number before = scalars[v.id()];
        yield before == null || !before.equals(other.scalars[v.id()]);
      }
      case Argument.Items list -> list.items().stream().anyMatch(a -> differs(a, other));
      default -> false;
    };
  }

  private boolean hasTypesOfPlan(Node node, NodeCall call, @Nullable Kernel kernel) {
    if (kernel == null) {
      return false;
    }
    List<TensorType> types = kernel.infer(call);
    if (types.size() != node.results().size()) {
      return false;
    }
    for (int r = 0; r < types.size(); r++) {
      TensorType planned = plan.type(node.results().get(r));
      if (types.get(r).dtype() != planned.dtype()
          || !types.get(r).shape().equals(planned.shape())) {
        return false;
      }
    }
    return plan.isView(node) == kernel.isView(call);
  }

  /** True if an argument of the node is a scalar that the program computes. */
  static boolean readsScalars(Node node) {
    return node.arguments().stream().anyMatch(Revision::isScalar);
  }

  private static boolean isScalar(Argument argument) {
    return switch (argument) {
      case Value v -> !v.isTensor() && !v.isConstant();
      case Argument.Items list -> list.items().stream().anyMatch(Revision::isScalar);
      default -> false;
    };
  }

  /** Nodes whose scalars are others than in the revision before, and that are no scalars. */
  List<Node> readers() {
    return readers;
  }

  /** A scalar result of the graph, where it is known before the block has run; else null. */
  Call.@Nullable Number result(int result) {
    return scalars[plan.graph().results().get(result).id()];
  }

  /** A scalar; null if it is not known before the block has run. */
  Call.@Nullable Number scalarOrNull(Value value) {
    return scalars[value.id()];
  }

  @Override
  public TensorType type(Value value) {
    return plan.type(value);
  }

  @Override
  public Call.Number scalar(Value value) {
    return BlockPlan.known(scalars, value);
  }
}
