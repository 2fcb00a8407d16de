package dev.baton.kernels.vector;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.Dims;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.Step;
import org.jspecify.annotations.Nullable;

/** Softmax and its logarithm over the last dimension. */
final class Softmax implements FastKernel {
  static @Nullable FastKernel find(String operator) {
    return switch (operator) {
      case "aten::_softmax", "aten::softmax.int", "aten::_safe_softmax" -> new Softmax();
      case "aten::_log_softmax", "aten::log_softmax.int" -> new Softmax();
      default -> null;
    };
  }

  @Override
  public boolean supports(Call call) {
    Shape shape = call.shape("self");
    boolean cast =
        !call.node().name().equals("aten::_softmax")
            && !call.node().name().equals("aten::_log_softmax")
            && !call.isNone("dtype")
            && call.integer("dtype") != DType.FLOAT.code();
    return call.type("self").dtype() == DType.FLOAT
        && !cast
        && shape.rank() > 0
        && shape.size(-1) > 0
        && Dims.wrap(call.integer("dim"), shape.rank()) == shape.rank() - 1;
  }

  @Override
  public Step bind(BoundCall call) {
    boolean safe = call.node().name().equals("aten::_safe_softmax");
    boolean logarithm = call.node().name().contains("log_softmax");
    int n = call.shape("self").size(-1);
    long from = call.input("self").data().address();
    long to = call.output(0).data().address();
    return Rows.step(
        call,
        call.shape("self").numel() / n,
        n,
        logarithm
            ? row -> logarithms(from + 4 * row * n, to + 4 * row * n, n)
            : row -> row(from + 4 * row * n, to + 4 * row * n, n, safe));
  }

  private static void logarithms(long from, long to, int n) {
    float max = RowLoops.max(from, n);
    float sum = RowLoops.sumOfExponentials(from, n, max);
    RowLoops.minus(from, to, n, max, (float) Math.log(sum));
  }

  /** Rows of −∞ only are NaN, or 0 if {@code safe}. */
  static void row(long from, long to, int n, boolean safe) {
    float max = RowLoops.max(from, n);
    if (max == Float.NEGATIVE_INFINITY) {
      Lanes.fill(to, n, safe ? 0 : Float.NaN);
      return;
    }
    float sum = RowLoops.exponentials(from, to, n, max);
    RowLoops.affine(to, to, n, 1 / sum, 0);
  }
}
