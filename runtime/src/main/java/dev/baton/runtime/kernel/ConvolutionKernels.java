package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * ConvolutionKernels as a matrix product: out (o, p) = weight (o, i·t) · columns (i·t, p), for each
 * image and group, with o output channels, i input channels, t taps of the kernel and p output
 * positions.
 */
final class ConvolutionKernels {
  private ConvolutionKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::convolution" -> new Plain(ConvolutionKernels::infer, ConvolutionKernels::bind);
      case "aten::convolution_backward" ->
          new Plain(ConvolutionKernels::inferBackward, ConvolutionKernels::bindBackward);
      default -> null;
    };
  }

  /**
   * A convolution over three spatial dimensions, of which the first may have size 1.
   *
   * @param in input channels of a group
   * @param out output channels of a group
   */
  private record Geometry(
      Shape shape,
      int batch,
      int groups,
      int in,
      int out,
      boolean transposed,
      Window z,
      Window y,
      Window x) {

    static Geometry of(Call call) {
      Shape input = call.shape("input");
      Shape weight = call.shape("weight");
      boolean transposed = call.bool("transposed");
      int groups = Math.toIntExact(call.integer("groups"));
      int spatial = weight.rank() - 2;
      if (spatial < 1 || spatial > 3 || input.rank() < spatial + 1 || input.rank() > spatial + 2) {
        throw new KernelException(
            "expected a convolution over one to three dimensions, not " + input + " by " + weight);
      }
      int batch = input.rank() == spatial + 1 ? 1 : input.size(0);
      int channels = input.size(-spatial - 1);
      int expected = transposed ? weight.size(0) : weight.size(1) * groups;
      if (groups < 1 || channels != expected || weight.size(0) % groups != 0) {
        throw new KernelException(
            "an input of "
                + channels
                + " channels in "
                + groups
                + " groups does not fit the weight "
                + weight);
      }
      int out = transposed ? weight.size(1) : weight.size(0) / groups;
      int[] stride = Window.argument(call, "stride", spatial, Window.fill(spatial, 1));
      int[] padding = Window.argument(call, "padding", spatial, Window.fill(spatial, 0));
      int[] dilation = Window.argument(call, "dilation", spatial, Window.fill(spatial, 1));
      int[] outputPadding =
          Window.argument(call, "output_padding", spatial, Window.fill(spatial, 0));
      Window[] windows = {Window.identity(1), Window.identity(1), Window.identity(1)};
      int[] sizes = Arrays.copyOf(input.sizes(), input.rank());
      sizes[input.rank() - spatial - 1] = out * groups;
      for (int d = 0; d < spatial; d++) {
        int size = input.size(d - spatial);
        int kernel = weight.size(d + 2);
        Window window =
            transposed
                ? Window.transposed(
                    size, kernel, stride[d], padding[d], dilation[d], outputPadding[d])
                : Window.convolution(size, kernel, stride[d], padding[d], dilation[d]);
        windows[3 - spatial + d] = window;
        sizes[input.rank() - spatial + d] = window.out();
      }
      if (Arrays.stream(windows).allMatch(Window::isIdentity)) { // pointwise: rows are planes
        int plane = Arrays.stream(windows).mapToInt(Window::in).reduce(1, Math::multiplyExact);
        windows = new Window[] {Window.identity(1), Window.identity(1), Window.identity(plane)};
      }
      return new Geometry(
          Shape.of(sizes),
          batch,
          groups,
          channels / groups,
          out,
          transposed,
          windows[0],
          windows[1],
          windows[2]);
    }

    int taps() {
      return Math.multiplyExact(Math.multiplyExact(z.kernel(), y.kernel()), x.kernel());
    }

    int positions() {
      return Math.multiplyExact(Math.multiplyExact(z.out(), y.out()), x.out());
    }

    long inputPlane() {
      return (long) z.in() * y.in() * x.in();
    }
  }

  private static List<TensorType> infer(Call call) {
    Geometry geometry = Geometry.of(call);
    DType dtype = call.type("input").dtype();
    if (!(dtype.isFloatingPoint() || dtype.isInteger())
        || call.type("weight").dtype() != dtype) {
      throw new KernelException(
          "expected input and weight of one dtype of numbers, not "
              + Promotion.name(dtype)
              + " and "
              + Promotion.name(call.type("weight").dtype()));
    }
    if (!call.isNone("bias")) {
      TensorType bias = call.type("bias");
      int channels = geometry.out * geometry.groups;
      if (bias.dtype() != dtype || !bias.shape().equals(Shape.of(channels))) {
        throw new KernelException(
            "expected a bias " + Promotion.name(dtype) + "[" + channels + "], not " + bias);
      }
    }
    return List.of(new TensorType(dtype, geometry.shape, false));
  }

  private static Step bind(BoundCall call) {
    return switch (call.output(0).dtype()) {
      case FLOAT -> bindSingle(call);
      case HALF, BFLOAT16 -> Widening.bind(call, ConvolutionKernels::bindSingle);
      default -> bindDouble(call);
    };
  }

  private static Step bindSingle(BoundCall call) {
    Geometry g = Geometry.of(call);
    int depth = Math.multiplyExact(g.in, g.taps());
    int positions = g.positions();
    Gemm gemm = new Gemm(g.out, positions, depth);
    Columns columns = new Columns(g, call.input("input").data());
    MemorySegment weight = call.input("weight").data();
    MemorySegment matrix = g.transposed ? call.scratch(weight.byteSize()) : weight;
    Operand biasOperand = call.inputOrNull("bias");
    MemorySegment bias = biasOperand == null ? null : biasOperand.data();
    MemorySegment out = call.output(0).data();
    return () -> {
      if (g.transposed) {
        inputChannelsLast(weight, matrix, g);
      }
      for (int n = 0; n < g.batch; n++) {
        for (int group = 0; group < g.groups; group++) {
          long first = ((long) n * g.groups + group) * g.out * positions;
          for (int o = 0; o < g.out; o++) {
            float start = bias == null ? 0 : bias.getAtIndex(JAVA_FLOAT, (long) group * g.out + o);
            for (int p = 0; p < positions; p++) {
              out.setAtIndex(JAVA_FLOAT, first + (long) o * positions + p, start);
            }
          }
          columns.base = ((long) n * g.groups + group) * g.in * g.inputPlane();
          gemm.run(matrix, (long) group * g.out * depth, depth, columns, out, first, 1);
        }
      }
    };
  }

  /** (g·i, o, t) to (g, o, i, t): a transposed convolution's weight as the other's. */
  private static void inputChannelsLast(MemorySegment from, MemorySegment to, Geometry g) {
    long row = (long) g.taps() * Float.BYTES;
    for (int group = 0; group < g.groups; group++) {
      for (int o = 0; o < g.out; o++) {
        for (int i = 0; i < g.in; i++) {
          long source = ((long) group * g.in + i) * g.out + o;
          long target = ((long) group * g.out + o) * g.in + i;
          MemorySegment.copy(from, source * row, to, target * row, row);
        }
      }
    }
  }

  /** Row (i, t) of the columns is what tap t reads of channel i, for each output position. */
  private static final class Columns implements Gemm.Panel {
    private final Geometry g;
    private final MemorySegment input;
    long base;

    Columns(Geometry g, MemorySegment input) {
      this.g = g;
      this.input = input;
    }

    @Override
    public void fill(float[][] panel, int k0, int kn, int n0, int nn) {
      int taps = g.taps();
      int width = g.x.out();
      for (int k = k0; k < k0 + kn; k++) {
        float[] row = panel[k - k0];
        long channel = base + k / taps * g.inputPlane();
        int tapX = k % g.x.kernel();
        int tapY = k / g.x.kernel() % g.y.kernel();
        int tapZ = k % taps / (g.x.kernel() * g.y.kernel());
        for (int j = 0, run; j < nn; j += run) {
          int line = (n0 + j) / width;
          int from = (n0 + j) % width;
          run = Math.min(width - from, nn - j);
          int oy = line % g.y.out();
          int oz = line / g.y.out();
          int y = g.transposed ? g.y.source(oy, tapY) : g.y.at(oy, tapY);
          int z = g.transposed ? g.z.source(oz, tapZ) : g.z.at(oz, tapZ);
          if (y < 0 || z < 0) {
            Arrays.fill(row, j, j + run, 0);
          } else {
            long start = channel + ((long) z * g.y.in() + y) * g.x.in();
            if (g.transposed) {
              spread(row, j, start, from, run, tapX);
            } else {
              read(row, j, start, from, run, tapX);
            }
          }
        }
      }
    }

    private void read(float[] row, int j, long start, int from, int run, int tap) {
      int low = Math.min(run, Math.max(0, g.x.firstReaching(0, tap) - from));
      int high = Math.min(run, Math.max(low, g.x.firstReaching(g.x.in(), tap) - from));
      Arrays.fill(row, j, j + low, 0);
      Arrays.fill(row, j + high, j + run, 0);
      if (low == high) {
        return; // padding throughout
      }
      int stride = g.x.stride();
      long at = start + g.x.start(from) + tap * g.x.dilation();
      if (stride == 1) {
        MemorySegment.copy(input, JAVA_FLOAT, (at + low) * Float.BYTES, row, j + low, high - low);
      } else {
        for (int i = low; i < high; i++) {
          row[j + i] = input.getAtIndex(JAVA_FLOAT, at + (long) i * stride);
        }
      }
    }

    private void spread(float[] row, int j, long start, int from, int run, int tap) {
      for (int i = 0; i < run; i++) {
        int x = g.x.source(from + i, tap);
        row[j + i] = x < 0 ? 0 : input.getAtIndex(JAVA_FLOAT, start + x);
      }
    }
  }

  private static Step bindDouble(BoundCall call) {
    Geometry g = Geometry.of(call);
    Elements input = Elements.of(call.input("input"));
    Elements weight = Elements.of(call.input("weight"));
    Operand biasOperand = call.inputOrNull("bias");
    Elements bias = biasOperand == null ? null : Elements.of(biasOperand);
    Elements out = Elements.of(call.output(0));
    int taps = g.taps();
    return () -> {
      long at = 0;
      for (int n = 0; n < g.batch; n++) {
        for (int o = 0; o < g.groups * g.out; o++) {
          int group = o / g.out;
          for (int p = 0; p < g.positions(); p++) {
            double sum = bias == null ? 0 : bias.getDouble(o);
            for (int i = 0; i < g.in; i++) {
              long channel = ((long) n * g.groups + group) * g.in + i;
              long row =
                  g.transposed
                      ? ((long) group * g.in + i) * g.out + o % g.out
                      : (long) o * g.in + i;
              for (int t = 0; t < taps; t++) {
                long from = index(g, p, t);
                if (from >= 0) {
                  sum +=
                      weight.getDouble(row * taps + t)
                          * input.getDouble(channel * g.inputPlane() + from);
                }
              }
            }
            out.setDouble(at++, sum);
          }
        }
      }
    };
  }

  /** Index in its plane of the input element that an output position's tap reads; −1 if none. */
  private static long index(Geometry g, int position, int tap) {
    int ox = position % g.x.out();
    int oy = position / g.x.out() % g.y.out();
    int oz = position / g.x.out() / g.y.out();
    int tx = tap % g.x.kernel();
    int ty = tap / g.x.kernel() % g.y.kernel();
    int tz = tap / g.x.kernel() / g.y.kernel();
    int x = g.transposed ? g.x.source(ox, tx) : g.x.at(ox, tx);
    int y = g.transposed ? g.y.source(oy, ty) : g.y.at(oy, ty);
    int z = g.transposed ? g.z.source(oz, tz) : g.z.at(oz, tz);
    return x < 0 || y < 0 || z < 0 ? -1 : ((long) z * g.y.in() + y) * g.x.in() + x;
  }

  /** Gradients of input, weight and bias; zeros where the mask does not ask for one. */
  private static List<TensorType> inferBackward(Call call) {
    Geometry geometry = Geometry.of(call);
    TensorType gradient = call.type("grad_output");
    TensorType input = call.type("input");
    TensorType weight = call.type("weight");
    DType dtype = input.dtype();
    if (!dtype.isFloatingPoint()
        || weight.dtype() != dtype
        || gradient.dtype() != dtype
        || !gradient.shape().equals(geometry.shape)) {
      throw new KernelException(
          "expected the gradient "
              + new TensorType(dtype, geometry.shape, false)
              + " of a convolution of "
              + input
              + " by "
              + weight
              + ", not "
              + gradient);
    }
    if (call.integers("output_mask").length != 3) {
      throw new KernelException("the mask says yes or no to three gradients");
    }
    return List.of(input, weight, TensorType.of(dtype, geometry.out * geometry.groups));
  }

  private static Step bindBackward(BoundCall call) {
    Geometry g = Geometry.of(call);
    Elements gradient = Elements.of(call.input("grad_output"));
    Elements input = Elements.of(call.input("input"));
    Elements weight = Elements.of(call.input("weight"));
    long[] wanted = call.integers("output_mask");
    double[][] sums = new double[3][];
    Elements[] outs = new Elements[3];
    for (int r = 0; r < 3; r++) {
      outs[r] = Elements.of(call.output(r));
      sums[r] = new double[Math.toIntExact(call.output(r).shape().numel())];
    }
    int taps = g.taps();
    int positions = g.positions();
    return () -> {
      for (double[] sum : sums) {
        Arrays.fill(sum, 0);
      }
      for (int n = 0, at = 0; n < g.batch; n++) {
        for (int o = 0; o < g.groups * g.out; o++) {
          int group = o / g.out;
          for (int p = 0; p < positions; p++) {
            double slope = gradient.getDouble(at++);
            sums[2][o] += slope;
            for (int i = 0; i < g.in; i++) {
              long channel = ((long) n * g.groups + group) * g.in + i;
              long row =
                  g.transposed
                      ? ((long) group * g.in + i) * g.out + o % g.out
                      : (long) o * g.in + i;
              for (int t = 0; t < taps; t++) {
                long from = index(g, p, t);
                if (from >= 0) {
                  long x = channel * g.inputPlane() + from;
                  long w = row * taps + t;
                  sums[0][(int) x] += weight.getDouble(w) * slope;
                  sums[1][(int) w] += input.getDouble(x) * slope;
                }
              }
            }
          }
        }
      }
      for (int r = 0; r < 3; r++) {
        Elements out = outs[r];
        for (int i = 0; i < sums[r].length; i++) {
          out.setDouble(i, wanted[r] == 0 ? 0 : sums[r][i]);
        }
      }
    };
  }
}
