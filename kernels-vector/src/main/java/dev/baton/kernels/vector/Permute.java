package dev.baton.kernels.vector;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.Dims;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.Step;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Permutations of float32: runs where the last dimension stays last, else matrices in blocks. */
final class Permute implements FastKernel {
  /** Rows and columns of a block of a transposed matrix: both sides stay in the first cache. */
  private static final int BLOCK = 32;

  static @Nullable FastKernel find(String operator) {
    return switch (operator) {
      case "aten::permute_copy", "aten::transpose_copy.int", "aten::t_copy" -> new Permute();
      default -> null;
    };
  }

  @Override
  public boolean supports(Call call) {
    Shape shape = call.shape("self");
    return call.type("self").dtype() == DType.FLOAT
        && shape.rank() > 1
        && shape.numel() <= Integer.MAX_VALUE; // no product of some of its sizes is more
  }

  private static int[] order(Call call) {
    int rank = call.shape("self").rank();
    int[] order = new int[rank];
    Arrays.setAll(order, d -> d);
    switch (call.node().name()) {
      case "aten::permute_copy" -> {
        long[] dims = call.integers("dims");
        Arrays.setAll(order, d -> Dims.wrap(dims[d], rank));
      }
      case "aten::t_copy" -> Arrays.setAll(order, d -> rank - 1 - d);
      default -> {
        int a = Dims.wrap(call.integer("dim0"), rank);
        int b = Dims.wrap(call.integer("dim1"), rank);
        order[a] = b;
        order[b] = a;
      }
    }
    return order;
  }

  @Override
  public Step bind(BoundCall call) {
    Shape shape = call.shape("self");
    if (shape.numel() == 0) {
      return () -> {};
    }
    long[] own = shape.contiguousStrides();
    int[] order = order(call);
    // The dimensions of the result, those of size 1 left out and neighbours that stay so joined.
    int[] sizes = new int[order.length];
    long[] strides = new long[order.length];
    int rank = 0;
    for (int dim : order) {
      int size = shape.size(dim);
      if (size == 1) {
        continue;
      }
      if (rank > 0
          && strides[rank - 1] == own[dim] * size
          && (long) sizes[rank - 1] * size <= Integer.MAX_VALUE) {
        sizes[rank - 1] *= size;
        strides[rank - 1] = own[dim];
      } else {
        sizes[rank] = size;
        strides[rank++] = own[dim];
      }
    }
    return new Bound(call, Arrays.copyOf(sizes, rank), Arrays.copyOf(strides, rank));
  }

  private static final class Bound implements Step, Parallel.Task {
    private final Parallel parallel;
    private final long from;
    private final long to;
    private final int[] sizes;
    private final long[] strides;

    /**
     * Dimensions of a part: the last one, and the one that lies closest together if that is not.
     */
    private final int last;

    private final int close;
    private final int parts;
    private final int partsOfTask;

    Bound(BoundCall call, int[] sizes, long[] strides) {
      this.parallel = call.parallel();
      this.from = call.input("self").data().address();
      this.to = call.output(0).data().address();
      this.sizes = sizes;
      this.strides = strides;
      this.last = sizes.length - 1;
      int nearest = last;
      for (int d = 0; d < sizes.length; d++) {
        nearest = strides[d] == 1 ? d : nearest;
      }
      this.close = nearest;
      int count = 1;
      for (int d = 0; d < last; d++) {
        count = Math.multiplyExact(count, d == close ? 1 : sizes[d]);
      }
      this.parts = count;
      long elements = last < 0 ? 1 : (long) sizes[last] * (close == last ? 1 : sizes[close]);
      this.partsOfTask = (int) Math.max(1, Chunks.SIZE / elements);
    }

    @Override
    public void run() {
      if (last < 0) {
        Lanes.set(to, Lanes.get(from));
      } else {
        parallel.run(Math.ceilDiv(parts, partsOfTask), this);
      }
    }

    @Override
    public void run(int task, int worker) {
      int end = (int) Math.min(parts, (task + 1L) * partsOfTask);
      for (int part = task * partsOfTask; part < end; part++) {
        move(part);
      }
    }

    private void move(int part) {
      long source = 0;
      long target = 0;
      long step = sizes[last];
      long closeStep = 0;
      for (int d = last - 1, rest = part; d >= 0; d--) {
        if (d == close) {
          closeStep = step;
        } else {
          source += rest % sizes[d] * strides[d];
          target += rest % sizes[d] * step;
          rest /= sizes[d];
        }
        step *= sizes[d];
      }
      long a = from + 4 * source;
      long b = to + 4 * target;
      if (close == last) {
        Lanes.copy(a, b, sizes[last]);
      } else {
        transpose(a, b, sizes[close], closeStep, sizes[last], strides[last]);
      }
    }

    /** b[i · row + j] = a[i + j · stride]. */
    private static void transpose(long a, long b, int rows, long row, int columns, long stride) {
      for (int i0 = 0; i0 < rows; i0 += BLOCK) {
        for (int j0 = 0; j0 < columns; j0 += BLOCK) {
          int i1 = Math.min(rows, i0 + BLOCK);
          int j1 = Math.min(columns, j0 + BLOCK);
          for (int i = i0; i < i1; i++) {
            for (int j = j0; j < j1; j++) {
              Lanes.set(b + 4 * (i * row + j), Lanes.get(a + 4 * (i + j * stride)));
            }
          }
        }
      }
    }
  }
}
