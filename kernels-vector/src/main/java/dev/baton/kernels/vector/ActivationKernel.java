package dev.baton.kernels.vector;

import dev.baton.graph.DType;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.Step;
import java.util.Set;

/** An {@link Activation} as an operator of its own. */
final class ActivationKernel implements FastKernel {
  static final Set<String> NAMES =
      Set.of(
          "aten::relu",
          "aten::relu6",
          "aten::hardtanh",
          "aten::clamp",
          "aten::leaky_relu",
          "aten::sigmoid",
          "aten::silu",
          "aten::tanh",
          "aten::gelu",
          "aten::hardswish",
          "aten::hardsigmoid",
          "aten::exp",
          "aten::log",
          "aten::elu",
          "aten::erf",
          "aten::abs",
          "aten::neg",
          "aten::sqrt",
          "aten::rsqrt",
          "aten::reciprocal",
          "aten::square",
          "aten::pow.Tensor_Scalar",
          "aten::add.Scalar",
          "aten::sub.Scalar",
          "aten::mul.Scalar",
          "aten::div.Scalar");

  @Override
  public boolean supports(Call call) {
    return call.type("self").dtype() == DType.FLOAT && Activation.of(call) != null;
  }

  @Override
  public boolean absorbs(Call call, java.util.List<Call> before, Call next) {
    return Activation.of(next) != null;
  }

  @Override
  public Step bind(BoundCall call) {
    Activation first = activation(call);
    Activation[] rest =
        call.absorbed().stream().map(ActivationKernel::activation).toArray(Activation[]::new);
    long from = call.input("self").data().address();
    long to = call.output(0).data().address();
    return Chunks.step(
        call,
        (at, n) -> {
          first.run(from + 4 * at, to + 4 * at, n);
          for (Activation next : rest) {
            next.run(to + 4 * at, to + 4 * at, n);
          }
        });
  }

  private static Activation activation(Call call) {
    Activation activation = Activation.of(call);
    if (activation == null) {
      throw new IllegalStateException(call.node() + " is not supported");
    }
    return activation;
  }
}
