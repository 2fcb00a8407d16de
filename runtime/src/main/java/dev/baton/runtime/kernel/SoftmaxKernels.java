package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** SoftmaxKernels and its logarithm over one dimension; sums in double. */
final class SoftmaxKernels {
  private SoftmaxKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::_softmax", "aten::softmax.int", "aten::_safe_softmax" ->
          new Plain(
              SoftmaxKernels::infer,
              call -> bind(call, operator.equals("aten::_safe_softmax"), false),
              "self");
      case "aten::_log_softmax", "aten::log_softmax.int" ->
          new Plain(SoftmaxKernels::infer, call -> bind(call, false, true), "self");
      default -> null;
    };
  }

  private static List<TensorType> infer(Call call) {
    TensorType self = call.type("self");
    Dims.wrap(call.integer("dim"), self.shape().rank());
    DType dtype = self.dtype();
    if (call.node().name().endsWith("softmax.int")
        || call.node().name().equals("aten::_safe_softmax")) {
      dtype = Dims.dtype(call, dtype);
    } else if (call.bool("half_to_float")) {
      dtype = DType.FLOAT;
    }
    if (!dtype.isFloatingPoint()) {
      throw new KernelException("expected a real tensor, not " + Promotion.name(dtype));
    }
    return List.of(new TensorType(dtype, self.shape(), false));
  }

  private static Step bind(BoundCall call, boolean safe, boolean logarithm) {
    Operand self = call.input("self");
    int dim = Dims.wrap(call.integer("dim"), self.shape().rank());
    Reduction rows = Reduction.over(self.shape(), dim);
    int n = Math.toIntExact(rows.count);
    double[] row = call.doubles(n);
    Rows in = new Rows(self, call.output(0).dtype());
    Rows out = new Rows(call.output(0));
    return () -> {
      for (long r = 0; r < rows.groups; r++) {
        long first = rows.first(r);
        in.load(first, rows.stride(), n, row, 0);
        if (logarithm) {
          logSoftmax(row);
        } else {
          softmax(row, n, safe);
        }
        out.store(first, rows.stride(), n, row);
      }
    };
  }

  /** Of the first {@code n} elements; a row of −∞ only is NaN, or 0 if {@code safe}. */
  static void softmax(double[] row, int n, boolean safe) {
    double max = max(row, n);
    if (safe && max == Double.NEGATIVE_INFINITY) {
      java.util.Arrays.fill(row, 0, n, 0);
      return;
    }
    double sum = 0;
    for (int i = 0; i < n; i++) {
      row[i] = StrictMath.exp(row[i] - max);
      sum += row[i];
    }
    for (int i = 0; i < n; i++) {
      row[i] /= sum;
    }
  }

  private static void logSoftmax(double[] row) {
    double max = max(row, row.length);
    double sum = 0;
    for (double x : row) {
      sum += StrictMath.exp(x - max);
    }
    double log = StrictMath.log(sum);
    for (int i = 0; i < row.length; i++) {
      row[i] = row[i] - max - log;
    }
  }

  private static double max(double[] row, int n) {
    double max = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, row[i]);
    }
    return max;
  }
}
