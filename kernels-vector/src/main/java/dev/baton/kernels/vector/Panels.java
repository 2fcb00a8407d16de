package dev.baton.kernels.vector;

import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Packer;
import dev.baton.runtime.kernel.Parallel;
import java.lang.foreign.MemorySegment;

/**
 * How the right side B (k, n) of a matrix product is packed: its columns in panels of 1 to 3
 * vectors, as even as can be, each panel (k, width) without gaps; lanes beyond n are undefined.
 */
final class Panels {
  final int n;
  final int k;
  private final int vectors;

  /** Number of panels. */
  final int count;

  Panels(int n, int k) {
    this.n = n;
    this.k = k;
    this.vectors = Math.ceilDiv(n, Lanes.COUNT);
    this.count = Math.ceilDiv(vectors, Tile.VECTORS);
  }

  /** First column of a panel; for {@link #count}, n rounded up to whole vectors. */
  int first(int panel) {
    return (int) ((long) panel * vectors / Math.max(count, 1)) * Lanes.COUNT;
  }

  /** Columns of a panel, a multiple of the lanes. */
  int width(int panel) {
    return first(panel + 1) - first(panel);
  }

  /** Bytes of all panels. */
  long byteSize() {
    return (long) k * vectors * Lanes.BYTES;
  }

  /**
   * Packs a constant B.
   *
   * @param transposed if it is (n, k) in memory
   */
  Packer packer(boolean transposed) {
    return new Packer() {
      @Override
      public String form() {
        return "panels of " + Lanes.COUNT + (transposed ? " of (n, k)" : " of (k, n)");
      }

      @Override
      public long byteSize() {
        return Panels.this.byteSize();
      }

      @Override
      public void pack(Operand constant, MemorySegment into, Parallel parallel) {
        long from = constant.data().address();
        long to = into.address();
        parallel.run(
            count,
            (panel, worker) -> {
              long at = to + 4L * k * first(panel);
              if (transposed) {
                fillTransposed(from, at, 0, k, panel);
              } else {
                fill(from, at, 0, k, panel);
              }
            });
      }
    };
  }

  /** Writes rows k0 … k0 + kn of a panel, of B (k, n) in memory. */
  void fill(long from, long to, int k0, int kn, int panel) {
    fill(from, n, to, k0, kn, panel);
  }

  /**
   * @param pitch elements from one row of B to the next
   */
  void fill(long from, long pitch, long to, int k0, int kn, int panel) {
    int first = first(panel);
    int width = width(panel);
    int inside = Math.min(width, n - first);
    for (int i = 0; i < kn; i++) {
      Lanes.copy(from + 4 * ((k0 + i) * pitch + first), to + 4L * i * width, inside);
    }
  }

  /** Writes rows k0 … k0 + kn of a panel, of B (n, k) in memory. */
  void fillTransposed(long from, long to, int k0, int kn, int panel) {
    fillTransposed(from, k, to, k0, kn, panel);
  }

  /**
   * @param pitch elements from one row of (n, k) to the next
   */
  void fillTransposed(long from, long pitch, long to, int k0, int kn, int panel) {
    int first = first(panel);
    int width = width(panel);
    int inside = Math.min(width, n - first);
    for (int j = 0; j < inside; j++) {
      long source = from + 4 * ((first + j) * pitch + k0);
      long target = to + 4L * j;
      for (int i = 0; i < kn; i++) {
        Lanes.set(target + 4L * i * width, Lanes.get(source + 4L * i));
      }
    }
  }
}
