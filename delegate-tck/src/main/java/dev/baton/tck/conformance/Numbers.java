package dev.baton.tck.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What runs give, and what the reference kernels give. */
final class Numbers {
  private Numbers() {}

  /** Sets the inputs, runs, and copies every output; each is float32. */
  static List<float[]> run(Execution execution, List<Tensor> inputs) {
    for (int i = 0; i < inputs.size(); i++) {
      execution.setInput(i, inputs.get(i));
    }
    execution.run();
    List<float[]> outputs = new ArrayList<>();
    for (int i = 0; i < execution.method().outputCount(); i++) {
      outputs.add(execution.output(i).toTensor().getDataAsFloatArray());
    }
    return outputs;
  }

  /** The answer of the reference kernels alone. */
  static List<float[]> reference(byte[] program, List<Tensor> inputs) {
    LoadOptions options = LoadOptions.javaOnly().withKernels(List.of("reference"));
    try (Program file = Program.of(program);
        ModelMethod method =
            ModelMethod.load(file, "forward", options, Delegates.of(List.of(), List.of()));
        Execution execution = method.newExecution()) {
      return run(execution, inputs);
    }
  }

  /**
   * Asserts that each element differs by no more than {@code absolute + relative · max |expected|}.
   */
  static void assertClose(
      List<float[]> expected, List<float[]> got, double relative, double absolute, String where) {
    assertEquals(expected.size(), got.size(), where + ": number of outputs");
    for (int o = 0; o < expected.size(); o++) {
      float[] e = expected.get(o);
      float[] g = got.get(o);
      assertEquals(e.length, g.length, where + ": elements of output " + o);
      double allowed = absolute + relative * largest(e);
      for (int i = 0; i < e.length; i++) {
        boolean same = Float.compare(e[i], g[i]) == 0;
        if (!same && !(Math.abs(e[i] - g[i]) <= allowed)) {
          throw new AssertionError(
              "%s: element %d of output %d is %s, the reference kernel gives %s; allowed are %s"
                  .formatted(where, i, o, g[i], e[i], allowed));
        }
      }
    }
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Float.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest;
    }
    return largest;
  }

  /** Asserts that two answers are the same bits. */
  static void assertSame(List<float[]> expected, List<float[]> got, String where) {
    assertEquals(expected.size(), got.size(), where);
    for (int o = 0; o < expected.size(); o++) {
      if (!Arrays.equals(expected.get(o), got.get(o))) {
        throw new AssertionError(
            where
                + ": output "
                + o
                + " is "
                + Arrays.toString(got.get(o))
                + ", expected "
                + Arrays.toString(expected.get(o)));
      }
    }
  }
}
