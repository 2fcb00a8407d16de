package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rows of a table (v, d), reduced by bags: indices (n), a bag from each of the offsets to the next.
 * Besides the reduced rows (bags, d) there are the bag of each index, the size of each bag, and
 * where each maximum is from.
 */
final class EmbeddingBagKernels {
  private static final int SUM = 0;
  private static final int MEAN = 1;
  private static final int MAX = 2;

  private EmbeddingBagKernels() {}

  static @Nullable Kernel find(String operator) {
    return operator.equals("aten::_embedding_bag")
        ? new Plain(EmbeddingBagKernels::infer, EmbeddingBagKernels::bind)
        : null;
  }

  private static List<TensorType> infer(Call call) {
    TensorType weight = call.type("weight");
    TensorType indices = call.type("indices");
    TensorType offsets = call.type("offsets");
    long mode = call.integer("mode");
    if (weight.shape().rank() != 2
        || indices.shape().rank() != 1
        || offsets.shape().rank() != 1
        || !weight.dtype().isFloatingPoint()
        || !isIndex(indices.dtype())
        || !isIndex(offsets.dtype())) {
      throw new KernelException(
          "expected a table of real numbers and vectors of int32 or int64, not "
              + weight
              + ", "
              + indices
              + " and "
              + offsets);
    }
    if (mode < SUM || mode > MAX) {
      throw new KernelException("no mode " + mode);
    }
    boolean weighted = !call.isNone("per_sample_weights");
    if (weighted && (mode != SUM || !call.shape("per_sample_weights").equals(indices.shape()))) {
      throw new KernelException("weights are for sums, one for each index");
    }
    int given = offsets.shape().size(0);
    if (call.bool("include_last_offset") && given == 0) {
      throw new KernelException("expected the last offset at least");
    }
    int bags = bags(call);
    int width = weight.shape().size(1);
    boolean plainSum =
        mode == SUM && (weight.dtype() != DType.DOUBLE) && call.integer("padding_idx") < 0;
    DType dtype = Promotion.promote(indices.dtype(), offsets.dtype());
    return List.of(
        TensorType.of(weight.dtype(), bags, width),
        TensorType.of(dtype, plainSum ? 0 : indices.shape().size(0)),
        TensorType.of(dtype, bags),
        mode == MAX ? TensorType.of(dtype, bags, width) : TensorType.of(dtype, bags));
  }

  private static boolean isIndex(DType dtype) {
    return dtype == DType.INT64 || dtype == DType.INT32;
  }

  private static int bags(Call call) {
    int offsets = call.shape("offsets").size(0);
    return call.bool("include_last_offset") ? offsets - 1 : offsets;
  }

  private static Step bind(BoundCall call) {
    Shape table = call.shape("weight");
    int rows = table.size(0);
    int width = table.size(1);
    int n = call.shape("indices").size(0);
    int bags = bags(call);
    boolean lastGiven = call.bool("include_last_offset");
    int mode = (int) call.integer("mode");
    long padding = call.integer("padding_idx");
    long skipped = padding < 0 ? padding + rows : padding;
    boolean skips = padding >= 0;
    Elements weight = Elements.of(call.input("weight"));
    Elements indices = Elements.of(call.input("indices"));
    Elements offsets = Elements.of(call.input("offsets"));
    Operand scaleOperand = call.inputOrNull("per_sample_weights");
    Elements scales = scaleOperand == null ? null : Elements.of(scaleOperand);
    Elements out = Elements.of(call.output(0));
    Operand bagOperand = call.output(1);
    Elements bagOf = Elements.of(bagOperand);
    boolean writeBags = bagOperand.shape().numel() > 0;
    Elements sizes = Elements.of(call.output(2));
    Elements maxima = Elements.of(call.output(3));
    double[] row = call.doubles(width);
    long[] from = call.longs(width);
    return () -> {
      long end = 0;
      for (int b = 0; b < bags; b++) {
        long start = offsets.getLong(b);
        end = b + 1 < bags || lastGiven ? offsets.getLong(b + 1) : n;
        if ((b == 0 && start != 0) || start > end || end > n) {
          throw new KernelException(
              "the offsets of bag " + b + " are " + start + " and " + end + ", of " + n);
        }
        Arrays.fill(row, 0);
        Arrays.fill(from, -1);
        long count = 0;
        // The last bag of means and maxima has all that is left, wherever the last offset lies.
        long stop = b + 1 < bags || mode == SUM ? end : n;
        for (long i = start; i < stop; i++) {
          long index = indices.getLong(i);
          if (index < 0 || index >= rows) {
            throw Dims.outOfRange(index, rows, 0);
          }
          if (writeBags) {
            bagOf.setLong(i, b);
          }
          if (mode == MEAN && i >= end) {
            count++; // PyTorch divides by its size, and leaves it out of the sum
            continue;
          }
          if (skips && index == skipped) {
            continue;
          }
          double scale = scales == null ? 1 : scales.getDouble(i);
          for (int j = 0; j < width; j++) {
            double value = weight.getDouble(index * width + j);
            if (mode != MAX) {
              row[j] += value * scale;
            } else if (count == 0 || value > row[j]) {
              row[j] = value;
              from[j] = index;
            }
          }
          count++;
        }
        for (int j = 0; j < width; j++) {
          out.setDouble((long) b * width + j, mode == MEAN && count > 0 ? row[j] / count : row[j]);
          if (mode == MAX) {
            maxima.setLong((long) b * width + j, from[j]);
          }
        }
        sizes.setLong(b, count);
        if (mode != MAX) {
          maxima.setLong(b, count);
        }
      }
    };
  }
}
