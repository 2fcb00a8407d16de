package dev.baton.kernels.vector;

import dev.baton.runtime.kernel.BoundNodeCall;
import dev.baton.runtime.kernel.ConvolutionGeometry;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.PhaseLayout;
import dev.baton.runtime.kernel.QuantizedInput;
import dev.baton.runtime.kernel.QuantizedProduct;
import dev.baton.runtime.kernel.QuantizedProducts;
import dev.baton.runtime.kernel.Step;
import java.lang.foreign.MemorySegment;

/**
 * Convolution of int8 over one or two dimensions, as {@link Convolution} is of float32. The weight
 * is read as it is stored, and widened four rows of a block at a time; a transposed one is turned
 * round once.
 */
abstract class QuantizedConvolution implements Step, Parallel.Task {
  final ConvolutionGeometry g;
  final Parallel parallel;
  final long input;
  final long inputBytes;
  final int[] zeroPoints; // of the input: one, which may change between runs
  final int[] weightZeroPoints; // by channel, or one
  final long weight;
  final Requantizer results;
  private final QuantizedInput x;

  private QuantizedConvolution(
      QuantizedProduct parts,
      ConvolutionGeometry g,
      NodeCall.Facts facts,
      BoundNodeCall.Buffers buffers) {
    this.g = g;
    this.parallel = buffers.parallel();
    int channels = g.groups() * g.out();
    this.x =
        QuantizedInput.bind(
            parts.input(),
            facts,
            buffers,
            buffers.scratch(QuantizedInput.scratchBytes(parts.input(), facts)),
            Quantizers::step);
    this.input = x.data().address();
    this.inputBytes = (long) g.batch() * g.groups() * g.in() * g.inputPlane();
    this.zeroPoints = x.zeroPoints();
    int[] points = parts.channelZeroPoints(channels, buffers);
    this.weightZeroPoints = points == null ? new int[1] : points;
    this.weight = weight(parts, g, buffers);
    long output = buffers.operand(parts.operator().result()).data().address();
    this.results =
        Requantizer.of(parts.requantization(x, channels, buffers), output, true, channels, buffers);
  }

  /** True if this computes the convolution; one over three dimensions is left to the reference. */
  static boolean supports(QuantizedProduct product) {
    return product.weight().source().shape().rank() <= 4
        && product.weight().source().shape().numel() > 0;
  }

  static Step bind(QuantizedProduct parts, NodeCall.Facts facts, BoundNodeCall.Buffers buffers) {
    ConvolutionGeometry g =
        ConvolutionGeometry.of(new NodeCall(parts.operator().operator(), facts));
    if (g.shape().numel() == 0) {
      return () -> {};
    }
    if (!PhaseLayout.fits(g.y(), g.x(), g.transposed())) {
      return QuantizedProducts.bind(parts, facts, buffers);
    }
    if (g.in() == 1 && g.taps() <= IntegerProduct.DEPTH) {
      return new Depthwise(parts, g, facts, buffers);
    }
    return g.x().isIdentity() && g.y().isIdentity()
        ? new Pointwise(parts, g, facts, buffers)
        : new Windowed(parts, g, facts, buffers);
  }

  /** Address of the weight as (groups · out, in, taps). */
  private static long weight(
      QuantizedProduct parts, ConvolutionGeometry g, BoundNodeCall.Buffers buffers) {
    if (!g.transposed()) {
      return buffers.operand(parts.weight().source()).data().address();
    }
    MemorySegment packed = buffers.packed(parts.weight().source(), new Turned(g, Byte.BYTES));
    if (packed == null) {
      throw new IllegalStateException("the weight of " + parts.operator() + " is no constant");
    }
    return packed.address();
  }

  /** Quantizes the input, if it is real. */
  final void prepare() {
    x.prepare();
  }

  /** What both forms of the product have. */
  private abstract static class Product extends QuantizedConvolution implements Gemm.Source {
    final IntegerProduct product;
    private final MemorySegment scratch;

    /**
     * @param products that run at once
     */
    Product(
        QuantizedProduct parts,
        ConvolutionGeometry g,
        NodeCall.Facts facts,
        BoundNodeCall.Buffers buffers,
        int products) {
      super(parts, g, facts, buffers);
      int depth = g.in() * g.taps();
      this.product =
          new IntegerProduct(
              g.out(), g.positions(), depth, products, parallel, Gemm.Keeps.COLUMNS, results, null);
      this.scratch = buffers.scratch(product.scratchBytes() * parallel.threads());
    }

    /** Computes a task of the product of an image and group. */
    final void product(int image, int group, int task, int worker) {
      long channel = ((long) image * g.groups() + group) * g.out();
      product.run(
          task,
          worker,
          weight + (long) group * g.out() * product.shape.k,
          weightZeroPoints,
          this,
          scratch.address() + product.scratchBytes() * worker,
          group * g.out(),
          channel * g.positions());
    }
  }

  /** One tap, stride 1, no padding: the columns are the input's planes. */
  private static final class Pointwise extends Product {
    private final long[] bases;

    Pointwise(
        QuantizedProduct parts,
        ConvolutionGeometry g,
        NodeCall.Facts facts,
        BoundNodeCall.Buffers buffers) {
      super(parts, g, facts, buffers, g.batch() * g.groups());
      this.bases = new long[parallel.threads()];
    }

    @Override
    public void run() {
      prepare();
      parallel.run(product.shape.tasks * g.batch() * g.groups(), this);
    }

    @Override
    public void run(int task, int worker) {
      int matrix = task / product.shape.tasks;
      bases[worker] = input + matrix * (g.in() * g.inputPlane());
      product(matrix / g.groups(), matrix % g.groups(), task % product.shape.tasks, worker);
    }

    @Override
    public void fill(long to, int k0, int kn, int panel, int worker) {
      Panels panels = product.shape.panels;
      int first = panels.first(panel);
      int width = panels.width(panel);
      for (int i = 0; i < kn; i++) {
        long from = bases[worker] + (long) (k0 + i) * panels.n + first;
        // Elements past the row are of the next one, or of nobody.
        int n = from + width <= input + inputBytes ? width : Math.min(width, panels.n - first);
        ByteLanes.widen(from, to + 4L * i * width, n, zeroPoints[0]);
      }
    }
  }

  /** Any window: each image's planes are widened and written with their padding first. */
  private static final class Windowed extends Product {
    private final Planes planes;
    private final Columns columns;
    private final int channels;
    private final int[] groups;
    private final MemorySegment memory;
    private final Spread pad;
    private int image;

    Windowed(
        QuantizedProduct parts,
        ConvolutionGeometry g,
        NodeCall.Facts facts,
        BoundNodeCall.Buffers buffers) {
      super(parts, g, facts, buffers, g.groups());
      this.planes = new Planes(g.y(), g.x(), g.transposed(), buffers);
      this.columns = new Columns(planes, g.x().out(), product.shape.panels, parallel.threads());
      this.channels = g.in() * g.groups();
      this.groups = new int[parallel.threads()];
      this.memory = buffers.scratch(planes.byteSize(channels));
      this.pad = new Spread(g, planes, buffers);
    }

    @Override
    public void run() {
      prepare();
      for (image = 0; image < g.batch(); image++) {
        parallel.run(channels, padding);
        parallel.run(product.shape.tasks * g.groups(), this);
      }
    }

    private final Parallel.Task padding = this::pad;

    private void pad(int channel, int worker) {
      long from = input + ((long) image * channels + channel) * g.inputPlane();
      pad.run(from, memory.address() + 4L * planes.size * channel, zeroPoints[0], worker);
    }

    @Override
    public void run(int task, int worker) {
      groups[worker] = task / product.shape.tasks;
      product(image, groups[worker], task % product.shape.tasks, worker);
    }

    @Override
    public void fill(long to, int k0, int kn, int panel, int worker) {
      long group = memory.address() + 4L * planes.size * groups[worker] * g.in();
      columns.fill(group, to, k0, kn, panel, worker);
    }
  }

  /** Widens a channel, and writes its planes. */
  private static final class Spread {
    private final Planes planes;
    private final int plane;
    private final long workerBytes;
    private final MemorySegment scratch;

    Spread(ConvolutionGeometry g, Planes planes, BoundNodeCall.Buffers buffers) {
      this.planes = planes;
      this.plane = Math.toIntExact(g.inputPlane());
      this.workerBytes = (4L * plane + 63) & -64;
      this.scratch = buffers.scratch(workerBytes * buffers.parallel().threads());
    }

    void run(long from, long to, int zeroPoint, int worker) {
      long wide = scratch.address() + workerBytes * worker;
      ByteLanes.widen(from, wide, plane, zeroPoint);
      planes.fill(wide, to, 0);
    }
  }

  /** One input channel in each group; see {@link DepthwiseConvolution}. */
  private static final class Depthwise extends QuantizedConvolution {
    private final Planes planes;
    private final Spread spread;
    private final int row;
    private final long planeBytes;
    private final long rowBytes;
    private final long workerBytes;
    private final MemorySegment scratch;

    Depthwise(
        QuantizedProduct parts,
        ConvolutionGeometry g,
        NodeCall.Facts facts,
        BoundNodeCall.Buffers buffers) {
      super(parts, g, facts, buffers);
      this.planes = new Planes(g.y(), g.x(), g.transposed(), buffers);
      this.spread = new Spread(g, planes, buffers);
      this.row = (g.y().out() - 1) * planes.pitch + g.x().out();
      this.planeBytes = (planes.byteSize(1) + 4L * Lanes.BYTES + 63) & -64;
      this.rowBytes = (4L * row + 5L * Lanes.BYTES + 63) & -64;
      this.workerBytes = planeBytes + 2 * rowBytes + ((4L * g.taps() + 63) & -64);
      this.scratch = buffers.scratch(workerBytes * parallel.threads());
    }

    @Override
    public void run() {
      prepare();
      parallel.run(g.batch() * g.groups(), this);
    }

    @Override
    public void run(int channel, int worker) {
      long plane = scratch.address() + workerBytes * worker;
      long sums = plane + planeBytes;
      long lines = sums + rowBytes;
      long filter = lines + rowBytes;
      int taps = g.taps();
      spread.run(input + channel * g.inputPlane(), plane, zeroPoints[0], worker);
      int width = g.x().out();
      for (int o = 0; o < g.out(); o++) {
        int row = channel % g.groups() * g.out() + o;
        int zero = weightZeroPoints[weightZeroPoints.length == 1 ? 0 : row];
        ByteLanes.widen(weight + (long) row * taps, filter, taps, zero);
        DepthwiseConvolution.sums(plane, planes.taps, filter, sums, this.row);
        for (int y = 0; y < g.y().out(); y++) { // closes the gaps between lines
          Lanes.copyBeyond(sums + 4L * y * planes.pitch, lines + 4L * y * width, width);
        }
        long element = ((long) channel * g.out() + o) * g.positions();
        results.run(lines, 0, g.positions(), row, 0, element);
      }
    }
  }
}
