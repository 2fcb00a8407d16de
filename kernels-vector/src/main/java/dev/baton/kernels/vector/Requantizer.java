package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static dev.baton.kernels.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.baton.runtime.kernel.Affine;
import dev.baton.runtime.kernel.HeapArrays;
import dev.baton.runtime.kernel.Requantization;
import java.lang.foreign.Arena;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * Writes the results of a quantized product, a part of a row at a time, with the same bits as the
 * reference kernels. Output channels are rows or columns.
 */
interface Requantizer {
  /** Address of a vector of zeros. */
  long ZEROS = Arena.global().allocate(Lanes.BYTES, Lanes.BYTES).address();

  /**
   * Writes results.
   *
   * @param sums address of numbers, whole vectors of them; undefined afterwards
   * @param more address of integers to be added; 0 for none
   * @param element index of the first result in the whole of them
   */
  void run(long sums, long more, int count, int row, int column, long element);

  /**
   * @param out address of the results
   * @param rows if output channels are rows
   * @param channels output channels
   */
  static Requantizer of(
      Requantization by, long out, boolean rows, int channels, HeapArrays arrays) {
    return switch (by) {
      case Requantization.Integers b ->
          new Integers(
              out,
              rows,
              spread(b.factors(), rows, channels, arrays),
              spread(b.bias(), rows, channels, arrays),
              b.zeroPoint(),
              b.low(),
              b.high());
      case Requantization.Reals b ->
          new Reals(
              out,
              rows,
              b.inputs(),
              spread(b.weights(), rows, channels, arrays),
              spread(b.bias() == null ? new float[1] : b.bias(), rows, channels, arrays),
              b);
    };
  }

  private static long length(boolean rows, int channels) {
    return rows ? (long) channels * Lanes.COUNT : (long) Lanes.COUNT + channels;
  }

  /** Where the parameters of an element are: a vector of equal ones for each row, or by column. */
  private static float[] spread(float[] each, boolean rows, int channels, HeapArrays arrays) {
    float[] all = arrays.floats(length(rows, channels));
    for (int c = 0; c < channels; c++) {
      float value = each[each.length == 1 ? 0 : c];
      Arrays.fill(all, rows ? c * Lanes.COUNT : c, rows ? (c + 1) * Lanes.COUNT : c + 1, value);
    }
    return all;
  }

  private static int[] spread(
      int @Nullable [] each, boolean rows, int channels, HeapArrays arrays) {
    int[] all = arrays.ints(length(rows, channels));
    for (int c = 0; each != null && c < channels; c++) {
      Arrays.fill(all, rows ? c * Lanes.COUNT : c, rows ? (c + 1) * Lanes.COUNT : c + 1, each[c]);
    }
    return all;
  }

  /** See {@link Requantization.Integers}. */
  final class Integers implements Requantizer {
    private final long out;
    private final boolean rows;
    private final float[] factors;
    private final int[] bias;
    private final int zeroPoint;
    private final float low;
    private final float high;

    private Integers(
        long out, boolean rows, float[] factors, int[] bias, int zeroPoint, float low, float high) {
      this.out = out;
      this.rows = rows;
      this.factors = factors;
      this.bias = bias;
      this.zeroPoint = zeroPoint;
      this.low = low;
      this.high = high;
    }

    /**
     * Long on purpose, so that the compiler does not take it into its callers, where it would run
     * out of room and leave calls that make objects of vectors; and without branches: of one that
     * was rare while the compiler counted, it would leave the calls as well.
     */
    @Override
    public void run(long sums, long more, int count, int row, int column, long element) {
      int at = rows ? row * Lanes.COUNT : column;
      int step = rows ? 0 : 1;
      long added = more == 0 ? ZEROS : more;
      long pace = more == 0 ? 0 : 4;
      for (int i = 0; i < count; i += Lanes.COUNT) {
        IntVector sum =
            ByteLanes.toInts(fromMemorySegment(SPECIES, ALL, sums + 4L * i, LITTLE_ENDIAN))
                .add(IntVector.fromArray(ByteLanes.INTS, bias, at + step * i))
                .add(ByteLanes.intsAt(added + pace * i));
        ByteLanes.toFloats(sum).intoMemorySegment(ALL, sums + 4L * i, LITTLE_ENDIAN);
      }
      FloatVector l = broadcast(SPECIES, low);
      FloatVector h = broadcast(SPECIES, high);
      for (int i = 0; i < count; i += Lanes.COUNT) {
        FloatVector factor = FloatVector.fromArray(Lanes.SPECIES, factors, at + step * i);
        FloatVector y = fromMemorySegment(SPECIES, ALL, sums + 4L * i, LITTLE_ENDIAN).mul(factor);
        FloatVector atLeast = y.blend(l, y.lt(l));
        atLeast
            .blend(h, atLeast.compare(VectorOperators.GT, h))
            .intoMemorySegment(ALL, sums + 4L * i, LITTLE_ENDIAN);
      }
      // Bytes are written over numbers that have been read.
      for (int i = 0; i < count; i += Lanes.COUNT) {
        FloatVector y = fromMemorySegment(SPECIES, ALL, sums + 4L * i, LITTLE_ENDIAN);
        ByteLanes.store(y.add(Affine.ROUNDING).reinterpretAsInts().add(zeroPoint), sums + i);
      }
      ByteLanes.copy(sums, out + element, count);
    }
  }

  /** See {@link Requantization.Reals}. */
  final class Reals implements Requantizer {
    private final long out;
    private final boolean rows;
    private final float[] inputs;
    private final float[] weights;
    private final float[] bias;
    private final @Nullable Affine affine;
    private final float low;
    private final float high;

    private Reals(
        long out,
        boolean rows,
        float[] inputs,
        float[] weights,
        float[] bias,
        Requantization.Reals by) {
      this.out = out;
      this.rows = rows;
      this.inputs = inputs;
      this.weights = weights;
      this.bias = bias;
      this.affine = by.output();
      this.low = by.clamp().low();
      this.high = by.clamp().high();
    }

    @Override
    public void run(long sums, long more, int count, int row, int column, long element) {
      float input = inputs[inputs.length == 1 ? 0 : row];
      int at = rows ? row * Lanes.COUNT : column;
      int step = rows ? 0 : 1;
      if (more != 0) {
        add(sums, more, count);
      }
      for (int i = 0; i < count; i += Lanes.COUNT) {
        FloatVector y =
            fromMemorySegment(SPECIES, ALL, sums + 4L * i, LITTLE_ENDIAN)
                .mul(input)
                .mul(FloatVector.fromArray(Lanes.SPECIES, weights, at + step * i))
                .add(FloatVector.fromArray(Lanes.SPECIES, bias, at + step * i))
                .max(low)
                .min(high);
        y.intoMemorySegment(ALL, sums + 4L * i, LITTLE_ENDIAN);
      }
      if (affine == null) {
        Lanes.copy(sums, out + 4 * element, count);
      } else {
        Quantize.run(sums, out + element, count, affine.inverse(), affine);
      }
    }

    private static void add(long sums, long more, int count) {
      for (int i = 0; i < count; i += Lanes.COUNT) {
        IntVector whole =
            ByteLanes.toInts(fromMemorySegment(SPECIES, ALL, sums + 4L * i, LITTLE_ENDIAN))
                .add(ByteLanes.intsAt(more + 4L * i));
        ByteLanes.toFloats(whole).intoMemorySegment(ALL, sums + 4L * i, LITTLE_ENDIAN);
      }
    }
  }
}
