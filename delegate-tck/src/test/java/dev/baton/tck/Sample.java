package dev.baton.tck;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.graph.DType;
import java.util.function.UnaryOperator;

/**
 * A program with one float input and one float output of four elements, and what it computes.
 *
 * @param golden computed here, in plain Java
 */
record Sample(byte[] pte, UnaryOperator<float[]> golden) {
  static final int SIZE = 4;
  static final String MUL = "aten::mul.Scalar";
  static final String RELU = "aten::relu";
  static final String ADD = "aten::add.Tensor";

  /** {@code relu(2x) + x}: with MUL and ADD on a delegate, two subgraphs. */
  static Sample twoParts() {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, SIZE);
                  Slot doubled = m.tensor(DType.FLOAT, SIZE);
                  Slot positive = m.tensor(DType.FLOAT, SIZE);
                  Slot y = m.tensor(DType.FLOAT, SIZE);
                  m.kernel("aten::mul.Scalar_out", x, m.real(2), doubled);
                  m.kernel("aten::relu.out", doubled, positive);
                  m.kernel("aten::add.out", positive, x, m.integer(1), y);
                  m.output(y);
                })
            .toBytes();
    return new Sample(
        pte,
        x -> {
          float[] y = new float[x.length];
          for (int i = 0; i < x.length; i++) {
            y[i] = Math.max(2 * x[i], 0) + x[i];
          }
          return y;
        });
  }

  /** The wanted claims of {@link #twoParts}. */
  static Claiming ends() {
    return Claiming.operators(MUL, ADD);
  }

  /** An input that differs from run to run. */
  static float[] input(int run) {
    return new float[] {run - 1.5f, -run, 0.25f * run, 3};
  }
}
