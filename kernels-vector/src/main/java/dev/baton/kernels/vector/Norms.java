package dev.baton.kernels.vector;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.Step;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Layer norm, RMS norm, group norm, and batch norm by running statistics; statistics in float32,
 * those of layers and groups of x − mean.
 */
enum Norms implements FastKernel {
  /** Rows of (…, normalized). */
  LAYER {
    @Override
    public boolean supports(Call call) {
      return isFloat(call);
    }

    @Override
    public Step bind(BoundCall call) {
      int n = normalized(call);
      Statistics statistics = new Statistics(call, n);
      long weight = Lanes.addressOrZero(call.inputOrNull("weight"));
      long bias = Lanes.addressOrZero(call.inputOrNull("bias"));
      return Rows.step(
          call,
          rows(call, n),
          n,
          row -> {
            long at = 4 * row * n;
            float mean = statistics.mean(row);
            float scale = statistics.scale(row, mean);
            RowLoops.normalize(
                statistics.from + at, statistics.to + at, n, mean, scale, weight, bias);
          });
    }
  },

  /** Rows of (…, normalized). */
  RMS {
    @Override
    public boolean supports(Call call) {
      return isFloat(call);
    }

    @Override
    public Step bind(BoundCall call) {
      int n = normalized(call);
      double eps = call.isNone("eps") ? Math.ulp(1f) : call.number("eps");
      long from = call.input("input").data().address();
      long to = call.output(0).data().address();
      long weight = Lanes.addressOrZero(call.inputOrNull("weight"));
      return Rows.step(
          call,
          rows(call, n),
          n,
          row -> {
            long at = 4 * row * n;
            double squares = RowLoops.squares(from + at, n, 0);
            float scale = (float) (1 / Math.sqrt(squares / n + eps));
            RowLoops.normalize(from + at, to + at, n, 0, scale, weight, 0);
          });
    }
  },

  /** Input (N, C, …), the C in groups. */
  GROUP {
    @Override
    public boolean supports(Call call) {
      return isFloat(call);
    }

    @Override
    public Step bind(BoundCall call) {
      // From the shape alone: N, C and HxW are the file's, and nobody has compared them with it.
      Shape shape = call.shape("input");
      boolean composite = call.node().name().equals("aten::group_norm");
      int groups = Math.toIntExact(call.integer(composite ? "num_groups" : "group"));
      int channels = shape.size(1) / groups;
      long planes = (long) shape.size(0) * shape.size(1);
      int plane = planes == 0 ? 0 : Math.toIntExact(shape.numel() / planes);
      int length = Math.multiplyExact(channels, plane);
      Statistics statistics = new Statistics(call, length);
      long weight = Lanes.addressOrZero(call.inputOrNull("weight"));
      long bias = Lanes.addressOrZero(call.inputOrNull("bias"));
      return Rows.step(
          call,
          (long) shape.size(0) * groups,
          length,
          row -> {
            float mean = statistics.mean(row);
            float scale = statistics.scale(row, mean);
            for (int c = 0; c < channels; c++) {
              long channel = row % groups * channels + c;
              float w = scale * (weight == 0 ? 1 : Lanes.get(weight + 4 * channel));
              float b = (bias == 0 ? 0 : Lanes.get(bias + 4 * channel)) - mean * w;
              long at = 4 * (row * channels + c) * plane;
              RowLoops.affine(statistics.from + at, statistics.to + at, plane, w, b);
            }
          });
    }
  },

  /** Input (N, C, …), each channel by its running mean and variance. */
  BATCH {
    @Override
    public boolean supports(Call call) {
      return BatchNorm.is(call);
    }

    @Override
    public Step bind(BoundCall call) {
      Shape shape = call.shape("input");
      int channels = shape.size(1);
      long planes = (long) shape.size(0) * channels;
      int plane = planes == 0 ? 0 : Math.toIntExact(shape.numel() / planes);
      long from = call.input("input").data().address();
      long to = call.output(0).data().address();
      BatchNorm norm = new BatchNorm(call);
      return Rows.step(
          call,
          planes,
          plane,
          row -> {
            int channel = (int) (row % channels);
            long at = 4 * row * plane;
            RowLoops.affine(from + at, to + at, plane, norm.scale(channel), norm.shift(channel));
          });
    }
  };

  static @Nullable FastKernel find(String operator) {
    return switch (operator) {
      case "aten::native_layer_norm", "aten::layer_norm" -> LAYER;
      case "aten::rms_norm" -> RMS;
      case "aten::native_group_norm", "aten::group_norm" -> GROUP;
      default -> BatchNorm.NAMES.contains(operator) ? BATCH : null;
    };
  }

  private static boolean isFloat(Call call) {
    return call.node().inputs().stream()
        .allMatch(v -> v.type() instanceof TensorType t && t.dtype() == DType.FLOAT);
  }

  /** Elements of a row. */
  private static int normalized(Call call) {
    return Math.toIntExact(
        Arrays.stream(call.integers("normalized_shape")).reduce(1, Math::multiplyExact));
  }

  private static long rows(Call call, int length) {
    return length == 0 ? 0 : call.shape("input").numel() / length;
  }

  /** Mean and reciprocal deviation of rows, which are the second and third result. */
  private static final class Statistics {
    final long from;
    final long to;
    private final int length;
    private final double eps;
    private final long means;
    private final long deviations;

    Statistics(BoundCall call, int length) {
      this.length = length;
      this.eps = call.number("eps");
      this.from = call.input("input").data().address();
      this.to = call.output(0).data().address();
      this.means = call.outputCount() == 3 ? call.output(1).data().address() : 0;
      this.deviations = call.outputCount() == 3 ? call.output(2).data().address() : 0;
    }

    float mean(long row) {
      float mean = RowLoops.sum(from + 4 * row * length, length) / length;
      if (means != 0) {
        Lanes.set(means + 4 * row, mean);
      }
      return mean;
    }

    float scale(long row, float mean) {
      double squares = RowLoops.squares(from + 4 * row * length, length, mean);
      float scale = (float) (1 / Math.sqrt(squares / length + eps));
      if (deviations != 0) {
        Lanes.set(deviations + 4 * row, scale);
      }
      return scale;
    }
  }
}
