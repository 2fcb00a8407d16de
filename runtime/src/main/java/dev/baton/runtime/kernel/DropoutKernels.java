package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Dropout: the input, and a mask that keeps all of it; of a training model, what is kept is scaled,
 * and chosen by {@link RandomNumbers}.
 */
final class DropoutKernels {
  private DropoutKernels() {}

  static @Nullable Kernel find(String operator) {
    return operator.equals("aten::native_dropout")
        ? new Plain(DropoutKernels::infer, DropoutKernels::bind)
        : null;
  }

  private static List<TensorType> infer(Call call) {
    TensorType input = call.type("input");
    double p = call.number("p");
    if (!input.dtype().isFloatingPoint() || !(p >= 0 && p <= 1)) {
      throw new KernelException("no dropout of " + input + " with probability " + p);
    }
    return List.of(input, new TensorType(DType.BOOL, input.shape(), false));
  }

  private static Step bind(BoundCall call) {
    Operand input = call.input("input");
    Operand out = call.output(0);
    Operand mask = call.output(1);
    if (!call.isNone("train") && call.bool("train") && call.number("p") != 0) {
      return drop(call.number("p"), input, out, mask, call.random());
    }
    return () -> {
      out.data().copyFrom(input.data());
      mask.data().fill((byte) 1);
    };
  }

  private static Step drop(
      double p, Operand input, Operand out, Operand mask, RandomNumbers random) {
    Elements x = Elements.of(input);
    Elements y = Elements.of(out);
    Elements kept = Elements.of(mask);
    long n = input.shape().numel();
    return () -> {
      random.next();
      for (long i = 0; i < n; i++) {
        boolean keep = random.uniform(i, 53) >= p;
        kept.setLong(i, keep ? 1 : 0);
        y.setDouble(i, keep ? x.getDouble(i) / (1 - p) : 0);
      }
    };
  }
}
