package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Batch, layer, group and RMS norm; statistics in double. */
final class NormKernels {
  private NormKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::_native_batch_norm_legit_no_training",
          "aten::_native_batch_norm_legit",
          "aten::_native_batch_norm_legit.no_stats",
          "aten::native_batch_norm" ->
          new Plain(NormKernels::inferBatchNorm, NormKernels::bindBatchNorm, "input");
      case "aten::native_layer_norm", "aten::layer_norm" ->
          new Plain(NormKernels::inferLayerNorm, NormKernels::bindLayerNorm, "input");
      case "aten::native_group_norm", "aten::group_norm" ->
          new Plain(NormKernels::inferGroupNorm, NormKernels::bindGroupNorm, "input");
      case "aten::rms_norm" ->
          new Plain(NormKernels::inferRmsNorm, NormKernels::bindRmsNorm, "input");
      default -> null;
    };
  }

  private static DType real(Call call) {
    DType dtype = call.type("input").dtype();
    if (!dtype.isFloatingPoint()) {
      throw new KernelException("expected a real tensor, not " + Promotion.name(dtype));
    }
    return dtype;
  }

  private static void check(Call call, String parameter, Shape expected) {
    if (!call.isNone(parameter) && !call.shape(parameter).equals(expected)) {
      throw new KernelException(
          "expected " + parameter + " of sizes " + expected + ", not " + call.shape(parameter));
    }
  }

  /** The elements of an optional tensor as doubles, read at each run. */
  private static Step read(BoundCall call, String parameter, double[] into, double orElse) {
    Operand operand = call.inputOrNull(parameter);
    if (operand == null) {
      Arrays.fill(into, orElse);
      return () -> {};
    }
    Rows rows = new Rows(operand);
    return () -> rows.load(0, 1, into.length, into, 0);
  }

  // Batch norm: input (N, C, …), each channel by its own statistics.

  private static boolean ofBatch(Call call) {
    return switch (call.node().name()) {
      case "aten::_native_batch_norm_legit_no_training" -> false;
      case "aten::_native_batch_norm_legit.no_stats" -> true;
      default -> call.bool("training");
    };
  }

  private static boolean hasStatistics(Call call) {
    return !call.node().name().equals("aten::_native_batch_norm_legit.no_stats")
        && !call.isNone("running_mean");
  }

  private static List<TensorType> inferBatchNorm(Call call) {
    DType dtype = real(call);
    Shape input = call.shape("input");
    if (input.rank() < 2) {
      throw new KernelException("expected a tensor (batch, channels, …), not " + input);
    }
    Shape channels = Shape.of(input.size(1));
    check(call, "weight", channels);
    check(call, "bias", channels);
    boolean ofBatch = ofBatch(call);
    if (hasStatistics(call)) {
      if (call.isNone("running_var")) {
        throw new KernelException("a running mean without a running variance");
      }
      check(call, "running_mean", channels);
      check(call, "running_var", channels);
      if (ofBatch) {
        throw new KernelException("expected a batch norm that is not training its statistics");
      }
    } else if (!ofBatch) {
      throw new KernelException("a batch norm that is not training needs running statistics");
    }
    TensorType saved = new TensorType(dtype, ofBatch ? channels : Shape.of(0), false);
    return List.of(new TensorType(dtype, input, false), saved, saved);
  }

  private static Step bindBatchNorm(BoundCall call) {
    Operand input = call.input("input");
    Shape shape = input.shape();
    int batch = shape.size(0);
    int channels = shape.size(1);
    int plane = channels == 0 || batch == 0 ? 0 : Math.toIntExact(shape.numel() / channels / batch);
    double eps = call.number("eps");
    double[] weight = call.doubles(channels);
    double[] bias = call.doubles(channels);
    double[] mean = call.doubles(channels);
    double[] variance = call.doubles(channels);
    double[] row = call.doubles(plane);
    Step readWeight = read(call, "weight", weight, 1);
    Step readBias = read(call, "bias", bias, 0);
    Rows rows = new Rows(input);
    Rows out = new Rows(call.output(0));
    boolean ofBatch = ofBatch(call);
    Step statistics;
    if (ofBatch) {
      Elements savedMean = Elements.of(call.output(1));
      Elements savedDeviation = Elements.of(call.output(2));
      statistics =
          () -> {
            for (int c = 0; c < channels; c++) {
              long count = (long) batch * plane;
              double sum = 0;
              for (int n = 0; n < batch; n++) {
                rows.load(((long) n * channels + c) * plane, 1, plane, row, 0);
                sum += sum(row);
              }
              mean[c] = sum / count;
              double squares = 0;
              for (int n = 0; n < batch; n++) {
                rows.load(((long) n * channels + c) * plane, 1, plane, row, 0);
                squares += squares(row, mean[c]);
              }
              variance[c] = squares / count;
              savedMean.setDouble(c, mean[c]);
              savedDeviation.setDouble(c, 1 / Math.sqrt(variance[c] + eps));
            }
          };
    } else {
      Step readMean = read(call, "running_mean", mean, 0);
      Step readVariance = read(call, "running_var", variance, 1);
      statistics =
          () -> {
            readMean.run();
            readVariance.run();
          };
    }
    return () -> {
      readWeight.run();
      readBias.run();
      statistics.run();
      for (int n = 0; n < batch; n++) {
        for (int c = 0; c < channels; c++) {
          double scale = weight[c] / Math.sqrt(variance[c] + eps);
          double shift = bias[c] - mean[c] * scale;
          long at = ((long) n * channels + c) * plane;
          rows.load(at, 1, plane, row, 0);
          for (int i = 0; i < plane; i++) {
            row[i] = row[i] * scale + shift;
          }
          out.store(at, 1, plane, row);
        }
      }
    };
  }

  private static double sum(double[] row) {
    double sum = 0;
    for (double x : row) {
      sum += x;
    }
    return sum;
  }

  private static double squares(double[] row, double mean) {
    double sum = 0;
    for (double x : row) {
      sum += (x - mean) * (x - mean);
    }
    return sum;
  }

  // Layer norm and RMS norm: the last dimensions are one row.

  static Shape normalized(Call call) {
    int[] sizes =
        Arrays.stream(call.integers("normalized_shape")).mapToInt(Math::toIntExact).toArray();
    Shape input = call.shape("input");
    int outer = input.rank() - sizes.length;
    if (sizes.length == 0
        || outer < 0
        || !Arrays.equals(sizes, Arrays.copyOfRange(input.sizes(), outer, input.rank()))) {
      throw new KernelException(
          "expected a tensor that ends with " + Arrays.toString(sizes) + ", not " + input);
    }
    return Shape.of(sizes);
  }

  private static List<TensorType> inferLayerNorm(Call call) {
    TensorType out = new TensorType(real(call), call.shape("input"), false);
    Shape normalized = normalized(call);
    check(call, "weight", normalized);
    check(call, "bias", normalized);
    if (call.node().name().equals("aten::layer_norm")) {
      return List.of(out);
    }
    int[] sizes = out.shape().sizes();
    Arrays.fill(sizes, sizes.length - normalized.rank(), sizes.length, 1);
    TensorType saved = TensorType.of(out.dtype(), sizes);
    return List.of(out, saved, saved);
  }

  private static Step bindLayerNorm(BoundCall call) {
    int row = Math.toIntExact(normalized(call).numel());
    double[] weight = call.doubles(row);
    double[] bias = call.doubles(row);
    Step readWeight = read(call, "weight", weight, 1);
    Step readBias = read(call, "bias", bias, 0);
    Step rows = rows(call, row, weight, bias, 1);
    return () -> {
      readWeight.run();
      readBias.run();
      rows.run();
    };
  }

  /**
   * Normalizes each row, then scales and shifts it; mean and reciprocal deviation are the second
   * and third result, if there are such.
   *
   * @param weight by channel, as bias; the channels of the rows follow each other and begin again
   * @param plane elements of a channel
   */
  private static Step rows(BoundCall call, int length, double[] weight, double[] bias, int plane) {
    Operand input = call.input("input");
    int count = length == 0 ? 0 : Math.toIntExact(input.shape().numel() / length);
    double eps = call.number("eps");
    double[] row = call.doubles(length);
    Rows rows = new Rows(input);
    Rows out = new Rows(call.output(0));
    Elements means = call.outputCount() == 3 ? Elements.of(call.output(1)) : null;
    Elements deviations = call.outputCount() == 3 ? Elements.of(call.output(2)) : null;
    int channels = plane == 0 ? 0 : length / plane;
    return () -> {
      for (int r = 0; r < count; r++) {
        rows.load((long) r * length, 1, length, row, 0);
        double mean = sum(row) / length;
        double scale = 1 / Math.sqrt(squares(row, mean) / length + eps);
        int first = channels == weight.length ? 0 : (int) ((long) r * channels % weight.length);
        for (int c = 0; c < channels; c++) {
          double w = scale * weight[first + c];
          double b = bias[first + c];
          for (int i = c * plane; i < (c + 1) * plane; i++) {
            row[i] = (row[i] - mean) * w + b;
          }
        }
        out.store((long) r * length, 1, length, row);
        if (means != null && deviations != null) {
          means.setDouble(r, mean);
          deviations.setDouble(r, scale);
        }
      }
    };
  }

  private static List<TensorType> inferRmsNorm(Call call) {
    check(call, "weight", normalized(call));
    return List.of(new TensorType(real(call), call.shape("input"), false));
  }

  private static Step bindRmsNorm(BoundCall call) {
    int length = Math.toIntExact(normalized(call).numel());
    Operand input = call.input("input");
    int count = length == 0 ? 0 : Math.toIntExact(input.shape().numel() / length);
    double eps =
        !call.isNone("eps")
            ? call.number("eps")
            : input.dtype() == DType.DOUBLE
                ? 0x1p-52
                : 0x1p-23; // half and bfloat16 compute in float32
    double[] weight = call.doubles(length);
    Step readWeight = read(call, "weight", weight, 1);
    double[] row = call.doubles(length);
    Rows rows = new Rows(input);
    Rows out = new Rows(call.output(0));
    return () -> {
      readWeight.run();
      for (int r = 0; r < count; r++) {
        rows.load((long) r * length, 1, length, row, 0);
        double scale = 1 / Math.sqrt(squares(row, 0) / length + eps);
        for (int i = 0; i < length; i++) {
          row[i] = row[i] * scale * weight[i];
        }
        out.store((long) r * length, 1, length, row);
      }
    };
  }

  // Group norm: input (N, C, …), the channels of a group are one row.

  private static List<TensorType> inferGroupNorm(Call call) {
    TensorType out = new TensorType(real(call), call.shape("input"), false);
    boolean one = call.node().name().equals("aten::group_norm");
    long groups = call.integer(one ? "num_groups" : "group");
    Shape input = out.shape();
    if (input.rank() < 2 || groups < 1 || input.size(1) % groups != 0) {
      throw new KernelException(input + " has no channels for " + groups + " groups");
    }
    Shape channels = Shape.of(input.size(1));
    check(call, "weight", channels);
    check(call, "bias", channels);
    if (one) {
      return List.of(out);
    }
    TensorType saved = TensorType.of(out.dtype(), input.size(0), Math.toIntExact(groups));
    return List.of(out, saved, saved);
  }

  private static Step bindGroupNorm(BoundCall call) {
    Shape input = call.shape("input");
    int channels = input.size(1);
    boolean one = call.node().name().equals("aten::group_norm");
    int groups = (int) call.integer(one ? "num_groups" : "group");
    int plane = 1;
    for (int d = 2; d < input.rank(); d++) {
      plane = Math.multiplyExact(plane, input.size(d));
    }
    double[] weight = call.doubles(channels);
    double[] bias = call.doubles(channels);
    Step readWeight = read(call, "weight", weight, 1);
    Step readBias = read(call, "bias", bias, 0);
    Step rows = rows(call, Math.multiplyExact(channels / groups, plane), weight, bias, plane);
    return () -> {
      readWeight.run();
      readBias.run();
      rows.run();
    };
  }
}
