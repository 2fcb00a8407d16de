package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Packer;
import dev.baton.runtime.kernel.Parallel;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link Panels} of int8, or of numbers of 4 bits: those of two rows in a byte, the even row's in
 * the low half, each less than it is by the least of them.
 */
final class BytePanels {
  private final Panels panels;
  private final boolean nibbles;
  private final int least;

  /** Bytes of a column of a panel. */
  private final int height;

  /**
   * @param nibbles if all numbers are from {@code least} to {@code least} + 15
   */
  BytePanels(Panels panels, boolean nibbles, int least) {
    this.panels = panels;
    this.nibbles = nibbles;
    this.least = nibbles ? least : 0;
    this.height = nibbles ? Math.ceilDiv(panels.k, 2) : panels.k;
  }

  /** Packs a constant. */
  Packer packer(boolean transposed) {
    return new Packer() {
      @Override
      public String form() {
        return (nibbles ? "nibbles from " + least + ", " : "bytes, ")
            + "panels of "
            + Lanes.COUNT
            + (transposed ? " of (n, k)" : " of (k, n)");
      }

      @Override
      public long byteSize() {
        return (long) height * panels.first(panels.count);
      }

      @Override
      public void pack(Operand constant, MemorySegment into, Parallel parallel) {
        long from = constant.data().address();
        long to = into.address();
        long down = transposed ? 1 : panels.n;
        long across = transposed ? panels.k : 1;
        parallel.run(panels.count, (panel, worker) -> packPanel(from, down, across, to, panel));
      }
    };
  }

  private void packPanel(long from, long down, long across, long to, int panel) {
    int first = panels.first(panel);
    int width = panels.width(panel);
    long start = to + (long) height * first;
    for (int j = 0; j < Math.min(width, panels.n - first); j++) {
      long column = from + (first + j) * across;
      for (int i = 0; i < panels.k; i++) {
        byte value = Lanes.getByte(column + i * down);
        if (nibbles) {
          if (value < least || value > least + 15) {
            throw new KernelException(
                "a weight of " + value + " is not from " + least + " to " + (least + 15));
          }
          long at = start + (long) (i / 2) * width + j;
          int half = ((value - least) & 15) << (i % 2 * 4);
          Lanes.setByte(at, (byte) (Lanes.getByte(at) | half));
        } else {
          Lanes.setByte(start + (long) i * width + j, value);
        }
      }
    }
  }

  /** Zero points of as many numbers, as {@link #fill} takes them. */
  float zero(int zeroPoint) {
    return zeroPoint - least;
  }

  /**
   * Writes rows k0 … k0 + kn of a panel as numbers without their zero points.
   *
   * @param k0 even
   * @param zeros of all columns, whole vectors of them, from {@code zero} on
   */
  void fill(long packed, long to, int k0, int kn, int panel, float[] zeros, int zero) {
    int first = panels.first(panel);
    int width = panels.width(panel);
    long start = packed + (long) height * first;
    for (int j = 0; j < width; j += Lanes.COUNT) {
      int z = zero + first + j;
      if (nibbles) {
        halves(start + (long) (k0 / 2) * width + j, to + 4L * j, kn, width, zeros, z);
      } else {
        long from = start + (long) k0 * width + j;
        FloatVector zeroPoints = FloatVector.fromArray(Lanes.SPECIES, zeros, z);
        for (int i = 0; i < kn; i++) {
          ByteLanes.load(from + (long) i * width)
              .sub(zeroPoints)
              .intoMemorySegment(ALL, to + 4 * ((long) i * width + j), LITTLE_ENDIAN);
        }
      }
    }
  }

  private static void halves(long from, long to, int kn, int width, float[] zeros, int z) {
    FloatVector zeroPoints = FloatVector.fromArray(Lanes.SPECIES, zeros, z);
    for (int i = 0; i < kn; i += 2) {
      IntVector both = ByteLanes.loadInts(from + (long) (i / 2) * width);
      IntVector low = both.and(15);
      ByteLanes.toFloats(low)
          .sub(zeroPoints)
          .intoMemorySegment(ALL, to + 4L * i * width, LITTLE_ENDIAN);
      if (i + 1 < kn) {
        IntVector high = both.lanewise(VectorOperators.LSHR, 4).and(15);
        ByteLanes.toFloats(high)
            .sub(zeroPoints)
            .intoMemorySegment(ALL, to + 4L * (i + 1) * width, LITTLE_ENDIAN);
      }
    }
  }
}
