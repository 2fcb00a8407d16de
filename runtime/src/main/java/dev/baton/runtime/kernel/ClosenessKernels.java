package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code allclose}: whether two tensors agree, |a − b| ≤ atol + rtol · |b|, as a bool tensor. */
final class ClosenessKernels {
  private ClosenessKernels() {}

  static @Nullable Kernel find(String operator) {
    return operator.equals("aten::allclose.Tensor")
        ? new Plain(ClosenessKernels::infer, ClosenessKernels::bind)
        : null;
  }

  private static List<TensorType> infer(Call call) {
    TensorType self = call.type("self");
    TensorType other = call.type("other");
    if (!self.equals(other)) {
      throw new KernelException("expected two tensors of one type, not " + self + ", " + other);
    }
    return Dims.one(DType.BOOL, 1);
  }

  private static Step bind(BoundCall call) {
    Elements a = Elements.of(call.input("self"));
    Elements b = Elements.of(call.input("other"));
    Elements out = Elements.of(call.output(0));
    long n = call.shape("self").numel();
    boolean real = call.type("self").dtype().isFloatingPoint();
    double rtol = call.number("rtol");
    double atol = call.number("atol");
    boolean equalNan = call.bool("equal_nan");
    return () -> {
      boolean close = true;
      for (long i = 0; i < n && close; i++) {
        double x = a.getDouble(i);
        double y = b.getDouble(i);
        close =
            real
                ? x == y
                    || (equalNan && Double.isNaN(x) && Double.isNaN(y))
                    || (Double.isFinite(x - y) && Math.abs(x - y) <= atol + Math.abs(rtol * y))
                : a.getLong(i) == b.getLong(i) || Math.abs(x - y) <= atol + Math.abs(rtol * y);
      }
      out.setLong(0, close ? 1 : 0);
    };
  }
}
