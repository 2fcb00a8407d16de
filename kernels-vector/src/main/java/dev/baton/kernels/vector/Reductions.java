package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static dev.baton.kernels.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.baton.graph.DType;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.Dims;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.Step;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
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
    long result = to + 4 * at;
    long mean = Scratch.vector();
    switch (this) {
      case SUM -> ColumnLoops.sum(from, n, pitch, some, result);
      case MEAN -> {
        ColumnLoops.sum(from, n, pitch, some, result);
        divide(result, some, divisor);
      }
      case MAX -> ColumnLoops.max(from, n, pitch, some, result);
      case MIN -> ColumnLoops.min(from, n, pitch, some, result);
      case NORM -> {
        Lanes.fill(mean, Lanes.COUNT, 0);
        ColumnLoops.squares(from, n, pitch, some, mean, result);
        roots(result, some);
      }
      case VARIANCE, DEVIATION, VARIANCE_MEAN -> {
        ColumnLoops.sum(from, n, pitch, some, mean);
        divide(mean, some, n);
        if (means != 0) {
          Lanes.copyElements(mean, means + 4 * at, some);
        }
        ColumnLoops.squares(from, n, pitch, some, mean, result);
        divide(result, some, divisor);
        if (this == DEVIATION) {
          roots(result, some);
        }
      }
    }
  }

  private static void divide(long at, int n, float divisor) {
    for (int i = 0; i < n; i++) {
      Lanes.set(at + 4L * i, Lanes.get(at + 4L * i) / divisor);
    }
  }

  private static void roots(long at, int n) {
    for (int i = 0; i < n; i++) {
      Lanes.set(at + 4L * i, (float) Math.sqrt(Lanes.get(at + 4L * i)));
    }
  }

  /** Loops down the columns of one vector, of which they write {@code some} results. */
  private static final class ColumnLoops {
    private ColumnLoops() {}

    static void sum(long from, int n, int pitch, int some, long to) {
      VectorMask<Float> mask = Lanes.first(some);
      FloatVector sum = broadcast(SPECIES, 0f);
      for (int b = 0; b < n; b += BLOCK) {
        FloatVector s = broadcast(SPECIES, 0f);
        for (int i = b; i < Math.min(n, b + BLOCK); i++) {
          s = s.add(fromMemorySegment(SPECIES, ALL, from + 4L * i * pitch, LITTLE_ENDIAN, mask));
        }
        sum = sum.add(s);
      }
      sum.intoMemorySegment(ALL, to, LITTLE_ENDIAN, mask);
    }

    /** Σ (x − mean)². */
    static void squares(long from, int n, int pitch, int some, long mean, long to) {
      VectorMask<Float> mask = Lanes.first(some);
      FloatVector m = fromMemorySegment(SPECIES, ALL, mean, LITTLE_ENDIAN, mask);
      FloatVector sum = broadcast(SPECIES, 0f);
      for (int b = 0; b < n; b += BLOCK) {
        FloatVector s = broadcast(SPECIES, 0f);
        for (int i = b; i < Math.min(n, b + BLOCK); i++) {
          FloatVector d =
              fromMemorySegment(SPECIES, ALL, from + 4L * i * pitch, LITTLE_ENDIAN, mask).sub(m);
          s = d.fma(d, s);
        }
        sum = sum.add(s);
      }
      sum.intoMemorySegment(ALL, to, LITTLE_ENDIAN, mask);
    }

    static void max(long from, int n, int pitch, int some, long to) {
      VectorMask<Float> mask = Lanes.first(some);
      FloatVector s = broadcast(SPECIES, Float.NEGATIVE_INFINITY);
      for (int i = 0; i < n; i++) {
        s = s.max(fromMemorySegment(SPECIES, ALL, from + 4L * i * pitch, LITTLE_ENDIAN, mask));
      }
      s.intoMemorySegment(ALL, to, LITTLE_ENDIAN, mask);
    }

    static void min(long from, int n, int pitch, int some, long to) {
      VectorMask<Float> mask = Lanes.first(some);
      FloatVector s = broadcast(SPECIES, Float.POSITIVE_INFINITY);
      for (int i = 0; i < n; i++) {
        s = s.min(fromMemorySegment(SPECIES, ALL, from + 4L * i * pitch, LITTLE_ENDIAN, mask));
      }
      s.intoMemorySegment(ALL, to, LITTLE_ENDIAN, mask);
    }
  }
}
