package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static dev.baton.kernels.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
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
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * Max pool over two dimensions, on {@link Planes} as {@link DepthwiseConvolution} is a sum. Beside
 * the greatest element vectors keep the tap that it came by, of which the index is made.
 */
final class MaxPool implements FastKernel {
  /** The tap of a maximum is kept as a float32. */
  private static final int TAPS = 1 << 24;

  static @Nullable FastKernel find(String operator) {
    return operator.equals("aten::max_pool2d_with_indices") ? new MaxPool() : null;
  }

  @Override
  public boolean supports(Call call) {
    if (call.type("self").dtype() != DType.FLOAT) {
      return false;
    }
    Window[] w = Window.pool(call, 2);
    return PhaseLayout.fits(w[1], w[2], false) && w[1].kernel() * w[2].kernel() <= TAPS;
  }

  @Override
  public Step bind(BoundCall call) {
    return new Bound(call);
  }

  private static final class Bound implements Step, Parallel.Task {
    private final Window y;
    private final Window x;
    private final Planes planes;
    private final Parallel parallel;
    private final int count;
    private final long input;
    private final long output;
    private final MemorySegment indices;
    private final MemorySegment scratch;
    private final long planeBytes;
    private final long rowBytes;
    private final int row;

    Bound(BoundCall call) {
      Window[] windows = Window.pool(call, 2);
      this.y = windows[1];
      this.x = windows[2];
      this.planes = new Planes(y, x, false, call);
      this.parallel = call.parallel();
      Shape shape = call.output(0).shape();
      this.count = Math.toIntExact(shape.numel() / ((long) y.out() * x.out()));
      this.input = call.input("self").data().address();
      this.output = call.output(0).data().address();
      this.indices = call.output(1).data();
      this.row = (y.out() - 1) * planes.pitch + x.out();
      this.planeBytes = (planes.byteSize(1) + 63) & -64;
      this.rowBytes = (4L * row + Lanes.BYTES + 63) & -64;
      this.scratch = call.scratch((planeBytes + 2 * rowBytes) * parallel.threads());
    }

    @Override
    public void run() {
      parallel.run(count, this);
    }

    @Override
    public void run(int channel, int worker) {
      long plane = scratch.address() + (planeBytes + 2 * rowBytes) * worker;
      long best = plane + planeBytes;
      long taps = best + rowBytes;
      planes.fill(input + 4L * channel * y.in() * x.in(), plane, Float.NEGATIVE_INFINITY);
      greatest(plane, best, taps);
      long first = (long) channel * y.out() * x.out();
      for (int oy = 0; oy < y.out(); oy++) {
        long from = 4L * oy * planes.pitch;
        long at = first + (long) oy * x.out();
        Lanes.copy(best + from, output + 4 * at, x.out());
        for (int ox = 0; ox < x.out(); ox++) {
          indices.setAtIndex(
              java.lang.foreign.ValueLayout.JAVA_LONG,
              at + ox,
              index(oy, ox, (int) Lanes.get(taps + from + 4L * ox)));
        }
      }
    }

    /** Index in its plane of the element by which a tap came. */
    private long index(int oy, int ox, int tap) {
      long iy = y.start(oy) + tap / x.kernel() * y.dilation();
      long ix = x.start(ox) + tap % x.kernel() * x.dilation();
      if (iy >= 0 && iy < y.in() && ix >= 0 && ix < x.in()) {
        return iy * x.in() + ix;
      }
      // Nothing but −∞ in the window: its first element that is no padding.
      while (iy < 0) {
        iy += y.dilation();
      }
      while (ix < 0) {
        ix += x.dilation();
      }
      return iy * x.in() + ix;
    }

    private void greatest(long plane, long best, long taps) {
      int[] offsets = planes.taps;
      for (int i = 0; i < row; i += Lanes.COUNT) {
        FloatVector greatest =
            fromMemorySegment(SPECIES, ALL, plane + 4L * offsets[0] + 4L * i, LITTLE_ENDIAN);
        FloatVector tap = broadcast(SPECIES, 0f);
        for (int t = 1; t < offsets.length; t++) {
          FloatVector v =
              fromMemorySegment(SPECIES, ALL, plane + 4L * offsets[t] + 4L * i, LITTLE_ENDIAN);
          VectorMask<Float> better =
              v.compare(VectorOperators.GT, greatest).or(v.test(VectorOperators.IS_NAN));
          greatest = greatest.blend(v, better);
          tap = tap.blend((float) t, better);
        }
        greatest.intoMemorySegment(ALL, best + 4L * i, LITTLE_ENDIAN);
        tap.intoMemorySegment(ALL, taps + 4L * i, LITTLE_ENDIAN);
      }
    }
  }
}
