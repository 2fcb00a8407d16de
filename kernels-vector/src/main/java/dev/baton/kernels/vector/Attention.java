package dev.baton.kernels.vector;

import dev.baton.graph.DType;
import dev.baton.runtime.kernel.AttentionGeometry;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.Step;
import org.jspecify.annotations.Nullable;

/**
 * Scaled dot product attention of float32, a block of a head's queries after the other: only that
 * block's scores exist. Heads may share keys, and rows lie as they do in a cache.
 */
final class Attention implements FastKernel {
  /** Queries of a block. */
  private static final int BLOCK = 128;

  static @Nullable FastKernel find(String operator) {
    return switch (operator) {
      case "aten::scaled_dot_product_attention", "llama::custom_sdpa" -> new Attention();
      default -> null;
    };
  }

  @Override
  public boolean supports(Call call) {
    DType mask = call.isNone("attn_mask") ? DType.FLOAT : call.type("attn_mask").dtype();
    return call.type("query").dtype() == DType.FLOAT
        && call.type("key").dtype() == DType.FLOAT
        && call.type("value").dtype() == DType.FLOAT
        && (mask == DType.FLOAT || mask == DType.BOOL)
        && call.shape("query").size(-1) > 0
        && call.shape("key").numel() > 0
        && call.shape("value").numel() > 0;
  }

  @Override
  public Step bind(BoundCall call) {
    AttentionGeometry g = AttentionGeometry.of(call);
    if (g.out().shape().numel() == 0) {
      return () -> {};
    }
    return g.length() < Tile.ROWS ? new Single(call, g) : new Blocked(call, g);
  }

  /** What both forms have. */
  private abstract static class Heads implements Step, Parallel.Task {
    final AttentionGeometry g;
    final Parallel parallel;
    final long query;
    final long key;
    final long value;
    final long out;
    final int width;
    final int valueWidth;
    private final AttentionGeometry.@Nullable Mask mask;
    private final long maskAt;
    private final boolean bool;

    Heads(BoundCall call, AttentionGeometry g) {
      this.g = g;
      this.parallel = call.parallel();
      this.query = g.query().data().address();
      this.key = g.key().data().address();
      this.value = g.value().data().address();
      this.out = g.out().data().address();
      this.width = g.query().shape().size(-1);
      this.valueWidth = g.value().shape().size(-1);
      this.mask = g.mask();
      this.maskAt = mask == null ? 0 : mask.operand().data().address();
      this.bool = mask != null && mask.operand().dtype() == DType.BOOL;
    }

    /** Address of a head's row. */
    static long at(long base, AttentionGeometry.Heads heads, int head, long row) {
      return base + 4 * (heads.starts()[head] + row * heads.stride());
    }

    /** Keys that a query sees. */
    int seen(int row) {
      return g.first() < 0 ? g.count() : (int) Math.min(g.count(), g.first() + row + 1);
    }

    /** Masks the scores of a query and makes them weights. */
    void weigh(long scores, int head, int row, int seen) {
      if (mask != null) {
        mask(mask, scores, mask.starts()[head] + row * mask.rowStride(), seen);
      }
      Softmax.row(scores, scores, seen, true);
    }

    private void mask(AttentionGeometry.Mask mask, long scores, long first, int n) {
      if (!bool && mask.columnStride() == 1) {
        RowLoops.add(scores, maskAt + 4 * first, n);
      } else if (!bool) {
        RowLoops.affine(scores, scores, n, 1, Lanes.get(maskAt + 4 * first));
      } else {
        for (int i = 0; i < n; i++) {
          if (Lanes.getByte(maskAt + first + i * mask.columnStride()) == 0) {
            Lanes.set(scores + 4L * i, Float.NEGATIVE_INFINITY);
          }
        }
      }
    }
  }

  /** Few queries: each reads keys and values where they lie. */
  private static final class Single extends Heads {
    private final long scratch;
    private final long workerBytes;

    Single(BoundCall call, AttentionGeometry g) {
      super(call, g);
      this.workerBytes = (4L * g.count() + 63) & -64;
      this.scratch = call.scratch(workerBytes * parallel.threads()).address();
    }

    @Override
    public void run() {
      parallel.run(g.queries().starts().length * g.length(), this);
    }

    @Override
    public void run(int task, int worker) {
      int head = task / g.length();
      int row = task % g.length();
      int seen = seen(row);
      long scores = scratch + workerBytes * worker;
      long q = at(query, g.queries(), head, row);
      float scale = (float) g.scale();
      for (int s = 0; s < seen; s++) {
        Lanes.set(scores + 4L * s, scale * RowLoops.dot(q, at(key, g.keys(), head, s), width));
      }
      weigh(scores, head, row, seen);
      RowLoops.combine(
          scores,
          seen,
          at(value, g.values(), head, 0),
          g.values().stride(),
          at(out, g.outs(), head, row),
          valueWidth);
    }
  }

  /** Blocks of queries: two matrix products each. */
  private static final class Blocked extends Heads {
    private final int rows;
    private final int blocks;
    private final Gemm[] scoresOf;
    private final Gemm[] resultsOf;
    private final Gemm.Source keySource = this::fillKeys;
    private final Gemm.Source valueSource = this::fillValues;
    private final int[] current; // task of each worker
    private final long scratch;
    private final long gemmBytes;
    private final long queryBytes;
    private final long scoreBytes;
    private final long workerBytes;

    Blocked(BoundCall call, AttentionGeometry g) {
      super(call, g);
      this.rows = Math.min(BLOCK, g.length());
      this.blocks = Math.ceilDiv(g.length(), rows);
      this.scoresOf = new Gemm[blocks];
      this.resultsOf = new Gemm[blocks];
      long most = 0;
      for (int b = 0; b < blocks; b++) {
        int m = Math.min(rows, g.length() - b * rows);
        int n = seen(b * rows + m - 1);
        scoresOf[b] = new Gemm(m, n, width, 1, 1, Gemm.Keeps.ROWS);
        resultsOf[b] = new Gemm(m, valueWidth, n, 1, 1, Gemm.Keeps.ROWS);
        most = Math.max(most, scoresOf[b].scratchBytes());
        most = Math.max(most, resultsOf[b].scratchBytes());
      }
      this.current = new int[parallel.threads()];
      this.gemmBytes = (most + 63) & -64;
      this.queryBytes = (4L * rows * Math.max(width, valueWidth) + 63) & -64;
      this.scoreBytes = (4L * rows * g.count() + 63) & -64;
      this.workerBytes = gemmBytes + queryBytes + scoreBytes;
      this.scratch = call.scratch(workerBytes * parallel.threads()).address();
    }

    @Override
    public void run() {
      parallel.run(g.queries().starts().length * blocks, this);
    }

    private void fillKeys(long to, int k0, int kn, int panel, int worker) {
      int task = current[worker];
      long from = at(key, g.keys(), task / blocks, 0);
      scoresOf[task % blocks].panels.fillTransposed(from, g.keys().stride(), to, k0, kn, panel);
    }

    private void fillValues(long to, int k0, int kn, int panel, int worker) {
      int task = current[worker];
      long from = at(value, g.values(), task / blocks, 0);
      resultsOf[task % blocks].panels.fill(from, g.values().stride(), to, k0, kn, panel);
    }

    @Override
    public void run(int task, int worker) {
      current[worker] = task;
      int head = task / blocks;
      int block = task % blocks;
      long gemm = scratch + workerBytes * worker;
      long rowsAt = gemm + gemmBytes; // the queries, then the results
      long scores = rowsAt + queryBytes;
      int first = block * rows;
      int m = scoresOf[block].m;
      int n = resultsOf[block].k;
      for (int i = 0; i < m; i++) {
        RowLoops.affine(
            at(query, g.queries(), head, first + i),
            rowsAt + 4L * i * width,
            width,
            (float) g.scale(),
            0);
      }
      product(scoresOf[block], worker, rowsAt, keySource, scores, gemm);
      for (int i = 0; i < m; i++) {
        int seen = seen(first + i);
        long row = scores + 4L * i * n;
        weigh(row, head, first + i, seen);
        Lanes.fill(row + 4L * seen, n - seen, 0);
      }
      product(resultsOf[block], worker, scores, valueSource, rowsAt, gemm);
      for (int i = 0; i < m; i++) {
        Lanes.copy(rowsAt + 4L * i * valueWidth, at(out, g.outs(), head, first + i), valueWidth);
      }
    }

    private static void product(
        Gemm gemm, int worker, long a, Gemm.Source b, long c, long scratch) {
      for (int t = 0; t < gemm.tasks; t++) {
        gemm.run(t, worker, a, 0, b, c, scratch, Epilogue.NONE, 0, 0);
      }
    }
  }
}
