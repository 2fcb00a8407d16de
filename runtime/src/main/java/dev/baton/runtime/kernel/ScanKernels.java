package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.LongBinaryOperator;
import org.jspecify.annotations.Nullable;

/** Running sums, products and extremes along one dimension. */
final class ScanKernels {
  private ScanKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::cumsum" -> scan(0, Double::sum, Long::sum);
      case "aten::cumprod" -> scan(1, (a, b) -> a * b, (a, b) -> a * b);
      case "aten::cummax" -> new Plain(ScanKernels::inferExtremes, call -> extremes(call, true));
      case "aten::cummin" -> new Plain(ScanKernels::inferExtremes, call -> extremes(call, false));
      case "aten::logcumsumexp" ->
          new Plain(
              ScanKernels::inferReals,
              call -> bind(call, Double.NEGATIVE_INFINITY, Reals::logAddExp, Long::sum));
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
      BoundCall call, double start, DoubleBinaryOperator reals, LongBinaryOperator integers) {
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
        long value = (long) start;
        long at = rows.first(r);
        for (long i = 0; i < rows.count; i++, at += stride) {
          value = integers.applyAsLong(value, in.getLong(at));
          out.setLong(at, value);
        }
      }
    };
  }

  private static List<TensorType> inferReals(Call call) {
    TensorType self = call.type("self");
    Dims.wrap(call.integer("dim"), self.shape().rank());
    if (!self.dtype().isFloatingPoint()) {
      throw new KernelException(
          "a tensor of real numbers is expected, not " + Promotion.name(self.dtype()));
    }
    return List.of(self);
  }

  private static List<TensorType> inferExtremes(Call call) {
    TensorType self = call.type("self");
    Dims.wrap(call.integer("dim"), self.shape().rank());
    return List.of(self, new TensorType(DType.INT64, self.shape(), false));
  }

  /**
   * The greatest or the least until each element, and where it was last; NaN from the first one on.
   *
   * @param largest true for the greatest, false for the least
   */
  private static Step extremes(BoundCall call, boolean largest) {
    Operand self = call.input("self");
    int dim = Dims.wrap(call.integer("dim"), self.shape().rank());
    Reduction rows = Reduction.over(self.shape(), dim);
    Elements in = Elements.of(self);
    Elements out = Elements.of(call.output(0));
    Elements indices = Elements.of(call.output(1));
    boolean real = self.dtype().isFloatingPoint();
    long stride = rows.stride();
    return () -> {
      for (long r = 0; r < rows.groups; r++) {
        long at = rows.first(r);
        long best = 0;
        long bestAt = at;
        for (long i = 0; i < rows.count; i++, at += stride) {
          boolean better;
          if (real) {
            double value = in.getDouble(at);
            double known = in.getDouble(bestAt);
            better = Double.isNaN(value) || (largest ? value >= known : value <= known);
          } else {
            long value = in.getLong(at);
            long known = in.getLong(bestAt);
            better = largest ? value >= known : value <= known;
          }
          if (better) {
            best = i;
            bestAt = at;
          }
          if (real) {
            out.setDouble(at, in.getDouble(bestAt));
          } else {
            out.setLong(at, in.getLong(bestAt));
          }
          indices.setLong(at, best);
        }
      }
    };
  }
}
