package dev.baton.kernels.vector;

import dev.baton.graph.DType;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.Dims;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.Step;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * Reductions of float32 over dimensions that follow each other: (outer, length, inner) to (outer,
 * inner). Vectors lie along the length where that is last, else along inner.
 */
enum Reductions implements FastKernel {
  SUM,
  MEAN,
  MAX,
  MIN,
  NORM,
  VARIANCE,
  DEVIATION,
  VARIANCE_MEAN;

  /** Elements that are summed before their sum is added to that of those before. */
  private static final int BLOCK = 256;

  static @Nullable FastKernel find(String operator) {
    return switch (operator) {
      case "aten::sum.dim_IntList" -> SUM;
      case "aten::mean.dim", "aten::mean" -> MEAN;
      case "aten::amax" -> MAX;
      case "aten::amin" -> MIN;
      case "aten::linalg_vector_norm" -> NORM;
      case "aten::var.correction" -> VARIANCE;
      case "aten::std.correction" -> DEVIATION;
      case "aten::var_mean.correction" -> VARIANCE_MEAN;
      default -> null;
    };
  }

  @Override
  public boolean supports(Call call) {
    boolean cast =
        switch (this) {
          case SUM, MEAN, NORM ->
              !call.isNone("dtype") && call.integer("dtype") != DType.FLOAT.code();
          default -> false;
        };
    return call.type("self").dtype() == DType.FLOAT
        && !cast
        && (this != NORM || call.number("ord") == 2)
        && Extent.of(call) != null;
  }

  /** The three dimensions of a reduction. */
  private record Extent(long outer, int length, int inner) {
    /** Null if there are none, or nothing in them. */
    static @Nullable Extent of(Call call) {
      int rank = call.shape("self").rank();
      boolean all =
          call.node().name().equals("aten::mean")
              || call.isNone("dim")
              || call.integers("dim").length == 0;
      boolean[] reduced = new boolean[rank];
      Arrays.fill(reduced, all);
      for (long dim : all || rank == 0 ? new long[0] : call.integers("dim")) {
        reduced[Dims.wrap(dim, rank)] = true;
      }
      long[] sizes = {1, 1, 1};
      int part = 0;
      for (int d = 0; d < rank; d++) {
        int size = call.shape("self").size(d);
        if (size == 1) {
          continue;
        }
        if (reduced[d]) {
          if (part == 2) {
            return null;
          }
          part = 1;
        } else if (part == 1) {
          part = 2;
        }
        sizes[part] *= size;
      }
      return sizes[0] * sizes[1] * sizes[2] == 0
              || sizes[1] > Integer.MAX_VALUE
              || sizes[2] > Integer.MAX_VALUE
          ? null
          : new Extent(sizes[0], (int) sizes[1], (int) sizes[2]);
    }
  }

  @Override
  public Step bind(BoundCall call) {
    Extent extent = Extent.of(call);
    if (extent == null) {
      throw new IllegalStateException(call.node() + " is not supported");
    }
    int n = extent.length;
    int inner = extent.inner;
    long from = call.input("self").data().address();
    long to = call.output(0).data().address();
    long means = this == VARIANCE_MEAN ? call.output(1).data().address() : 0;
    float divisor =
        switch (this) {
          case MEAN -> n;
          case VARIANCE, DEVIATION, VARIANCE_MEAN ->
              (float) Math.max(0, n - (call.isNone("correction") ? 1 : call.number("correction")));
          default -> 1;
        };
    if (inner == 1) {
      return Rows.step(
          call, extent.outer, n, row -> row(from + 4 * row * n, n, divisor, to, means, row));
    }
    int columns = Math.ceilDiv(inner, Lanes.COUNT);
    return Rows.step(
        call,
        extent.outer * columns,
        n * Lanes.COUNT,
        part -> {
          int column = (int) (part % columns) * Lanes.COUNT;
          long outer = part / columns;
          columns(
              from + 4 * (outer * n * inner + column),
              n,
              inner,
              Math.min(Lanes.COUNT, inner - column),
              divisor,
              to,
              means,
              outer * inner + column);
        });
  }

  private void row(long from, int n, float divisor, long to, long means, long at) {
    float result =
        switch (this) {
          case SUM -> RowLoops.sum(from, n);
          case MEAN -> RowLoops.sum(from, n) / divisor;
          case MAX -> RowLoops.max(from, n);
          case MIN -> RowLoops.min(from, n);
          case NORM -> (float) Math.sqrt(RowLoops.squares(from, n, 0));
          case VARIANCE, DEVIATION, VARIANCE_MEAN -> {
            float mean = RowLoops.sum(from, n) / n;
            if (means != 0) {
              Lanes.set(means + 4 * at, mean);
            }
            float variance = RowLoops.squares(from, n, mean) / divisor;
            yield this == DEVIATION ? (float) Math.sqrt(variance) : variance;
          }
        };
    Lanes.set(to + 4 * at, result);
  }

  /** A vector of results, of which {@code some} lanes are asked for. */
  private void columns(
      long from, int n, int pitch, int some, float divisor, long to, long means, long at) {
    switch (this) {
      case SUM -> Lanes.store(ColumnLoops.sum(from, n, pitch, some), to + 4 * at, some);
      case MEAN ->
          Lanes.store(ColumnLoops.sum(from, n, pitch, some).div(divisor), to + 4 * at, some);
      case MAX -> Lanes.store(ColumnLoops.max(from, n, pitch, some), to + 4 * at, some);
      case MIN -> Lanes.store(ColumnLoops.min(from, n, pitch, some), to + 4 * at, some);
      case NORM ->
          Lanes.store(
              ColumnLoops.squares(from, n, pitch, some, Lanes.splat(0f)).sqrt(), to + 4 * at, some);
      case VARIANCE, DEVIATION, VARIANCE_MEAN -> {
        FloatVector mean = ColumnLoops.sum(from, n, pitch, some).div(n);
        if (means != 0) {
          Lanes.store(mean, means + 4 * at, some);
        }
        FloatVector variance = ColumnLoops.squares(from, n, pitch, some, mean).div(divisor);
        Lanes.store(this == DEVIATION ? variance.sqrt() : variance, to + 4 * at, some);
      }
    }
  }

  /** Loops down the columns of one vector. */
  private static final class ColumnLoops {
    private ColumnLoops() {}

    static FloatVector sum(long from, int n, int pitch, int some) {
      FloatVector sum = Lanes.splat(0f);
      for (int b = 0; b < n; b += BLOCK) {
        FloatVector s = Lanes.splat(0f);
        for (int i = b; i < Math.min(n, b + BLOCK); i++) {
          s = s.add(Lanes.load(from + 4L * i * pitch, some));
        }
        sum = sum.add(s);
      }
      return sum;
    }

    static FloatVector squares(long from, int n, int pitch, int some, FloatVector mean) {
      FloatVector sum = Lanes.splat(0f);
      for (int b = 0; b < n; b += BLOCK) {
        FloatVector s = Lanes.splat(0f);
        for (int i = b; i < Math.min(n, b + BLOCK); i++) {
          FloatVector d = Lanes.load(from + 4L * i * pitch, some).sub(mean);
          s = d.fma(d, s);
        }
        sum = sum.add(s);
      }
      return sum;
    }

    static FloatVector max(long from, int n, int pitch, int some) {
      FloatVector s = Lanes.splat(Float.NEGATIVE_INFINITY);
      for (int i = 0; i < n; i++) {
        s = s.max(Lanes.load(from + 4L * i * pitch, some));
      }
      return s;
    }

    static FloatVector min(long from, int n, int pitch, int some) {
      FloatVector s = Lanes.splat(Float.POSITIVE_INFINITY);
      for (int i = 0; i < n; i++) {
        s = s.min(Lanes.load(from + 4L * i * pitch, some));
      }
      return s;
    }
  }
}
