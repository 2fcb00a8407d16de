package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static dev.baton.kernels.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.baton.runtime.kernel.HeapArrays;
import dev.baton.runtime.kernel.PhaseLayout;
import dev.baton.runtime.kernel.Window;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/** Writes a channel's plane as its {@link PhaseLayout} says, with the padding written out. */
final class Planes {
  private final PhaseLayout layout;
  private final int height;
  private final int width;

  /** As the layout has them. */
  final int pitch;

  final int size;

  final int[] taps;

  /**
   * @param y with {@code x} such that {@link PhaseLayout#fits}
   */
  Planes(Window y, Window x, boolean transposed, HeapArrays arrays) {
    this.layout = new PhaseLayout(y, x, transposed, arrays);
    this.height = y.in();
    this.width = x.in();
    this.pitch = layout.pitch();
    this.size = layout.size();
    this.taps = layout.taps();
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
    int count = layout.countColumns(width);
    if (count == 0) {
      return;
    }
    int column = layout.startColumn();
    for (int y = 0; y < height; y++) {
      int row = layout.row(y);
      if (row < 0) {
        continue;
      }
      long source = from + 4 * ((long) y * width + layout.firstColumn());
      if (layout.spreadX() > 1) {
        long target = to + 4L * layout.at(row, column);
        for (int i = 0; i < count; i++) {
          Lanes.set(target + 4L * i * layout.spreadX(), Lanes.get(source + 4L * i));
        }
      } else if (layout.strideX() == 1) {
        Lanes.copy(source, to + 4L * layout.at(row, column), count);
      } else if (layout.strideX() == 2) {
        long odd = count == 1 ? 0 : to + 4L * layout.at(row, column + 1);
        split(source, to + 4L * layout.at(row, column), odd, count);
      } else {
        for (int i = 0; i < count; i++) {
          Lanes.set(to + 4L * layout.at(row, column + i), Lanes.get(source + 4L * i));
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
