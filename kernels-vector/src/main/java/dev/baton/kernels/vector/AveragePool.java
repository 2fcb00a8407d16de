package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static dev.baton.kernels.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.PhaseLayout;
import dev.baton.runtime.kernel.Step;
import dev.baton.runtime.kernel.Window;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/** Average pool over one or two dimensions, on {@link Planes} as {@link MaxPool} is. */
record AveragePool(int spatial, boolean adaptive) implements FastKernel {
  static @Nullable FastKernel find(String operator) {
    return switch (operator) {
      case "aten::avg_pool1d" -> new AveragePool(1, false);
      case "aten::avg_pool2d" -> new AveragePool(2, false);
      case "aten::adaptive_avg_pool1d" -> new AveragePool(1, true);
      case "aten::_adaptive_avg_pool2d", "aten::adaptive_avg_pool2d" -> new AveragePool(2, true);
      default -> null;
    };
  }

  @Override
  public boolean supports(Call call) {
    if (call.type("self").dtype() != DType.FLOAT) {
      return false;
    }
    if (adaptive) {
      return true;
    }
    Window[] w = Window.pool(call, spatial);
    return PhaseLayout.fits(w[1], w[2], false);
  }

  @Override
  public Step bind(BoundCall call) {
    if (call.output(0).shape().numel() == 0) {
      return () -> {};
    }
    return adaptive ? boxes(call) : new Bound(call, Window.pool(call, spatial), spatial);
  }

  /** Output o of n covers input from ⌊o·in/n⌋ to ⌈(o+1)·in/n⌉. */
  private Step boxes(BoundCall call) {
    Shape in = call.shape("self");
    Shape out = call.output(0).shape();
    int height = spatial == 2 ? in.size(-2) : 1;
    int width = in.size(-1);
    int rows = spatial == 2 ? out.size(-2) : 1;
    int columns = out.size(-1);
    long from = call.input("self").data().address();
    long to = call.output(0).data().address();
    int plane = Math.multiplyExact(height, width);
    int boxes = Math.multiplyExact(rows, columns);
    return Rows.step(
        call,
        in.numel() / plane,
        plane,
        p -> {
          long at = to + 4 * p * boxes;
          for (int o = 0; o < boxes; o++) {
            int y0 = (int) ((long) (o / columns) * height / rows);
            int y1 = (int) Math.ceilDiv((o / columns + 1L) * height, rows);
            int x0 = (int) ((long) (o % columns) * width / columns);
            int x1 = (int) Math.ceilDiv((o % columns + 1L) * width, columns);
            boolean whole = x1 - x0 == width;
            float sum = 0;
            for (int y = y0; y < (whole ? y0 + 1 : y1); y++) {
              sum +=
                  RowLoops.sum(
                      from + 4 * (p * plane + (long) y * width + x0),
                      whole ? (y1 - y0) * width : x1 - x0);
            }
            Lanes.set(at + 4L * o, sum / ((y1 - y0) * (x1 - x0)));
          }
        });
  }

  private static final class Bound implements Step, Parallel.Task {
    private final Window y;
    private final Window x;
    private final Planes planes;
    private final Parallel parallel;
    private final int count;
    private final long input;
    private final long output;
    private final float[] countsY;
    private final float[] countsX; // whole vectors
    private final long scratch;
    private final long planeBytes;
    private final long workerBytes;
    private final int row;

    Bound(BoundCall call, Window[] windows, int spatial) {
      this.y = windows[1];
      this.x = windows[2];
      this.planes = new Planes(y, x, false, call);
      this.parallel = call.parallel();
      long positions = (long) y.out() * x.out();
      this.count = Math.toIntExact(call.output(0).shape().numel() / positions);
      this.input = call.input("self").data().address();
      this.output = call.output(0).data().address();
      this.countsY = call.floats(y.out());
      this.countsX = call.floats((long) x.out() + Lanes.COUNT);
      boolean padded = call.bool("count_include_pad");
      boolean given = spatial > 1 && !call.isNone("divisor_override");
      for (int o = 0; o < y.out(); o++) {
        countsY[o] = given ? 1 : elements(y, o, padded);
      }
      for (int o = 0; o < x.out(); o++) {
        countsX[o] = given ? call.integer("divisor_override") : elements(x, o, padded);
      }
      this.row = (y.out() - 1) * planes.pitch + x.out();
      this.planeBytes = (planes.byteSize(1) + 63) & -64;
      this.workerBytes = planeBytes + ((4L * row + 2L * Lanes.BYTES + 63) & -64);
      this.scratch = call.scratch(workerBytes * parallel.threads()).address();
    }

    /** What a window divides by; 1 where it holds nothing, and its sum is 0. */
    private static int elements(Window w, int o, boolean padded) {
      long start = w.start(o);
      long end = Math.min(start + w.kernel(), (long) w.in() + w.padding());
      return (int) Math.max(1, padded ? end - start : Math.min(end, w.in()) - Math.max(start, 0));
    }

    @Override
    public void run() {
      parallel.run(count, this);
    }

    @Override
    public void run(int channel, int worker) {
      long plane = scratch + workerBytes * worker;
      long sums = plane + planeBytes;
      planes.fill(input + 4L * channel * y.in() * x.in(), plane, 0);
      int[] taps = planes.taps;
      for (int i = 0; i < row; i += Lanes.COUNT) {
        FloatVector s =
            fromMemorySegment(SPECIES, ALL, plane + 4L * taps[0] + 4L * i, LITTLE_ENDIAN);
        for (int t = 1; t < taps.length; t++) {
          s = s.add(fromMemorySegment(SPECIES, ALL, plane + 4L * taps[t] + 4L * i, LITTLE_ENDIAN));
        }
        s.intoMemorySegment(ALL, sums + 4L * i, LITTLE_ENDIAN);
      }
      for (int oy = 0; oy < y.out(); oy++) {
        long from = sums + 4L * oy * planes.pitch;
        long to = output + 4 * (((long) channel * y.out() + oy) * x.out());
        for (int i = 0; i < x.out(); i += Lanes.COUNT) {
          FloatVector counts = FloatVector.fromArray(Lanes.SPECIES, countsX, i).mul(countsY[oy]);
          fromMemorySegment(SPECIES, ALL, from + 4L * i, LITTLE_ENDIAN)
              .div(counts)
              .intoMemorySegment(
                  ALL, to + 4L * i, LITTLE_ENDIAN, Lanes.first(Math.min(Lanes.COUNT, x.out() - i)));
        }
      }
    }
  }
}
