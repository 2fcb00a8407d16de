package dev.baton.tck.conformance;

import dev.baton.runtime.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a rule runs: a program of which the delegate takes something.
 *
 * @param shapes of its inputs
 * @param payload true if it calls a payload, which no reference kernel computes
 */
record RuleProgram(byte[] bytes, List<int[]> shapes, boolean payload) {
  /** Between one input's seed and the next one's. */
  private static final int SEEDS = 100;

  static RuleProgram mixed() {
    return new RuleProgram(Cases.mixed(), List.of(Cases.MIXED), false);
  }

  static RuleProgram weights() {
    List<int[]> shapes = List.of(new int[] {5, 33}, new int[] {1, 4, 9, 7});
    return new RuleProgram(Cases.weights(), shapes, false);
  }

  static RuleProgram calling(PayloadSample sample) {
    List<int[]> shapes = sample.inputs().stream().map(t -> t.shape().sizes()).toList();
    return new RuleProgram(sample.program(), shapes, true);
  }

  List<Tensor> inputs(int seed) {
    return IntStream.range(0, shapes.size())
        .mapToObj(i -> Cases.numbers(seed + SEEDS * i, shapes.get(i)))
        .toList();
  }
}
