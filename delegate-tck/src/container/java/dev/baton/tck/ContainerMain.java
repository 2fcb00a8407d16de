package dev.baton.tck;

import dev.baton.delegate.Availability;
import dev.baton.graph.DType;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Placement;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.tck.ProgramBuilder.Slot;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What runs inside a container: {@code relu(x · w + b)} with XNNPACK asked for and fallback
 * allowed, and a report of who ran it, one fact a line.
 */
public final class ContainerMain {
  private static final String DELEGATE = "xnnpack";
  private static final int IN = 64;
  private static final int OUT = 32;

  private ContainerMain() {}

  /** Prints {@code runner}, {@code reason}, {@code message}, {@code remedy}, {@code output}. */
  public static void main(String[] args) {
    LoadOptions options =
        LoadOptions.defaults()
            .withDelegates(List.of(DELEGATE))
            .withPolicy(FallbackPolicy.FALL_BACK);
    try (Program program = Program.of(program());
        ModelMethod method = ModelMethod.load(program, "forward", options);
        Execution execution = method.newExecution()) {
      execution.setInput(0, Tensor.fromBlob(input(), 1, IN));
      execution.run();
      Placement placement = method.placement();
      print(
          "runner",
          placement.operators().stream()
              .map(Placement.PlacedOperator::runner)
              .distinct()
              .collect(Collectors.joining(" ")));
      Availability availability = placement.unavailable().get(DELEGATE);
      if (availability != null) {
        print("reason", availability.reason().name());
        print("message", availability.message());
        print("remedy", availability.remedy());
      }
      print("output", Arrays.toString(execution.output(0).toTensor().getDataAsFloatArray()));
    }
  }

  private static void print(String fact, String value) {
    System.out.println(fact + ": " + value.replace('\n', ' '));
  }

  private static byte[] program() {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot x = m.input(DType.FLOAT, 1, IN);
              Slot w = m.constant(weights(), OUT, IN);
              Slot b = m.constant(bias(), OUT);
              Slot y = m.tensor(DType.FLOAT, 1, OUT);
              Slot z = m.tensor(DType.FLOAT, 1, OUT);
              m.kernel("aten::linear.out", x, w, b, y);
              m.kernel("aten::relu.out", y, z);
              m.output(z);
            })
        .toBytes();
  }

  /** Small integers: sums of their products are exact in any order. */
  private static float[] input() {
    float[] x = new float[IN];
    for (int i = 0; i < IN; i++) {
      x[i] = i % 7 - 3;
    }
    return x;
  }

  private static float[] weights() {
    float[] w = new float[OUT * IN];
    for (int i = 0; i < w.length; i++) {
      w[i] = i % 11 - 5;
    }
    return w;
  }

  private static float[] bias() {
    float[] b = new float[OUT];
    for (int i = 0; i < OUT; i++) {
      b[i] = i - 16;
    }
    return b;
  }

  /** The answer, computed without Baton. */
  static float[] golden() {
    float[] y = new float[OUT];
    for (int o = 0; o < OUT; o++) {
      float sum = bias()[o];
      for (int i = 0; i < IN; i++) {
        sum += input()[i] * weights()[o * IN + i];
      }
      y[o] = Math.max(sum, 0);
    }
    return y;
  }
}
