package dev.baton.runtime.profile;

import java.util.List;

/**
 * Where the activations of a block lie, from step to step, at one set of shapes.
 *
 * @param block position among {@code ModelMethod.blocks()}
 * @param arenaBytes up to the end of the last buffer
 * @param steps for each, the operators that it computes, by their position in the placement. Views
 *     are steps here, though nothing is done in a run; what is computed once by the load is none.
 * @param buffers of the arena, by the step that first writes them
 */
public record MemoryPlan(
    int block, long arenaBytes, List<List<Integer>> steps, List<Buffer> buffers) {
  public MemoryPlan {
    steps = steps.stream().map(List::copyOf).toList();
    buffers = List.copyOf(buffers);
  }

  /**
   * A part of the arena, while something lives there.
   *
   * @param offset in the arena, in bytes
   * @param first index of the step that writes it
   * @param last index of the last step that needs it; the number of steps where results are copied
   *     out of it at the end
   * @param values the tensors that lie in it: views, and what is computed in place, share one;
   *     empty for room that copies need at the end
   */
  public record Buffer(long offset, long bytes, int first, int last, List<Result> values) {
    public Buffer {
      values = List.copyOf(values);
    }
  }

  /**
   * A result of an operator.
   *
   * @param operator its position in the placement
   * @param index which of its results
   */
  public record Result(int operator, int index) {}
}
