package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static dev.baton.kernels.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.baton.runtime.kernel.Window;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/**
 * Copies of a channel's plane in which every tap of a window reads runs of neighbours: with its
 * padding written out, and one plane after the other for each phase of the stride. Element (y, x)
 * of the padded plane lies in phase (y mod sy, x mod sx) at (y / sy, x / sx).
 *
 * <p>A transposed convolution is one of stride 1 over its input spread out with zeros between.
 */
final class Planes {
  private final Window y;
  private final Window x;
  private final int strideY;
  private final int strideX;
  private final int paddingY;
  private final int paddingX;
  private final int spreadY;
  private final int spreadX;

  /** Elements from one row of a phase to the next. */
  final int pitch;

  private final int phase;

  /** Elements of all phases of a plane. */
  final int size;

  /** For each tap, the element that output position (0, 0) reads. */
  final int[] taps;

  Planes(Window y, Window x, boolean transposed) {
    this.y = y;
    this.x = x;
    this.strideY = transposed ? 1 : y.stride();
    this.strideX = transposed ? 1 : x.stride();
    this.spreadY = transposed ? y.stride() : 1;
    this.spreadX = transposed ? x.stride() : 1;
    this.paddingY = transposed ? y.dilation() * (y.kernel() - 1) - y.padding() : y.padding();
    this.paddingX = transposed ? x.dilation() * (x.kernel() - 1) - x.padding() : x.padding();
    int height = Math.ceilDiv(extent(y, strideY), strideY);
    this.pitch = Math.ceilDiv(extent(x, strideX), strideX);
    this.phase = Math.multiplyExact(height, pitch);
    this.size = Math.multiplyExact(phase, strideY * strideX);
    this.taps = new int[y.kernel() * x.kernel()];
    for (int t = 0; t < taps.length; t++) {
      taps[t] = at(t / x.kernel() * y.dilation(), t % x.kernel() * x.dilation());
    }
  }

  /** Padded elements that any output position reads. */
  private static int extent(Window w, int stride) {
    return (w.out() - 1) * stride + (w.kernel() - 1) * w.dilation() + 1;
  }

  private int at(int row, int column) {
    return (row % strideY * strideX + column % strideX) * phase
        + row / strideY * pitch
        + column / strideX;
  }

  /** Bytes of some planes, with what vectors may read past them. */
  long byteSize(int count) {
    return 4L * size * count + 4L * Lanes.BYTES;
  }

  /**
   * Writes a plane.
   *
   * @param padding what the padding holds
   */
  void fill(long from, long to, float padding) {
    Lanes.fill(to, size, padding);
    int rows = extent(y, strideY);
    int columns = extent(x, strideX);
    int first = Math.max(0, Math.ceilDiv(-paddingX, spreadX));
    int count = Math.min(x.in(), Math.ceilDiv(columns - paddingX, spreadX)) - first;
    for (int iy = 0; iy < y.in(); iy++) {
      int row = paddingY + iy * spreadY;
      if (row < 0 || row >= rows || count <= 0) {
        continue;
      }
      long source = from + 4 * ((long) iy * x.in() + first);
      int column = paddingX + first * spreadX;
      if (spreadX > 1) {
        long target = to + 4L * at(row, column);
        for (int i = 0; i < count; i++) {
          Lanes.set(target + 4L * i * spreadX, Lanes.get(source + 4L * i));
        }
      } else if (strideX == 1) {
        Lanes.copy(source, to + 4L * at(row, column), count);
      } else if (strideX == 2) {
        split(source, to + 4L * at(row, column), to + 4L * at(row, column + 1), count);
      } else {
        for (int i = 0; i < count; i++) {
          Lanes.set(to + 4L * at(row, column + i), Lanes.get(source + 4L * i));
        }
      }
    }
  }

  private static final VectorShuffle<Float> EVEN =
      VectorShuffle.fromOp(Lanes.SPECIES, i -> 2 * i % Lanes.COUNT);
  private static final VectorShuffle<Float> ODD =
      VectorShuffle.fromOp(Lanes.SPECIES, i -> (2 * i + 1) % Lanes.COUNT);

  /** Elements 0, 2, 4 … to one place, 1, 3, 5 … to another. */
  private static void split(long from, long even, long odd, int n) {
    int half = Lanes.COUNT / 2;
    int i = 0;
    for (; i + 2 * Lanes.COUNT <= n; i += 2 * Lanes.COUNT) {
      FloatVector low = fromMemorySegment(SPECIES, ALL, from + 4L * i, LITTLE_ENDIAN);
      FloatVector high =
          fromMemorySegment(SPECIES, ALL, from + 4L * i + Lanes.BYTES, LITTLE_ENDIAN);
      high.rearrange(EVEN)
          .blend(low.rearrange(EVEN), Lanes.first(half))
          .intoMemorySegment(ALL, even + 2L * i, LITTLE_ENDIAN);
      high.rearrange(ODD)
          .blend(low.rearrange(ODD), Lanes.first(half))
          .intoMemorySegment(ALL, odd + 2L * i, LITTLE_ENDIAN);
    }
    for (; i < n; i++) {
      Lanes.set((i % 2 == 0 ? even : odd) + 4L * (i / 2), Lanes.get(from + 4L * i));
    }
  }
}
