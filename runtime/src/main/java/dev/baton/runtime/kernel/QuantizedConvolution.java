package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Convolutions of int8, summed as integers. */
final class QuantizedConvolution {
  private QuantizedConvolution() {}

  static Step bind(QuantizedProduct parts, NodeCall.Facts facts, BoundNodeCall.Buffers buffers) {
    ConvolutionGeometry g =
        ConvolutionGeometry.of(new NodeCall(parts.operator().operator(), facts));
    int channels = Math.multiplyExact(g.groups(), g.out());
    int positions = g.positions();
    MemorySegment stored = buffers.operand(parts.weight().source()).data();
    int[] zeroPoints = parts.channelZeroPoints(channels, buffers);
    long quantized = QuantizedInput.scratchBytes(parts.input(), facts);
    if (Planes.fits(g)) {
      QuantizedInput x =
          QuantizedInput.bind(parts.input(), facts, buffers, buffers.scratch(quantized));
      QuantizedOutput y = QuantizedOutput.of(parts, x, channels, positions, buffers);
      return new Planes(g, stored, zeroPoints, x, y, buffers);
    }
    int depth = Math.multiplyExact(g.in(), g.taps());
    IntegerGemm gemm = new IntegerGemm(buffers, g.out(), positions, depth);
    long exchanged = g.transposed() ? QuantizedInput.align(stored.byteSize()) : 0;
    MemorySegment scratch = buffers.scratch(quantized + exchanged + gemm.scratchBytes());
    MemorySegment matrix = g.transposed() ? scratch.asSlice(quantized, exchanged) : stored;
    MemorySegment partial = scratch.asSlice(quantized + exchanged);
    QuantizedInput x =
        QuantizedInput.bind(parts.input(), facts, buffers, scratch.asSlice(0, quantized));
    QuantizedOutput y = QuantizedOutput.of(parts, x, channels, gemm.longestRun(), buffers);
    Columns columns = new Columns(g, x, buffers.bytes(g.x().out()));
    IntegerGemm.Weights[] groups = new IntegerGemm.Weights[g.groups()];
    for (int group = 0; group < groups.length; group++) {
      int first = group * g.out();
      groups[group] =
          new IntegerGemm.Weights(
              matrix,
              (long) first * depth,
              depth,
              1,
              zeroPoints == null ? null : Arrays.copyOfRange(zeroPoints, first, first + g.out()));
    }
    Rows rows = new Rows(y, positions);
    return () -> {
      x.prepare();
      if (g.transposed()) {
        g.exchangeChannels(stored, matrix, 1);
      }
      for (int n = 0; n < g.batch(); n++) {
        for (int group = 0; group < g.groups(); group++) {
          columns.of(n, group);
          rows.firstChannel = group * g.out();
          rows.first = ((long) n * g.groups() + group) * g.out() * positions;
          gemm.run(groups[group], columns, rows, partial);
        }
      }
    };
  }

  /** The results of one group. */
  private static final class Rows implements IntegerGemm.Rows {
    private final QuantizedOutput output;
    private final int positions;
    int firstChannel;
    long first;

    Rows(QuantizedOutput output, int positions) {
      this.output = output;
      this.positions = positions;
    }

    @Override
    public void take(int[] values, int row, int n0, int nn) {
      long at = first + (long) row * positions + n0;
      output.write(values, nn, firstChannel + row, 0, at, 1);
    }
  }

  /** Columns of integers without their zero point. */
  private static final class Columns extends ConvolutionColumns implements IntegerGemm.Panel {
    private final QuantizedInput input;
    private final byte[] bytes;
    private int[][] panel = {};

    Columns(ConvolutionGeometry g, QuantizedInput input, byte[] bytes) {
      super(g);
      this.input = input;
      this.bytes = bytes;
    }

    @Override
    public void fill(int[][] into, int k0, int kn, int n0, int nn) {
      panel = into;
      fill(k0, kn, n0, nn);
    }

    @Override
    void pad(int row, int from, int to) {
      Arrays.fill(panel[row], from, to, 0);
    }

    @Override
    void read(int row, int to, long at, int stride, int count) {
      int zero = input.zeroPoints()[0];
      if (stride == 1) {
        MemorySegment.copy(input.data(), JAVA_BYTE, at, bytes, 0, count);
        widen(bytes, zero, panel[row], to, count);
      } else {
        for (int i = 0; i < count; i++) {
          panel[row][to + i] = input.data().get(JAVA_BYTE, at + (long) i * stride) - zero;
        }
      }
    }
  }

  private static void widen(byte[] from, int zero, int[] into, int at, int count) {
    for (int i = 0; i < count; i++) {
      into[at + i] = from[i] - zero;
    }
  }

  /**
   * Convolutions of one input channel a group. The channel's plane is spread, with its padding,
   * over a plane for each phase of the strides, in which neighbours are what one tap reads for
   * neighbouring outputs: each tap is then one loop over all output positions.
   */
  private static final class Planes implements Step {
    private final ConvolutionGeometry g;
    private final MemorySegment weights;
    private final int @Nullable [] zeroPoints;
    private final QuantizedInput x;
    private final QuantizedOutput y;
    private final PhaseLayout layout;
    private final int[] phases;
    private final int[] sums; // (y.out, pitch), of which each line's first x.out count
    private final int[] offsets; // of each tap in the phases
    private final byte[] line;

    Planes(
        ConvolutionGeometry g,
        MemorySegment weights,
        int @Nullable [] zeroPoints,
        QuantizedInput x,
        QuantizedOutput y,
        HeapArrays arrays) {
      this.g = g;
      this.weights = weights;
      this.zeroPoints = zeroPoints;
      this.x = x;
      this.y = y;
      this.layout = new PhaseLayout(g.y(), g.x(), false, arrays);
      this.phases = arrays.ints(layout.size());
      this.sums = arrays.ints((long) g.y().out() * layout.pitch());
      this.line = arrays.bytes(g.x().in());
      this.offsets = layout.taps();
    }

    static boolean fits(ConvolutionGeometry g) {
      return g.in() == 1
          && !g.transposed()
          && g.z().isIdentity()
          && g.z().in() == 1
          && PhaseLayout.fits(g.y(), g.x(), false);
    }

    @Override
    public void run() {
      x.prepare();
      int positions = g.positions();
      for (int n = 0; n < g.batch(); n++) {
        for (int group = 0; group < g.groups(); group++) {
          spread(((long) n * g.groups() + group) * g.inputPlane());
          for (int o = 0; o < g.out(); o++) {
            int channel = group * g.out() + o;
            sum((long) channel * offsets.length, zeroPoints == null ? 0 : zeroPoints[channel]);
            long first = ((long) n * g.groups() * g.out() + channel) * positions;
            y.write(sums, positions, channel, 0, first, 1);
          }
        }
      }
    }

    /** Writes the plane's elements; what is padding stays 0. */
    private void spread(long start) {
      int zero = x.zeroPoints()[0];
      int width = g.x().in();
      int used = layout.countColumns(width);
      int column = layout.startColumn();
      for (int y = 0; y < g.y().in() && used > 0; y++) {
        int row = layout.row(y);
        if (row < 0) {
          continue;
        }
        long from = start + (long) y * width + layout.firstColumn();
        MemorySegment.copy(x.data(), JAVA_BYTE, from, line, 0, used);
        if (layout.strideX() == 1) {
          widen(line, zero, phases, layout.at(row, column), used);
        } else {
          for (int i = 0; i < used; i++) {
            phases[layout.at(row, column + i)] = line[i] - zero;
          }
        }
      }
    }

    private void sum(long weight, int zero) {
      int length = (g.y().out() - 1) * layout.pitch() + g.x().out();
      Arrays.fill(sums, 0, length, 0);
      int tap = 0;
      for (; tap + 4 <= offsets.length; tap += 4) {
        add4(
            sums,
            phases,
            weights.get(JAVA_BYTE, weight + tap) - zero,
            offsets[tap],
            weights.get(JAVA_BYTE, weight + tap + 1) - zero,
            offsets[tap + 1],
            weights.get(JAVA_BYTE, weight + tap + 2) - zero,
            offsets[tap + 2],
            weights.get(JAVA_BYTE, weight + tap + 3) - zero,
            offsets[tap + 3],
            length);
      }
      for (; tap < offsets.length; tap++) {
        add(sums, phases, weights.get(JAVA_BYTE, weight + tap) - zero, offsets[tap], length);
      }
      for (int row = 1; row < g.y().out(); row++) { // closes the gaps between lines
        System.arraycopy(sums, row * layout.pitch(), sums, row * g.x().out(), g.x().out());
      }
    }

    private static void add4(
        int[] y, int[] x, int a0, int i0, int a1, int i1, int a2, int i2, int a3, int i3, int n) {
      for (int j = 0; j < n; j++) {
        y[j] = y[j] + a0 * x[i0 + j] + a1 * x[i1 + j] + a2 * x[i2 + j] + a3 * x[i3 + j];
      }
    }

    private static void add(int[] y, int[] x, int a, int i, int n) {
      for (int j = 0; j < n; j++) {
        y[j] += a * x[i + j];
      }
    }
  }
}
