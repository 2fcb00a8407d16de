package dev.baton.runtime.plan;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.Node;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.ReferenceKernels;
import dev.baton.runtime.placement.NodeWork;
import dev.baton.runtime.placement.Unit;
import dev.baton.runtime.profile.Profile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.ToIntFunction;

/** What steps are, for a profile. */
final class StepDescription {
  private StepDescription() {}

  /** A step that executes a unit. */
  static Profile.Step of(
      int index, String name, Unit unit, BlockPlan plan, ToIntFunction<Node> positions) {
    List<TensorType> inputs = types(unit.inputs(), plan);
    List<TensorType> outputs = types(unit.outputs(), plan);
    boolean several = unit.nodes().size() > 1;
    double products = 0;
    double arithmetic = 0;
    List<Profile.Operation> operations = new ArrayList<>();
    for (Node node : unit.nodes()) {
      double own = 0;
      // Within a group integers are computed on, and nothing is converted.
      if (!several || !node.name().startsWith("quantized_decomposed::")) {
        NodeWork work = NodeWork.of(node, plan);
        products += work.multiplyAdds();
        own = work.operations();
      }
      arithmetic += own;
      operations.add(
          new Profile.Operation(
              node.name(), node.origin(), positions.applyAsInt(node), Math.round(own)));
    }
    return new Profile.Step(
        index,
        name,
        runner(unit),
        unit instanceof Unit.OnDelegate on ? on.name() : "",
        operations,
        inputs,
        outputs,
        bytes(inputs) + constantBytes(unit),
        bytes(outputs),
        Math.round(products),
        Math.round(arithmetic));
  }

  /** A step that copies a result. */
  static Profile.Step ofCopy(int index, String name, TensorType type) {
    return new Profile.Step(
        index,
        name,
        Profile.HOST,
        "",
        List.of(),
        List.of(type),
        List.of(type),
        type.byteSize(),
        type.byteSize(),
        0,
        0);
  }

  /** Who runs a unit, as in {@link Profile.Step#runner}. */
  static String runner(Unit unit) {
    return switch (unit) {
      case Unit.OnDelegate on -> on.delegate();
      case Unit.OnJava java -> java.provider();
      case Unit.Fused fused -> fused.provider();
      case Unit.ReadScalar read -> ReferenceKernels.NAME;
    };
  }

  private static List<TensorType> types(List<Value> values, BlockPlan plan) {
    return values.stream().filter(Value::isTensor).map(plan::type).toList();
  }

  private static long bytes(List<TensorType> types) {
    return types.stream().mapToLong(TensorType::byteSize).sum();
  }

  private static long constantBytes(Unit unit) {
    Set<Constant> constants = Collections.newSetFromMap(new IdentityHashMap<>());
    long looked = 0;
    for (Node node : unit.nodes()) {
      if (node.name().contains("embedding")) {
        // Of a table, what is looked up.
        looked += node.results().stream().mapToLong(v -> v.tensorType().byteSize()).sum();
      } else {
        node.arguments().forEach(a -> collect(a, constants));
      }
    }
    return looked + constants.stream().mapToLong(Constant::byteSize).sum();
  }

  private static void collect(Argument argument, Set<Constant> constants) {
    if (argument instanceof Value v && v.isConstant()) {
      constants.add(v.constant());
    } else if (argument instanceof Argument.Items list) {
      list.items().forEach(a -> collect(a, constants));
    }
  }
}
