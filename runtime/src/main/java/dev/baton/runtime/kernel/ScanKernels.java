package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.LongBinaryOperator;
import org.jspecify.annotations.Nullable;

/** Running sums and products along one dimension. */
final class ScanKernels {
  private ScanKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::cumsum" -> scan(0, Double::sum, Long::sum);
      case "aten::cumprod" -> scan(1, (a, b) -> a * b, (a, b) -> a * b);
      default -> null;
    };
  }

  private static Kernel scan(int start, DoubleBinaryOperator reals, LongBinaryOperator integers) {
    return new Plain(ScanKernels::infer, call -> bind(call, start, reals, integers));
  }

  private static List<TensorType> infer(Call call) {
    TensorType self = call.type("self");
    Dims.wrap(call.integer("dim"), self.shape().rank());
    DType dtype = Dims.dtype(call, self.dtype().isFloatingPoint() ? self.dtype() : DType.INT64);
    return List.of(new TensorType(dtype, self.shape(), false));
  }

  private static Step bind(
      BoundCall call, int start, DoubleBinaryOperator reals, LongBinaryOperator integers) {
    Operand self = call.input("self");
    int dim = Dims.wrap(call.integer("dim"), self.shape().rank());
    Reduction rows = Reduction.over(self.shape(), dim);
    DType dtype = call.output(0).dtype();
    Elements in = Elements.as(self, dtype);
    Elements out = Elements.of(call.output(0));
    long stride = rows.stride();
    if (dtype.isFloatingPoint()) {
      return () -> {
        for (long r = 0; r < rows.groups; r++) {
          double value = start;
          long at = rows.first(r);
          for (long i = 0; i < rows.count; i++, at += stride) {
            value = reals.applyAsDouble(value, in.getDouble(at));
            out.setDouble(at, value);
          }
        }
      };
    }
    return () -> {
      for (long r = 0; r < rows.groups; r++) {
        long value = start;
        long at = rows.first(r);
        for (long i = 0; i < rows.count; i++, at += stride) {
          value = integers.applyAsLong(value, in.getLong(at));
          out.setLong(at, value);
        }
      }
    };
  }
}
