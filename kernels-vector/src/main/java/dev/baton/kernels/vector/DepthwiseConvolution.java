package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static dev.baton.kernels.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.ConvolutionGeometry;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.Step;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Convolution with one input channel in each group. A plane of {@link Planes} is one long row: tap
 * t of output position (y, x) reads element taps[t] + y · pitch + x, so that vectors run on over
 * the ends of lines, and what they compute there is dropped.
 */
final class DepthwiseConvolution implements Step, Parallel.Task {
  private final ConvolutionGeometry g;
  private final Planes planes;
  private final Parallel parallel;
  private final Epilogue epilogue;
  private final long input;
  private final long weight;
  private final long output;
  private final MemorySegment scratch;
  private final long planeBytes;
  private final long workerBytes;
  private final int row;

  /**
   * @param weight address of (groups, out, taps)
   */
  DepthwiseConvolution(BoundCall call, ConvolutionGeometry g, long weight, Epilogue epilogue) {
    this.g = g;
    this.planes = new Planes(g.y(), g.x(), g.transposed(), call);
    this.parallel = call.parallel();
    this.epilogue = epilogue;
    this.weight = weight;
    this.input = call.input("input").data().address();
    this.output = call.output(0).data().address();
    this.row = (g.y().out() - 1) * planes.pitch + g.x().out();
    this.planeBytes = (planes.byteSize(1) + 4L * Lanes.BYTES + 63) & -64;
    this.workerBytes = (planeBytes + 4L * row + 5L * Lanes.BYTES + 63) & -64;
    this.scratch = call.scratch(workerBytes * parallel.threads());
  }

  @Override
  public void run() {
    parallel.run(g.batch() * g.groups(), this);
  }

  @Override
  public void run(int channel, int worker) {
    long plane = scratch.address() + workerBytes * worker;
    long sums = plane + planeBytes;
    planes.fill(input + 4 * channel * g.inputPlane(), plane, 0);
    int group = channel % g.groups();
    for (int o = 0; o < g.out(); o++) {
      int filter = group * g.out() + o;
      sums(plane, planes.taps, weight + 4L * filter * planes.taps.length, sums, row);
      long element = ((long) channel * g.out() + o) * g.positions();
      long to = output + 4 * element;
      int width = g.x().out();
      for (int y = 0; y < g.y().out(); y++) {
        Lanes.copy(sums + 4L * y * planes.pitch, to + 4L * y * width, width);
      }
      epilogue.apply(to, g.positions(), filter, 0, element);
    }
  }

  /** The first {@code row} sums, and what follows them up to four vectors. */
  static void sums(long plane, int[] taps, long filter, long to, int row) {
    for (int i = 0; i < row; i += 4 * Lanes.COUNT) {
      FloatVector s0 = broadcast(SPECIES, 0f);
      FloatVector s1 = s0;
      FloatVector s2 = s0;
      FloatVector s3 = s0;
      for (int t = 0; t < taps.length; t++) {
        FloatVector w = broadcast(SPECIES, Lanes.get(filter + 4L * t));
        long at = plane + 4L * taps[t] + 4L * i;
        s0 = w.fma(fromMemorySegment(SPECIES, ALL, at, LITTLE_ENDIAN), s0);
        s1 = w.fma(fromMemorySegment(SPECIES, ALL, at + Lanes.BYTES, LITTLE_ENDIAN), s1);
        s2 = w.fma(fromMemorySegment(SPECIES, ALL, at + 2 * Lanes.BYTES, LITTLE_ENDIAN), s2);
        s3 = w.fma(fromMemorySegment(SPECIES, ALL, at + 3 * Lanes.BYTES, LITTLE_ENDIAN), s3);
      }
      long at = to + 4L * i;
      s0.intoMemorySegment(ALL, at, LITTLE_ENDIAN);
      s1.intoMemorySegment(ALL, at + Lanes.BYTES, LITTLE_ENDIAN);
      s2.intoMemorySegment(ALL, at + 2 * Lanes.BYTES, LITTLE_ENDIAN);
      s3.intoMemorySegment(ALL, at + 3 * Lanes.BYTES, LITTLE_ENDIAN);
    }
  }
}
