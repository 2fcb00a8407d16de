package dev.baton.benchmarks.kernel;

import dev.baton.runtime.Tensor;
import java.util.List;

/**
 * A program of one kernel, with inputs.
 *
 * @param pte the program file; its method is {@code forward}, its outputs are float tensors
 * @param tolerance max |actual − expected| / max |expected| that arithmetic of another order may
 *     give
 * @param unit what {@code work} counts
 * @param work of one run: two operations for each multiply and add, or bytes read and written once
 */
record KernelProgram(byte[] pte, List<Tensor> inputs, double tolerance, Unit unit, double work) {
  /** What a rate is given in. */
  enum Unit {
    OPERATIONS("GFLOP/s"),
    BYTES("GB/s");

    private final String perNanosecond;

    Unit(String perNanosecond) {
      this.perNanosecond = perNanosecond;
    }

    /** Words for one per nanosecond. */
    String perNanosecond() {
      return perNanosecond;
    }
  }
}
