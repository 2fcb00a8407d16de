package dev.baton.kernels.vector;

import dev.baton.graph.DType;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.Dims;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.Step;
import org.jspecify.annotations.Nullable;

/** Mean and sum over the last dimensions. */
record Mean(boolean divided) implements FastKernel {
  static @Nullable FastKernel find(String operator) {
    return switch (operator) {
      case "aten::mean.dim" -> new Mean(true);
      case "aten::sum.dim_IntList" -> new Mean(false);
      default -> null;
    };
  }

  @Override
  public boolean supports(Call call) {
    return call.type("self").dtype() == DType.FLOAT
        && (call.isNone("dtype") || call.integer("dtype") == DType.FLOAT.code())
        && length(call) > 0;
  }

  /** Elements that make up one of the result; −1 if they do not follow each other. */
  private static long length(Call call) {
    int rank = call.shape("self").rank();
    long[] dims = call.isNone("dim") ? new long[0] : call.integers("dim");
    boolean[] reduced = new boolean[rank];
    for (long dim : dims) {
      if (rank > 0) {
        reduced[Dims.wrap(dim, rank)] = true;
      }
    }
    long length = 1;
    for (int d = 0; d < rank; d++) {
      boolean here = dims.length == 0 || reduced[d];
      if (here) {
        length *= call.shape("self").size(d);
      } else if (length > 1 || (d > 0 && dims.length > 0 && reduced[d - 1])) {
        return -1;
      }
    }
    return length <= Integer.MAX_VALUE ? length : -1;
  }

  @Override
  public Step bind(BoundCall call) {
    int n = (int) length(call);
    long from = call.input("self").data().address();
    long to = call.output(0).data().address();
    return Rows.step(
        call,
        call.output(0).shape().numel(),
        n,
        row -> {
          float sum = RowLoops.sum(from + 4 * row * n, n);
          Lanes.set(to + 4 * row, divided ? sum / n : sum);
        });
  }
}
