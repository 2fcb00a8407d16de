package dev.baton.kernels.vector;

import dev.baton.graph.DType;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.ConvolutionGeometry;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.PhaseLayout;
import dev.baton.runtime.kernel.Step;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Convolution over one or two dimensions: for each image and group out (o, p) = weight (o, i·t) ·
 * columns (i·t, p), with o output channels, i input channels, t taps of the kernel and p output
 * positions. Vectors lie along p. The columns of a block are put together as the product needs
 * them.
 *
 * <p>With one input channel in a group, {@link DepthwiseConvolution} does it without columns.
 */
final class Convolution implements FastKernel {
  @Override
  public boolean supports(Call call) {
    ConvolutionGeometry g = ConvolutionGeometry.of(call);
    return call.type("input").dtype() == DType.FLOAT
        && g.z().isIdentity()
        && g.z().in() == 1
        && g.in() > 0
        && (g.shape().numel() == 0 || PhaseLayout.fits(g.y(), g.x(), g.transposed()))
        && (!g.transposed() || call.node().tensor("weight").isConstant());
  }

  @Override
  public boolean absorbs(Call call, List<Call> before, Call next) {
    boolean rowsAreChannels = call.shape("input").rank() == call.shape("weight").rank();
    return Epilogue.takes(next) || (rowsAreChannels && Epilogue.takesOfChannels(next));
  }

  @Override
  public Step bind(BoundCall call) {
    ConvolutionGeometry g = ConvolutionGeometry.of(call);
    if (g.shape().numel() == 0) {
      return () -> {};
    }
    Operand bias = call.inputOrNull("bias");
    Epilogue epilogue = Epilogue.of(call, bias, true);
    long weight = weight(call, g);
    if (g.in() == 1) {
      return new DepthwiseConvolution(call, g, weight, epilogue);
    }
    return g.x().isIdentity() && g.y().isIdentity()
        ? new Pointwise(call, g, weight, epilogue)
        : new Windowed(call, g, weight, epilogue);
  }

  /** Address of the weight as (groups · out, in, taps), a transposed one turned round. */
  private static long weight(BoundCall call, ConvolutionGeometry g) {
    Operand weight = call.input("weight");
    if (!g.transposed()) {
      return weight.data().address();
    }
    MemorySegment packed = call.packed("weight", new Turned(g, Float.BYTES));
    if (packed == null) {
      throw new IllegalStateException("a transposed convolution whose weight is no constant");
    }
    return packed.address();
  }

  /** What both forms of the product have. */
  private abstract static class Product implements Step, Parallel.Task, Gemm.Source {
    final ConvolutionGeometry g;
    final Gemm gemm;
    final Parallel parallel;
    final long input;
    private final long output;
    private final long weight;
    private final Epilogue epilogue;
    private final MemorySegment scratch;
    private final long workerBytes;
    private final long packedBytes;
    private final Parallel.Task packer = this::pack;

    /**
     * @param products that run at once
     * @param shared bytes of scratch for all workers
     */
    Product(
        BoundCall call,
        ConvolutionGeometry g,
        long weight,
        Epilogue epilogue,
        int products,
        long shared) {
      this.g = g;
      this.parallel = call.parallel();
      this.gemm =
          new Gemm(
              g.out(),
              g.positions(),
              g.in() * g.taps(),
              products,
              parallel.threads(),
              Gemm.Keeps.COLUMNS);
      this.input = call.input("input").data().address();
      this.output = call.output(0).data().address();
      this.weight = weight;
      this.epilogue = epilogue;
      this.workerBytes = (gemm.scratchBytes() + 63) & -64;
      this.packedBytes = (gemm.packedBytes() + 63) & -64;
      this.scratch = call.scratch(workerBytes * parallel.threads() + packedBytes + shared);
    }

    /** Address of the columns, if they are all put together before the product; else 0. */
    private long packed() {
      return gemm.packsFirst ? scratch.address() + workerBytes * parallel.threads() : 0;
    }

    /** Address of the scratch that workers share. */
    long shared() {
      return scratch.address() + workerBytes * parallel.threads() + packedBytes;
    }

    /** Puts the columns of the step's one product together, if its tasks share them. */
    void pack() {
      if (gemm.packsFirst) {
        parallel.run(gemm.panels.count, packer);
      }
    }

    private void pack(int panel, int worker) {
      begin(0, worker);
      gemm.pack(this, packed(), panel, worker);
    }

    /** Prepares {@link #fill} for one of the products that run at once. */
    abstract void begin(int product, int worker);

    /** Computes a task of the product of an image and group. */
    void product(int image, int group, int task, int worker) {
      long element = ((long) image * g.groups() + group) * g.out() * g.positions();
      gemm.run(
          task,
          worker,
          weight + 4L * group * g.out() * gemm.k,
          packed(),
          this,
          output + 4 * element,
          scratch.address() + workerBytes * worker,
          epilogue,
          element,
          group * g.out());
    }
  }

  /** One tap, stride 1, no padding: the columns are the input's planes. */
  private static final class Pointwise extends Product {
    private final long[] bases;

    Pointwise(BoundCall call, ConvolutionGeometry g, long weight, Epilogue epilogue) {
      super(call, g, weight, epilogue, g.batch() * g.groups(), 0);
      this.bases = new long[parallel.threads()];
    }

    @Override
    public void run() {
      pack();
      parallel.run(gemm.tasks * g.batch() * g.groups(), this);
    }

    @Override
    void begin(int product, int worker) {
      bases[worker] = input + 4 * product * (g.in() * g.inputPlane());
    }

    @Override
    public void run(int task, int worker) {
      int product = task / gemm.tasks;
      begin(product, worker);
      product(product / g.groups(), product % g.groups(), task % gemm.tasks, worker);
    }

    @Override
    public void fill(long to, int k0, int kn, int panel, int worker) {
      gemm.panels.fill(bases[worker], to, k0, kn, panel);
    }
  }

  /** Any window: each image's planes are written with their padding first. */
  private static final class Windowed extends Product {
    private final Planes planes;
    private final int channels;
    private final Columns columns;
    private final int[] runs;
    private final Parallel.Task pad;
    private int image;

    Windowed(BoundCall call, ConvolutionGeometry g, long weight, Epilogue epilogue) {
      this(call, g, weight, epilogue, new Planes(g.y(), g.x(), g.transposed(), call));
    }

    private Windowed(
        BoundCall call, ConvolutionGeometry g, long weight, Epilogue epilogue, Planes planes) {
      super(call, g, weight, epilogue, g.groups(), planes.byteSize(g.in() * g.groups()));
      this.planes = planes;
      this.channels = g.in() * g.groups();
      this.runs = new int[parallel.threads()];
      this.columns = new Columns(planes, g.x().out(), gemm.panels, parallel.threads());
      long first = shared();
      this.pad =
          (channel, worker) ->
              planes.fill(
                  input + 4 * ((long) image * channels + channel) * g.inputPlane(),
                  first + 4L * planes.size * channel,
                  0);
    }

    @Override
    public void run() {
      for (image = 0; image < g.batch(); image++) {
        parallel.run(channels, pad);
        pack();
        parallel.run(gemm.tasks * g.groups(), this);
      }
    }

    @Override
    void begin(int product, int worker) {
      runs[worker] = product;
    }

    @Override
    public void run(int task, int worker) {
      begin(task / gemm.tasks, worker);
      product(image, task / gemm.tasks, task % gemm.tasks, worker);
    }

    @Override
    public void fill(long to, int k0, int kn, int panel, int worker) {
      long group = shared() + 4L * planes.size * runs[worker] * g.in();
      columns.fill(group, to, k0, kn, panel, worker);
    }
  }

  static @Nullable FastKernel find(String operator) {
    return operator.equals("aten::convolution") ? new Convolution() : null;
  }
}
