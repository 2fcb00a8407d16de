package dev.baton.kernels.vector;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.Resampling;
import dev.baton.runtime.kernel.Step;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Planes resized by nearest, bilinear or bicubic interpolation: lines of the input are resampled,
 * each once for the neighbouring output lines that are made of it, and output lines are sums of
 * those.
 */
record Resize(Resampling.Mode mode) implements FastKernel {
  /** Output lines of a task. */
  private static final int BAND = 64;

  static @Nullable FastKernel find(String operator) {
    return switch (operator) {
      case "aten::upsample_nearest2d", "aten::upsample_nearest2d.vec" ->
          new Resize(Resampling.Mode.NEAREST);
      case "aten::upsample_bilinear2d", "aten::upsample_bilinear2d.vec" ->
          new Resize(Resampling.Mode.LINEAR);
      case "aten::upsample_bicubic2d.vec" -> new Resize(Resampling.Mode.CUBIC);
      default -> null;
    };
  }

  @Override
  public boolean supports(Call call) {
    return call.type(Resampling.input(call)).dtype() == DType.FLOAT;
  }

  @Override
  public Step bind(BoundCall call) {
    return new Bound(call, Resampling.of(call, call.output(0).shape(), 2, mode));
  }

  private static final class Bound implements Step, Parallel.Task {
    private final Parallel parallel;
    private final long input;
    private final long output;
    private final long planes;
    private final int inWidth;
    private final long inPlane;
    private final int width;
    private final int height;
    private final int taps;
    private final int[] columns; // (width, taps)
    private final float[] columnWeights;
    private final int[] lines; // (height, taps)
    private final float[] lineWeights;
    private final int bands;
    private final int[][] held; // the input line in each slot, by worker
    private final long scratch;
    private final long slotBytes;

    Bound(BoundCall call, Resampling[] axes) {
      Shape in = call.shape(Resampling.input(call));
      this.parallel = call.parallel();
      this.input = call.input(Resampling.input(call)).data().address();
      this.output = call.output(0).data().address();
      this.planes = (long) in.size(0) * in.size(1);
      this.inWidth = in.size(3);
      this.inPlane = (long) in.size(2) * in.size(3);
      this.taps = axes[2].index()[0].length;
      this.height = axes[1].index().length;
      this.width = axes[2].index().length;
      this.columns = indices(call, axes[2]);
      this.columnWeights = weights(call, axes[2]);
      this.lines = indices(call, axes[1]);
      this.lineWeights = weights(call, axes[1]);
      this.bands = Math.ceilDiv(height, BAND);
      this.held = new int[parallel.threads()][taps];
      this.slotBytes = (4L * width + 63) & -64;
      this.scratch = call.scratch(slotBytes * taps * parallel.threads()).address();
    }

    private static int[] indices(BoundCall call, Resampling axis) {
      int taps = axis.index()[0].length;
      int[] indices = call.ints((long) axis.index().length * taps);
      for (int i = 0; i < indices.length; i++) {
        indices[i] = axis.index()[i / taps][i % taps];
      }
      return indices;
    }

    private static float[] weights(BoundCall call, Resampling axis) {
      int taps = axis.weight()[0].length;
      float[] weights = call.floats((long) axis.weight().length * taps);
      for (int i = 0; i < weights.length; i++) {
        weights[i] = (float) axis.weight()[i / taps][i % taps];
      }
      return weights;
    }

    @Override
    public void run() {
      parallel.run(Math.toIntExact(planes * bands), this);
    }

    @Override
    public void run(int task, int worker) {
      long plane = task / bands;
      int first = task % bands * BAND;
      int[] slots = held[worker];
      long memory = scratch + slotBytes * taps * worker;
      Arrays.fill(slots, -1);
      for (int y = first; y < Math.min(height, first + BAND); y++) {
        for (int t = 0; t < taps; t++) {
          // The lines of an output line are neighbours, so that no two share a slot.
          int line = lines[y * taps + t];
          if (slots[line % taps] != line) {
            slots[line % taps] = line;
            resample(
                input + 4 * (plane * inPlane + (long) line * inWidth),
                memory + slotBytes * (line % taps));
          }
        }
        sum(memory, y * taps, output + 4 * ((plane * height + y) * width));
      }
    }

    private void resample(long from, long to) {
      if (taps == 1) {
        for (int x = 0; x < width; x++) {
          Lanes.set(to + 4L * x, Lanes.get(from + 4L * columns[x]));
        }
      } else if (taps == 2) {
        for (int x = 0; x < width; x++) {
          float low = Lanes.get(from + 4L * columns[2 * x]);
          float high = Lanes.get(from + 4L * columns[2 * x + 1]);
          Lanes.set(to + 4L * x, columnWeights[2 * x] * low + columnWeights[2 * x + 1] * high);
        }
      } else {
        for (int x = 0; x < width; x++) {
          float sum = 0;
          for (int t = x * taps; t < (x + 1) * taps; t++) {
            sum += columnWeights[t] * Lanes.get(from + 4L * columns[t]);
          }
          Lanes.set(to + 4L * x, sum);
        }
      }
    }

    private void sum(long memory, int line, long to) {
      long first = memory + slotBytes * (lines[line] % taps);
      RowLoops.affine(first, to, width, lineWeights[line], 0);
      for (int t = line + 1; t < line + taps; t++) {
        RowLoops.addScaled(to, memory + slotBytes * (lines[t] % taps), width, lineWeights[t]);
      }
    }
  }
}
