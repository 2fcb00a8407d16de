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
 * Convolution as a matrix product: out (o, p) = weight (o, i·t) · columns (i·t, p), for each image
 * and group, with o output channels, i input channels, t taps of the kernel and p output positions.
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

  private static List<TensorType> infer(Call call) {
    ConvolutionGeometry geometry = ConvolutionGeometry.of(call);
    DType dtype = call.type("input").dtype();
    if (!(dtype.isFloatingPoint() || dtype.isInteger()) || call.type("weight").dtype() != dtype) {
      throw new KernelException(
          "expected input and weight of one dtype of numbers, not "
              + Promotion.name(dtype)
              + " and "
              + Promotion.name(call.type("weight").dtype()));
    }
    if (!call.isNone("bias")) {
      TensorType bias = call.type("bias");
      int channels = geometry.out() * geometry.groups();
      if (bias.dtype() != dtype || !bias.shape().equals(Shape.of(channels))) {
        throw new KernelException(
            "expected a bias " + Promotion.name(dtype) + "[" + channels + "], not " + bias);
      }
    }
    return List.of(new TensorType(dtype, geometry.shape(), false));
  }

  private static Step bind(BoundCall call) {
    return switch (call.output(0).dtype()) {
      case FLOAT -> bindSingle(call);
      case HALF, BFLOAT16 -> Widening.bind(call, ConvolutionKernels::bindSingle);
      default -> bindDouble(call);
    };
  }

  private static Step bindSingle(BoundCall call) {
    ConvolutionGeometry g = ConvolutionGeometry.of(call);
    int depth = Math.multiplyExact(g.in(), g.taps());
    int positions = g.positions();
    Gemm gemm = new Gemm(call, g.out(), positions, depth);
    Columns columns = new Columns(g, call.input("input").data());
    MemorySegment weight = call.input("weight").data();
    MemorySegment matrix = g.transposed() ? call.scratch(weight.byteSize()) : weight;
    Operand biasOperand = call.inputOrNull("bias");
    MemorySegment bias = biasOperand == null ? null : biasOperand.data();
    MemorySegment out = call.output(0).data();
    return () -> {
      if (g.transposed()) {
        g.exchangeChannels(weight, matrix, Float.BYTES);
      }
      for (int n = 0; n < g.batch(); n++) {
        for (int group = 0; group < g.groups(); group++) {
          long first = ((long) n * g.groups() + group) * g.out() * positions;
          for (int o = 0; o < g.out(); o++) {
            float start =
                bias == null ? 0 : bias.getAtIndex(JAVA_FLOAT, (long) group * g.out() + o);
            for (int p = 0; p < positions; p++) {
              out.setAtIndex(JAVA_FLOAT, first + (long) o * positions + p, start);
            }
          }
          columns.of(n, group);
          gemm.run(matrix, (long) group * g.out() * depth, depth, columns, out, first, 1);
        }
      }
    };
  }

  /** Columns of float32. */
  private static final class Columns extends ConvolutionColumns implements Gemm.Panel {
    private final MemorySegment input;
    private float[][] panel = {};

    Columns(ConvolutionGeometry g, MemorySegment input) {
      super(g);
      this.input = input;
    }

    @Override
    public void fill(float[][] into, int k0, int kn, int n0, int nn) {
      panel = into;
      fill(k0, kn, n0, nn);
    }

    @Override
    void pad(int row, int from, int to) {
      Arrays.fill(panel[row], from, to, 0);
    }

    @Override
    void read(int row, int to, long at, int stride, int count) {
      if (stride == 1) {
        MemorySegment.copy(input, JAVA_FLOAT, at * Float.BYTES, panel[row], to, count);
      } else {
        for (int i = 0; i < count; i++) {
          panel[row][to + i] = input.getAtIndex(JAVA_FLOAT, at + (long) i * stride);
        }
      }
    }
  }

  private static Step bindDouble(BoundCall call) {
    ConvolutionGeometry g = ConvolutionGeometry.of(call);
    Elements input = Elements.of(call.input("input"));
    Elements weight = Elements.of(call.input("weight"));
    Operand biasOperand = call.inputOrNull("bias");
    Elements bias = biasOperand == null ? null : Elements.of(biasOperand);
    Elements out = Elements.of(call.output(0));
    int taps = g.taps();
    return () -> {
      long at = 0;
      for (int n = 0; n < g.batch(); n++) {
        for (int o = 0; o < g.groups() * g.out(); o++) {
          int group = o / g.out();
          for (int p = 0; p < g.positions(); p++) {
            double sum = bias == null ? 0 : bias.getDouble(o);
            for (int i = 0; i < g.in(); i++) {
              long channel = ((long) n * g.groups() + group) * g.in() + i;
              long row =
                  g.transposed()
                      ? ((long) group * g.in() + i) * g.out() + o % g.out()
                      : (long) o * g.in() + i;
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
  private static long index(ConvolutionGeometry g, int position, int tap) {
    int ox = position % g.x().out();
    int oy = position / g.x().out() % g.y().out();
    int oz = position / g.x().out() / g.y().out();
    int tx = tap % g.x().kernel();
    int ty = tap / g.x().kernel() % g.y().kernel();
    int tz = tap / g.x().kernel() / g.y().kernel();
    int x = g.transposed() ? g.x().source(ox, tx) : g.x().at(ox, tx);
    int y = g.transposed() ? g.y().source(oy, ty) : g.y().at(oy, ty);
    int z = g.transposed() ? g.z().source(oz, tz) : g.z().at(oz, tz);
    return x < 0 || y < 0 || z < 0 ? -1 : ((long) z * g.y().in() + y) * g.x().in() + x;
  }

  /** Gradients of input, weight and bias; zeros where the mask does not ask for one. */
  private static List<TensorType> inferBackward(Call call) {
    ConvolutionGeometry geometry = ConvolutionGeometry.of(call);
    TensorType gradient = call.type("grad_output");
    TensorType input = call.type("input");
    TensorType weight = call.type("weight");
    DType dtype = input.dtype();
    if (!dtype.isFloatingPoint()
        || weight.dtype() != dtype
        || gradient.dtype() != dtype
        || !gradient.shape().equals(geometry.shape())) {
      throw new KernelException(
          "expected the gradient "
              + new TensorType(dtype, geometry.shape(), false)
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
    return List.of(input, weight, TensorType.of(dtype, geometry.out() * geometry.groups()));
  }

  private static Step bindBackward(BoundCall call) {
    ConvolutionGeometry g = ConvolutionGeometry.of(call);
    Elements gradient = Elements.of(call.input("grad_output"));
    Elements input = Elements.of(call.input("input"));
    Elements weight = Elements.of(call.input("weight"));
    long[] wanted = call.integers("output_mask");
    double[][] sums = new double[3][];
    Elements[] outs = new Elements[3];
    for (int r = 0; r < 3; r++) {
      outs[r] = Elements.of(call.output(r));
      sums[r] = call.doubles(call.output(r).shape().numel());
    }
    int taps = g.taps();
    int positions = g.positions();
    return () -> {
      for (double[] sum : sums) {
        Arrays.fill(sum, 0);
      }
      long at = 0;
      for (int n = 0; n < g.batch(); n++) {
        for (int o = 0; o < g.groups() * g.out(); o++) {
          int group = o / g.out();
          for (int p = 0; p < positions; p++) {
            double slope = gradient.getDouble(at++);
            sums[2][o] += slope;
            for (int i = 0; i < g.in(); i++) {
              long channel = ((long) n * g.groups() + group) * g.in() + i;
              long row =
                  g.transposed()
                      ? ((long) group * g.in() + i) * g.out() + o % g.out()
                      : (long) o * g.in() + i;
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
