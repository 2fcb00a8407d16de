package dev.baton.runtime.execute;

import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.lift.Block;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.plan.BlockPlan;
import java.util.Arrays;
import java.util.List;

/**
 * What a plan depends on: the shapes and scalars of the variables that may vary.
 *
 * @param facts a {@link Shape} or {@link dev.baton.runtime.kernel.Call.Number} for each, in order
 */
record Signature(List<Object> facts) {
  /** Shapes as the program declares them, and scalars before they are first written. */
  static final BlockPlan.Inputs DECLARED =
      new BlockPlan.Inputs() {
        @Override
        public Shape shape(Variable variable) {
          return ((TensorType) variable.type()).shape();
        }

        @Override
        public Call.Number scalar(Variable variable) {
          Call.Number initial = variable.initialScalar();
          return initial == null ? Call.Number.of(0) : initial;
        }
      };

  /** The variables whose facts make the signatures of a block. */
  static Variable[] varying(Block block) {
    return block.reads().stream()
        .filter(v -> !(v.type() instanceof TensorType t) || t.dynamic())
        .toArray(Variable[]::new);
  }

  /** True if nothing but scalars differs. */
  boolean hasShapesOf(Signature other) {
    for (int i = 0; i < facts.size(); i++) {
      if (facts.get(i) instanceof Shape shape && !shape.equals(other.facts.get(i))) {
        return false;
      }
    }
    return true;
  }

  /** That of a first run at the shapes that the program declares. */
  static Signature declared(Block block) {
    return new Signature(
        Arrays.stream(varying(block))
            .map(v ->
                v.type() instanceof TensorType ? DECLARED.shape(v) : (Object) DECLARED.scalar(v))
            .toList());
  }
}
