package dev.baton.runtime;

import dev.baton.graph.Argument;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.profile.Profile;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/**
 * Sees what each step of a run computes: {@link Execution#observe}. Called by the thread that runs,
 * between steps; what it throws ends the run.
 *
 * <p>Plans fuse operators, and a delegate's subgraph is one step: what lies within is never
 * written. {@link LoadOptions#withSingleSteps} makes a step of each operator.
 */
public interface RunObserver {
  /**
   * A tensor that is there now.
   *
   * @param operator position among the operators of the placement; −1 for an input of the block.
   *     Two loads of one method have the same positions if their placements name the same
   *     operators.
   * @param result which of the operator's results; of an input, its position among the block's
   * @param type with the sizes of the run
   * @param data valid during the call, contiguous. An observer may write there: the steps that
   *     follow read it. Inputs are not to be written.
   */
  record Observed(int operator, int result, TensorType type, MemorySegment data) {}

  /**
   * A block begins, a method without jumps being one.
   *
   * @param block position in {@link ModelMethod#blocks}
   * @param inputs tensors that it reads, each followed by its views
   * @param scalars of its graph, as far as they are known before it runs
   */
  default void blockBegan(int block, List<Observed> inputs, Map<Value, Argument> scalars) {}

  /**
   * A step has ended. Where a delegate has failed, the steps of its Java twin come before that of
   * the subgraph.
   *
   * @param step its index is that in its block, or in the twin
   * @param outputs tensors that it gave, each followed by its views, which no step computes
   */
  void stepEnded(Profile.Step step, List<Observed> outputs);
}
