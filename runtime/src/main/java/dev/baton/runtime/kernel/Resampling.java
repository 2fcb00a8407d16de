package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import java.util.Arrays;

/**
 * How one dimension is resampled: each output position is a weighted sum of input positions.
 *
 * @param index the input positions of each output position
 * @param weight their weights
 */
@SuppressWarnings("ArrayRecordComponent")
public record Resampling(int[][] index, double[][] weight) {
  private static final double CUBIC = -0.75;

  /** Two arrays of few elements, and the references to them. */
  private static final long BYTES_OF_A_POSITION = 96;

  /** How many positions, and which. */
  public enum Mode {
    NEAREST,
    LINEAR,
    CUBIC,
    ANTIALIASED
  }

  /**
   * The last three dimensions of a call, of which the operator resamples the last {@code spatial}.
   *
   * @param output shape of the result
   */
  public static Resampling[] of(BoundCall call, Shape output, int spatial, Mode mode) {
    boolean wide = call.type(input(call)).dtype() == DType.DOUBLE;
    boolean alignCorners = mode != Mode.NEAREST && call.bool("align_corners");
    double[] scales = scales(call, spatial);
    Resampling[] axes = {identity(call, 1), identity(call, 1), identity(call, 1)};
    for (int d = 0; d < spatial; d++) {
      axes[3 - spatial + d] =
          of(
              call,
              call.shape(input(call)).size(2 + d),
              output.size(2 + d),
              mode,
              alignCorners,
              scales[d],
              wide);
    }
    return axes;
  }

  private static Resampling identity(HeapArrays arrays, int size) {
    return of(arrays, size, size, Mode.NEAREST, false, 0, true);
  }

  /**
   * @param given the scale of the sizes that the caller gave; 0 if none
   */
  private static Resampling of(
      HeapArrays arrays,
      int in,
      int out,
      Mode mode,
      boolean alignCorners,
      double given,
      boolean wide) {
    arrays.heap(out * BYTES_OF_A_POSITION);
    int[][] index = new int[out][];
    double[][] weight = new double[out][];
    double scale =
        alignCorners
            ? (out > 1 ? divide(in - 1, out - 1, wide) : 0)
            : given > 0 ? round(1 / given, wide) : divide(in, out, wide);
    for (int o = 0; o < out; o++) {
      switch (mode) {
        case NEAREST -> {
          index[o] = new int[] {Math.min((int) round(o * scale, wide), in - 1)};
          weight[o] = new double[] {1};
        }
        case LINEAR -> {
          double real = Math.max(0, source(o, scale, alignCorners, wide));
          int low = Math.min((int) real, in - 1);
          double t = Math.min(real - low, 1);
          index[o] = new int[] {low, Math.min(low + 1, in - 1)};
          weight[o] = new double[] {1 - t, t};
        }
        case CUBIC -> {
          double real = source(o, scale, alignCorners, wide);
          int low = Math.min((int) Math.floor(real), in - 1);
          double t = Math.min(Math.max(real - low, 0), 1);
          index[o] = new int[4];
          for (int i = 0; i < 4; i++) {
            index[o][i] = Math.min(Math.max(low - 1 + i, 0), in - 1);
          }
          weight[o] = cubic(t);
        }
        case ANTIALIASED -> {
          double support = Math.max(scale, 1);
          double center = scale * (o + 0.5);
          int first = Math.max((int) (center - support + 0.5), 0);
          int count = Math.max(0, Math.min((int) (center + support + 0.5), in) - first);
          index[o] = arrays.ints(count);
          weight[o] = arrays.doubles(count);
          for (int i = 0; i < count; i++) {
            index[o][i] = first + i;
            weight[o][i] = Math.max(0, 1 - Math.abs((i + first - center + 0.5) / support));
          }
          double sum = Arrays.stream(weight[o]).sum();
          for (int i = 0; i < count && sum != 0; i++) {
            weight[o][i] /= sum;
          }
        }
      }
    }
    return new Resampling(index, weight);
  }

  /** PyTorch computes positions in float32, unless the tensor is wider. */
  private static double round(double value, boolean wide) {
    return wide ? value : (float) value;
  }

  private static double divide(int a, int b, boolean wide) {
    return wide ? (double) a / b : (float) a / b;
  }

  private static double source(int o, double scale, boolean alignCorners, boolean wide) {
    return alignCorners
        ? round(scale * o, wide)
        : round(round(scale * (o + 0.5), wide) - 0.5, wide);
  }

  /** Weights of the four neighbours of a position between the second and the third. */
  private static double[] cubic(double t) {
    return new double[] {outer(t + 1), inner(t), inner(1 - t), outer(2 - t)};
  }

  static double inner(double x) {
    return ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1;
  }

  static double outer(double x) {
    return ((CUBIC * x - 5 * CUBIC) * x + 8 * CUBIC) * x - 4 * CUBIC;
  }

  /** The parameter that holds the planes. */
  public static String input(Call call) {
    return call.node().name().endsWith(".vec") ? "input" : "self";
  }

  /** The scales that the caller gave; 0 where there is none. */
  static double[] scales(Call call, int spatial) {
    double[] scales = new double[spatial];
    if (call.node().name().endsWith(".vec")) {
      if (!call.isNone("scale_factors")) {
        scales = Arrays.copyOf(call.numbers("scale_factors"), spatial);
      } else if (call.isNone("output_size")) {
        throw new KernelException("expected output_size or scale_factors");
      }
      return scales;
    }
    String[] names =
        switch (spatial) {
          case 1 -> new String[] {"scales"};
          case 2 -> new String[] {"scales_h", "scales_w"};
          default -> new String[] {"scales_d", "scales_h", "scales_w"};
        };
    for (int d = 0; d < spatial; d++) {
      scales[d] = call.isNone(names[d]) ? 0 : call.number(names[d]);
    }
    return scales;
  }
}
