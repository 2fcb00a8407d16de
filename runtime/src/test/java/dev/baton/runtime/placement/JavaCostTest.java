package dev.baton.runtime.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.KernelProvider;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.Step;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JavaCostTest {
  private final Graph.Builder builder = new Graph.Builder();

  private static TensorType floats(int... sizes) {
    return TensorType.of(DType.FLOAT, sizes);
  }

  private Value node(String name, TensorType type, Argument... arguments) {
    return builder
        .node(Operators.get(name), List.of(arguments), List.of(type), Origin.HOST)
        .result();
  }

  private double nanos(Kernels kernels, Value result) {
    Graph graph = builder.build(List.of(result));
    return new JavaCost(graph, kernels).nanos(graph.nodes());
  }

  /** Has a faster kernel for products and nothing else. */
  private static final class FastProducts implements KernelProvider, FastKernel {
    @Override
    public String name() {
      return "fast";
    }

    @Override
    public @Nullable FastKernel faster(String operator) {
      return operator.equals("aten::mm") ? this : null;
    }

    @Override
    public boolean supports(Call call) {
      return true;
    }

    @Override
    public Step bind(BoundCall call) {
      throw new UnsupportedOperationException();
    }
  }

  @Test
  void theProviderDecides() {
    Value x = builder.input(floats(64, 64));
    Value product = node("aten::mm", floats(64, 64), x, x);
    Kernels fast = Kernels.of(List.of(new FastProducts()));
    double slow = nanos(Kernels.reference(), product);
    assertTrue(nanos(fast, product) < slow / 3);
    Value sum = node("aten::add.Tensor", floats(64, 64), x, x, Argument.of(1));
    assertEquals(nanos(Kernels.reference(), sum), nanos(fast, sum));
  }

  @Test
  void otherSizesOfTheSameBytesAreFree() {
    Value x = builder.input(floats(64, 64));
    assertEquals(
        0, nanos(Kernels.reference(), node("aten::view_copy", floats(4096), x, Argument.ints(-1))));
  }

  private Value quantize(String direction, TensorType type, Value of) {
    return node(
        "quantized_decomposed::" + direction + "quantize_per_tensor",
        type,
        of,
        Argument.of(0.1),
        Argument.of(0),
        Argument.of(-128),
        Argument.of(127),
        Argument.of(DType.INT8.code()));
  }

  @Test
  void aQuantizedGroupIsOneStep() {
    TensorType integers = TensorType.of(DType.INT8, 256, 16);
    Value x = builder.input(integers);
    Value y = builder.input(integers);
    Value left = quantize("de", floats(256, 16), x);
    Value right = quantize("de", floats(256, 16), y);
    Value sum = node("aten::add.Tensor", floats(256, 16), left, right, Argument.of(1));
    Value result = quantize("", integers, sum);
    Graph graph = builder.build(List.of(result));
    JavaCost cost = new JavaCost(graph, Kernels.reference());
    double apart = graph.nodes().stream().mapToDouble(n -> cost.nanos(List.<Node>of(n))).sum();
    assertTrue(cost.nanos(graph.nodes()) < 0.75 * apart);
    assertTrue(cost.nanos(graph.nodes()) > apart / 8);
  }
}
