package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** DropoutKernels of a model that is not training: the input, and a mask that keeps all of it. */
final class DropoutKernels {
  private DropoutKernels() {}

  static @Nullable Kernel find(String operator) {
    return operator.equals("aten::native_dropout")
        ? new Plain(DropoutKernels::infer, DropoutKernels::bind)
        : null;
  }

  private static List<TensorType> infer(Call call) {
    if (!call.isNone("train") && call.bool("train") && call.number("p") != 0) {
      throw new KernelException("expected dropout that is not training");
    }
    TensorType input = call.type("input");
    return List.of(input, new TensorType(DType.BOOL, input.shape(), false));
  }

  private static Step bind(BoundCall call) {
    Operand input = call.input("input");
    Operand out = call.output(0);
    Operand mask = call.output(1);
    return () -> {
      out.data().copyFrom(input.data());
      mask.data().fill((byte) 1);
    };
  }
}
