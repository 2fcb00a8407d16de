package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How often elements occur, and which ones. */
final class CountingKernels {
  private CountingKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::histc" -> new Plain(CountingKernels::inferHistogram, CountingKernels::histogram);
      case "aten::bincount" -> new BinCount();
      case "aten::_unique2" -> new Unique(true);
      case "aten::unique_consecutive" -> new Unique(false);
      default -> null;
    };
  }

  private static List<TensorType> inferHistogram(Call call) {
    TensorType self = call.type("self");
    long bins = call.integer("bins");
    double min = call.number("min");
    double max = call.number("max");
    if (!self.dtype().isFloatingPoint() || bins < 1 || !Double.isFinite(max - min) || max < min) {
      throw new KernelException(
          "no histogram of " + self + " in " + bins + " bins from " + min + " to " + max);
    }
    return Dims.one(self.dtype(), Dims.shape(bins));
  }

  /** Equal bins from min to max, both inclusive; those of the elements where they are equal. */
  private static Step histogram(BoundCall call) {
    Elements x = Elements.of(call.input("self"));
    Elements y = Elements.of(call.output(0));
    long n = call.shape("self").numel();
    int bins = call.output(0).shape().size(0);
    DType dtype = call.output(0).dtype();
    double low = Elements.round(dtype, call.number("min"));
    double high = Elements.round(dtype, call.number("max"));
    long[] counts = call.longs(bins);
    return () -> {
      double min = low;
      double max = high;
      if (min == max && n > 0) {
        min = Double.POSITIVE_INFINITY;
        max = Double.NEGATIVE_INFINITY;
        for (long i = 0; i < n; i++) {
          min = Math.min(min, x.getDouble(i));
          max = Math.max(max, x.getDouble(i));
        }
        if (!Double.isFinite(max - min)) {
          throw new KernelException("a histogram from " + min + " to " + max);
        }
      }
      if (min == max) {
        min -= 1;
        max += 1;
      }
      Arrays.fill(counts, 0);
      for (long i = 0; i < n; i++) {
        double value = x.getDouble(i);
        if (value >= min && value <= max) {
          double bin = Elements.round(dtype, Elements.round(dtype, value - min) * bins);
          counts[(int) Math.min(Elements.round(dtype, bin / (max - min)), bins - 1.0)]++;
        }
      }
      for (int i = 0; i < bins; i++) {
        y.setLong(i, counts[i]);
      }
    };
  }

  /**
   * {@code bincount(Tensor self, Tensor? weights=None, SymInt minlength=0)}: how often each number
   * from 0 to the greatest occurs. The program must bound the result.
   */
  private record BinCount() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      TensorType self = call.type("self");
      if (!self.dtype().isInteger() || self.shape().rank() != 1) {
        throw new KernelException("a vector of integers is expected, not " + self);
      }
      DType dtype = DType.INT64;
      if (!call.isNone("weights") && self.shape().numel() > 0) {
        dtype = call.type("weights").dtype() == DType.FLOAT ? DType.FLOAT : DType.DOUBLE;
        if (!call.shape("weights").equals(self.shape())) {
          throw new KernelException("weights are " + call.type("weights") + ", self is " + self);
        }
      }
      long least = call.integer("minlength");
      if (least < 0) {
        throw new KernelException("minlength is " + least);
      }
      return List.of(new TensorType(dtype, MaskKernels.bound(call), true));
    }

    @Override
    public Step bind(BoundCall call) {
      Elements x = Elements.of(call.input("self"));
      Operand weightsOperand = call.inputOrNull("weights");
      Elements weights = weightsOperand == null ? null : Elements.of(weightsOperand);
      Elements y = Elements.of(call.output(0));
      long n = call.shape("self").numel();
      long capacity = call.output(0).shape().numel();
      long least = call.integer("minlength");
      int[] size = {0};
      return () -> {
        long greatest = -1;
        for (long i = 0; i < n; i++) {
          if (x.getLong(i) < 0) {
            throw new KernelException("element " + i + " is " + x.getLong(i) + ", below 0");
          }
          greatest = Math.max(greatest, x.getLong(i));
        }
        if (least > capacity || greatest >= capacity) {
          throw new KernelException(
              "elements up to "
                  + greatest
                  + ", at least "
                  + least
                  + " bins: the result has at most "
                  + capacity);
        }
        long length = Math.max(least, greatest + 1);
        for (long i = 0; i < length; i++) {
          y.setLong(i, 0);
        }
        for (long i = 0; i < n; i++) {
          long bin = x.getLong(i);
          if (weights == null) {
            y.setLong(bin, y.getLong(bin) + 1);
          } else {
            y.setDouble(bin, y.getDouble(bin) + weights.getDouble(i));
          }
        }
        size[0] = (int) length;
        call.resize(0, size);
      };
    }

    @Override
    public boolean isDataDependent(Call call) {
      return true;
    }
  }

  /**
   * {@code _unique2}: the elements that occur, ascending; {@code unique_consecutive}: the first of
   * each run of equal elements. Then, if asked for, which of them each element is, and how often
   * each occurs. NaNs are all different.
   */
  private record Unique(boolean sorts) implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      TensorType self = call.type("self");
      if (!sorts && !call.isNone("dim") && self.shape().rank() != 1) {
        throw new KernelException("unique_consecutive along a dimension of " + self);
      }
      Shape all = Dims.shape(self.shape().numel());
      boolean inverse = call.bool("return_inverse");
      boolean counts = call.bool("return_counts");
      return List.of(
          new TensorType(self.dtype(), all, true),
          new TensorType(DType.INT64, inverse ? self.shape() : Shape.of(0), false),
          new TensorType(DType.INT64, counts ? all : Shape.of(0), counts));
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      boolean real = self.dtype().isFloatingPoint();
      Elements inverse = call.bool("return_inverse") ? Elements.of(call.output(1)) : null;
      Elements counts = call.bool("return_counts") ? Elements.of(call.output(2)) : null;
      MemorySegment from = self.data();
      MemorySegment to = call.output(0).data();
      int bytes = self.dtype().byteSize();
      int n = Math.toIntExact(self.shape().numel());
      OrderKeys keys = new OrderKeys(self);
      Reduction whole = Reduction.whole(self.shape());
      long[] key = call.longs(n);
      Sorter sorter = sorts ? new Sorter(call, n) : null;
      int[] size = {0};
      return () -> {
        keys.load(whole, 0, 0, n, key);
        int[] order = sorter == null ? null : sorter.sort(key, false);
        int found = 0;
        long run = 0;
        int last = 0;
        for (int p = 0; p < n; p++) {
          int i = order == null ? p : order[p];
          if (p == 0 || key[i] != key[last] || (real && key[i] == OrderKeys.NAN)) {
            MemorySegment.copy(from, (long) i * bytes, to, (long) found++ * bytes, bytes);
            run = 0;
          }
          run++;
          last = i;
          if (inverse != null) {
            inverse.setLong(i, found - 1L);
          }
          if (counts != null) {
            counts.setLong(found - 1L, run);
          }
        }
        size[0] = found;
        call.resize(0, size);
        if (counts != null) {
          call.resize(2, size);
        }
      };
    }

    @Override
    public boolean isDataDependent(Call call) {
      return true;
    }
  }
}
