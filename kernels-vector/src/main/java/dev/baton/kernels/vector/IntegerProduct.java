package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static dev.baton.kernels.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.baton.runtime.kernel.Parallel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.jspecify.annotations.Nullable;

/**
 * C (m, n) = A (m, k) · B (k, n) of integers, on the tiles of float32. A is int8 in rows without
 * gaps; parts of it are widened where they are used, B is given widened.
 *
 * <p>Numbers without their zero points are of 9 bits at most, with sign, so that sums of 256
 * products are less than 2²⁴: exact in float32, in any order. Longer sums are sums of such ones, as
 * integers; or as numbers, each by its scale, if the weights have one for each group.
 */
final class IntegerProduct {
  /** Products that are summed in float32, at most. */
  static final int DEPTH = 256;

  /** Scales of groups: of (groups, n rounded up to whole vectors). */
  @SuppressWarnings("ArrayRecordComponent")
  record Groups(int size, float[] scales) {}

  final Gemm shape;
  final Parallel parallel;
  private final Requantizer results;
  private final @Nullable Groups groups;
  private final int depth;
  private final int width;
  private final boolean several;
  private final long blockBytes;

  /**
   * @param products how many products of these sizes make up the step
   */
  IntegerProduct(
      int m,
      int n,
      int k,
      int products,
      Parallel parallel,
      Gemm.Keeps keeps,
      Requantizer results,
      @Nullable Groups groups) {
    this.shape = new Gemm(m, n, k, products, parallel.threads(), keeps);
    this.parallel = parallel;
    this.results = results;
    this.groups = groups;
    this.depth = groups == null ? DEPTH : groups.size;
    this.width = shape.panelsOfTask * Tile.VECTORS * Lanes.COUNT;
    this.several = k > depth;
    this.blockBytes = 4L * Math.min(k, depth) * width + Lanes.BYTES;
  }

  /** Bytes that a worker needs: a block of B, four rows of A and of C, and all sums of a task. */
  long scratchBytes() {
    long rows = 4L * Tile.ROWS * (Math.min(shape.k, depth) + Lanes.COUNT + width);
    long sums = several ? 4L * shape.rowsOfTask * width : 0;
    return (blockBytes + rows + sums + 63) & -64;
  }

  /**
   * Computes a task of a product.
   *
   * @param a address of A
   * @param zeroPoints of the rows of A, or one
   * @param scratch of this worker
   * @param row of C's first row in the result of the step, and in the zero points
   * @param element index of C's first element there
   */
  void run(
      int task,
      int worker,
      long a,
      int[] zeroPoints,
      Gemm.Source b,
      long scratch,
      int row,
      long element) {
    Panels panels = shape.panels;
    int k = shape.k;
    int rowFrom = shape.firstRow(task);
    int rowTo = Math.min(shape.m, rowFrom + shape.rowsOfTask);
    int panelFrom = shape.firstPanel(task);
    int panelTo = Math.min(panels.count, panelFrom + shape.panelsOfTask);
    int first = panels.first(panelFrom);
    int columns = Math.min(panels.n, panels.first(panelTo)) - first;
    int pitch = Math.min(k, depth) + Lanes.COUNT;
    long wide = scratch + blockBytes;
    long c = wide + 4L * Tile.ROWS * pitch;
    long sums = c + 4L * Tile.ROWS * width;
    for (int k0 = 0, block = 0; k0 < k; k0 += depth, block++) {
      int kn = Math.min(depth, k - k0);
      for (int p = panelFrom; p < panelTo; p++) {
        b.fill(scratch + 4L * kn * (panels.first(p) - first), k0, kn, p, worker);
      }
      boolean last = k0 + kn == k;
      for (int r = rowFrom; r < rowTo; r += Tile.ROWS) {
        int rows = Math.min(Tile.ROWS, rowTo - r);
        for (int i = 0; i < rows; i++) {
          long from = a + (long) (r + i) * k + k0;
          ByteLanes.widen(
              from,
              wide + 4L * i * pitch,
              kn,
              zeroPoints[zeroPoints.length == 1 ? 0 : row + r + i]);
          Lanes.fill(c + 4L * i * width, width, 0);
        }
        tiles(panelFrom, panelTo, first, rows, wide, 4L * pitch, scratch, kn, c);
        for (int i = 0; i < rows; i++) {
          long part = c + 4L * i * width;
          long before = several ? sums + 4L * (r + i - rowFrom) * width : 0;
          long at = (long) (r + i) * panels.n + first;
          if (groups != null) {
            scale(
                part,
                before,
                columns,
                groups.scales,
                (int) (block * scalesOfGroup()) + first,
                k0 == 0);
            if (last) {
              results.run(several ? before : part, 0, columns, row + r + i, first, element + at);
            }
          } else if (last) {
            results.run(part, k0 == 0 ? 0 : before, columns, row + r + i, first, element + at);
          } else {
            sum(part, before, columns, k0 == 0);
          }
        }
      }
    }
  }

  private long scalesOfGroup() {
    return (long) Math.ceilDiv(shape.panels.n, Lanes.COUNT) * Lanes.COUNT;
  }

  private void tiles(
      int panelFrom,
      int panelTo,
      int first,
      int rows,
      long a,
      long aPitch,
      long b,
      int kn,
      long c) {
    Panels panels = shape.panels;
    long a1 = a + Math.min(1, rows - 1) * aPitch;
    long a2 = a + Math.min(2, rows - 1) * aPitch;
    long a3 = a + (rows - 1) * aPitch;
    long cPitch = 4L * width;
    for (int p = panelFrom; p < panelTo; p++) {
      long at = 4L * (panels.first(p) - first);
      long to = c + at;
      Tile.run(
          panels.width(p) / Lanes.COUNT,
          a,
          a1,
          a2,
          a3,
          b + at * kn,
          kn,
          to,
          to + Math.min(1, rows - 1) * cPitch,
          to + Math.min(2, rows - 1) * cPitch,
          to + (rows - 1) * cPitch);
    }
  }

  private static void sum(long part, long sums, int n, boolean first) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      IntVector x = ByteLanes.toInts(fromMemorySegment(SPECIES, ALL, part + 4L * i, LITTLE_ENDIAN));
      ByteLanes.storeInts(first ? x : x.add(ByteLanes.intsAt(sums + 4L * i)), sums + 4L * i);
    }
  }

  /** Adds a group's sums by their scales; in place, if there is but one group. */
  private static void scale(long part, long sums, int n, float[] scales, int scale, boolean first) {
    long to = sums == 0 ? part : sums;
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector factor = FloatVector.fromArray(Lanes.SPECIES, scales, scale + i);
      FloatVector x = fromMemorySegment(SPECIES, ALL, part + 4L * i, LITTLE_ENDIAN).mul(factor);
      (first ? broadcast(SPECIES, 0f) : fromMemorySegment(SPECIES, ALL, to + 4L * i, LITTLE_ENDIAN))
          .add(x)
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
    }
  }
}
