package dev.baton.kernels.vector;

import org.jspecify.annotations.Nullable;

/**
 * C (m, n) = A (m, k) · B (k, n), then an {@link Epilogue}. A and C are rows without gaps, B is
 * packed before or block by block. Each element is summed in ascending k, whatever the tasks.
 *
 * <pre>
 *   for each task: some rows of C and some panels of B
 *     for each block of k                       packed B of a block stays in the second cache
 *       for each 4 rows
 *         for each panel                        4 rows of A stay in the first cache
 *           tile
 * </pre>
 */
final class Gemm {
  /** Rows of B in a block. */
  private static final int DEPTH = Caches.HOST.depth();

  /** Panels of a task, at most. */
  private static final int PANELS =
      (int) Math.max(1, Caches.HOST.block() / ((long) DEPTH * Tile.VECTORS * Lanes.BYTES));

  /** Tasks for each thread: one that is held up leaves the others something to do. */
  private static final int TASKS = 4;

  /** What a thread keeps from one step to the next: the side that is computed, not constant. */
  enum Keeps {
    ROWS,
    COLUMNS
  }

  /** Gives blocks of B that is not packed before. */
  interface Source {
    /** Writes rows k0 … k0 + kn of a panel, (kn, width), and what it likes of a vector more. */
    void fill(long to, int k0, int kn, int panel, int worker);
  }

  final int m;
  final int k;
  final Panels panels;
  final int rowsOfTask;
  final int panelsOfTask;
  final int rowTasks;
  private final int columnTasks;
  private final Keeps keeps;

  /** Tasks of one product. */
  final int tasks;

  /**
   * True if several tasks need the same columns, so that B is best packed as a whole before: by
   * {@link #pack}, panel by panel, into {@link #packedBytes}.
   */
  final boolean packsFirst;

  /**
   * @param products how many products of these sizes make up the step
   * @param keeps whose tasks follow one another
   */
  Gemm(int m, int n, int k, int products, int threads, Keeps keeps) {
    this.keeps = keeps;
    this.m = m;
    this.k = k;
    this.panels = new Panels(n, k);
    int wanted = threads == 1 ? 1 : Math.ceilDiv(threads * TASKS, products);
    int columns =
        Math.clamp(
            Math.max(wanted, Math.ceilDiv(panels.count, PANELS)), 1, Math.max(1, panels.count));
    this.panelsOfTask = Math.clamp(Math.ceilDiv(panels.count, columns), 1, PANELS);
    this.columnTasks = Math.ceilDiv(panels.count, panelsOfTask);
    int tiles = Math.ceilDiv(m, Tile.ROWS);
    int rows =
        Math.clamp(Math.ceilDiv(wanted, Math.max(1, columnTasks)), 1, Math.max(1, tiles / 4));
    this.rowsOfTask = Math.max(1, Math.ceilDiv(tiles, rows)) * Tile.ROWS;
    this.rowTasks = Math.ceilDiv(m, rowsOfTask);
    this.tasks = rowTasks * columnTasks;
    this.packsFirst = rowTasks > 1 && products == 1;
  }

  /** The first row of a task. */
  int firstRow(int task) {
    return (keeps == Keeps.ROWS ? task / columnTasks : task % rowTasks) * rowsOfTask;
  }

  /** The first panel of a task. */
  int firstPanel(int task) {
    return (keeps == Keeps.ROWS ? task % columnTasks : task / rowTasks) * panelsOfTask;
  }

  /** Bytes of all of B packed by {@link #pack}; 0 if that is not to be done. */
  long packedBytes() {
    return packsFirst ? panels.byteSize() + (long) panels.count * Lanes.BYTES : 0;
  }

  /** Packs a panel; a source may write a vector beyond it, which belongs to no other panel. */
  void pack(Source source, long packed, int panel, int worker) {
    source.fill(packed + 4L * k * panels.first(panel) + gap(panel), 0, k, panel, worker);
  }

  private static long gap(int panel) {
    return (long) panel * Lanes.BYTES;
  }

  /** Bytes that a worker needs: a block of B, and the part of C that is wider than n. */
  long scratchBytes() {
    return blockBytes() + (long) rowsOfTask * Tile.VECTORS * Lanes.BYTES;
  }

  private long blockBytes() {
    return (long) (Math.min(k, DEPTH) * panelsOfTask * Tile.VECTORS + 1) * Lanes.BYTES;
  }

  /**
   * Computes a task of a product.
   *
   * @param packed address of all panels, of a constant or by {@link #pack}; 0 if the task is to
   *     pack them
   * @param source of B; null if that is a constant
   * @param scratch of this worker
   * @param element index of C's first element in the result of the step, for the epilogue
   * @param row of C's first row there
   */
  void run(
      int task,
      int worker,
      long a,
      long packed,
      @Nullable Source source,
      long c,
      long scratch,
      Epilogue epilogue,
      long element,
      int row) {
    int rowFrom = firstRow(task);
    int rowTo = Math.min(m, rowFrom + rowsOfTask);
    int panelFrom = firstPanel(task);
    int panelTo = Math.min(panels.count, panelFrom + panelsOfTask);
    int firstColumn = panels.first(panelFrom);
    int n = panels.n;
    int columns = Math.min(n, panels.first(panelTo)) - firstColumn;
    int edge = panels.first(panelTo) > n ? panelTo - 1 : -1;
    long edgeC = scratch + blockBytes();
    for (int k0 = 0; k0 < k; k0 += DEPTH) {
      int kn = Math.min(DEPTH, k - k0);
      if (packed == 0 && source != null) {
        for (int p = panelFrom; p < panelTo; p++) {
          source.fill(scratch + 4L * kn * (panels.first(p) - firstColumn), k0, kn, p, worker);
        }
      }
      boolean last = k0 + kn == k;
      for (int r = rowFrom; r < rowTo; r += Tile.ROWS) {
        int r1 = Math.min(r + 1, rowTo - 1);
        int r2 = Math.min(r + 2, rowTo - 1);
        int r3 = Math.min(r + 3, rowTo - 1);
        long a0 = a + 4 * ((long) r * k + k0);
        long a1 = a + 4 * ((long) r1 * k + k0);
        long a2 = a + 4 * ((long) r2 * k + k0);
        long a3 = a + 4 * ((long) r3 * k + k0);
        for (int i = r; k0 == 0 && i <= r3; i++) {
          Lanes.fill(c + 4 * ((long) i * n + firstColumn), columns, 0);
          if (edge >= 0) {
            int width = panels.width(edge);
            Lanes.fill(edgeC + 4L * (i - rowFrom) * width, width, 0);
          }
        }
        for (int p = panelFrom; p < panelTo; p++) {
          int first = panels.first(p);
          int width = panels.width(p);
          long b =
              packed == 0
                  ? scratch + 4L * kn * (first - firstColumn)
                  : packed
                      + 4 * ((long) k * first + (long) k0 * width)
                      + (source == null ? 0 : gap(p));
          long base = p == edge ? edgeC - 4L * rowFrom * width : c + 4L * first;
          long pitch = 4L * (p == edge ? width : n);
          Tile.run(
              width / Lanes.COUNT,
              a0,
              a1,
              a2,
              a3,
              b,
              kn,
              base + r * pitch,
              base + r1 * pitch,
              base + r2 * pitch,
              base + r3 * pitch);
        }
        if (last) {
          for (int i = r; i <= r3; i++) {
            if (edge >= 0) {
              int first = panels.first(edge);
              int width = panels.width(edge);
              Lanes.copy(
                  edgeC + 4L * (i - rowFrom) * width, c + 4 * ((long) i * n + first), n - first);
            }
            long at = (long) i * n + firstColumn;
            epilogue.apply(c + 4 * at, columns, row + i, firstColumn, element + at);
          }
        }
      }
    }
  }
}
