package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Extremes, sorting, selection and search. Elements are compared by {@link OrderKeys}, and the
 * results are copied from the elements themselves.
 */
final class OrderingKernels {
  private static final int CHUNK = 1024;

  private OrderingKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::amax", "aten::max", "aten::argmax", "aten::max.dim" -> extreme(operator, true);
      case "aten::amin", "aten::min", "aten::argmin", "aten::min.dim" -> extreme(operator, false);
      case "aten::sort", "aten::sort.stable" ->
          new Plain(
              call -> valuesAndIndices(call, sortSize(call)),
              call -> bindSort(call, call.bool("descending")));
      case "aten::topk" ->
          new Plain(
              call -> valuesAndIndices(call, topSize(call)),
              call -> bindSort(call, call.bool("largest")));
      case "aten::median", "aten::nanmedian" ->
          new Plain(
              call -> List.of(new TensorType(numbers(call), Shape.SCALAR, false)),
              call -> bindPick(call, median(call)));
      case "aten::kthvalue" ->
          new Plain(OrderingKernels::inferKth, call -> bindPick(call, kth(call)));
      case "aten::mode" ->
          new Plain(
              call -> inferPick(call, call.type("self").dtype()),
              call -> bindPick(call, OrderingKernels::mode));
      case "aten::median.dim", "aten::nanmedian.dim" ->
          new Plain(OrderingKernels::inferMedianDim, call -> bindPick(call, median(call)));
      case "aten::bucketize.Tensor", "aten::bucketize.Scalar" ->
          new Plain(
              call -> inferSearch(call, "boundaries"), call -> bindSearch(call, "boundaries"));
      case "aten::searchsorted.Tensor", "aten::searchsorted.Scalar" ->
          new Plain(
              call -> inferSearch(call, "sorted_sequence"),
              call -> bindSearch(call, "sorted_sequence"));
      default -> null;
    };
  }

  /** Copies single elements between tensors of one dtype. */
  private record Copier(Operand from, Operand to) {
    void copy(long source, long target) {
      int size = from.dtype().byteSize();
      java.lang.foreign.MemorySegment.copy(
          from.data(), source * size, to.data(), target * size, size);
    }
  }

  private static DType numbers(Call call) {
    DType dtype = call.type("self").dtype();
    if (dtype == DType.BOOL) {
      throw new KernelException("expected a tensor of numbers, not bool");
    }
    return dtype;
  }

  // Extremes.

  private static Kernel extreme(String operator, boolean largest) {
    return new Plain(OrderingKernels::inferExtreme, call -> bindExtreme(call, operator, largest));
  }

  private static boolean[] dims(Call call) {
    int rank = call.shape("self").rank();
    return switch (call.node().name()) {
      case "aten::max", "aten::min", "aten::median", "aten::nanmedian" -> {
        boolean[] all = new boolean[rank];
        Arrays.fill(all, true);
        yield all;
      }
      default -> Reduction.dims(call, "dim", rank);
    };
  }

  private static List<TensorType> inferExtreme(Call call) {
    TensorType self = call.type("self");
    boolean[] dims = dims(call);
    boolean keep =
        switch (call.node().name()) {
          case "aten::max", "aten::min" -> false;
          default -> call.bool("keepdim");
        };
    if (new Reduction(self.shape(), dims).count == 0) {
      throw new KernelException("no extreme of no elements: " + self.shape());
    }
    Shape shape = Reduction.shape(self.shape(), dims, keep);
    TensorType values = new TensorType(self.dtype(), shape, false);
    TensorType indices = new TensorType(DType.INT64, shape, false);
    return switch (call.node().name()) {
      case "aten::argmax", "aten::argmin" -> List.of(indices);
      case "aten::max.dim", "aten::min.dim" -> List.of(values, indices);
      default -> List.of(values);
    };
  }

  private static Step bindExtreme(BoundCall call, String operator, boolean largest) {
    Operand self = call.input("self");
    Reduction reduction = new Reduction(self.shape(), dims(call));
    OrderKeys keys = new OrderKeys(self);
    long[] chunk = call.longs(Math.min(CHUNK, reduction.count));
    boolean real = self.dtype().isFloatingPoint();
    boolean indexOnly = operator.startsWith("aten::arg");
    Copier values = indexOnly ? null : new Copier(self, call.output(0));
    Elements indices =
        indexOnly || call.outputCount() == 2 ? Elements.of(call.output(indexOnly ? 0 : 1)) : null;
    return () -> {
      for (long g = 0; g < reduction.groups; g++) {
        long best = best(keys, reduction, reduction.first(g), chunk, largest, real);
        if (values != null) {
          values.copy(reduction.index(g, best), g);
        }
        if (indices != null) {
          indices.setLong(g, best);
        }
      }
    };
  }

  /** Position of the first NaN, else of the first extreme. */
  private static long best(
      OrderKeys keys,
      Reduction reduction,
      long first,
      long[] chunk,
      boolean largest,
      boolean real) {
    long best = 0;
    long bestKey = 0;
    for (long from = 0; from < reduction.count; from += chunk.length) {
      int n = (int) Math.min(chunk.length, reduction.count - from);
      keys.load(reduction, first, from, n, chunk);
      if (from == 0) {
        bestKey = chunk[0];
      }
      for (int i = 0; i < n; i++) {
        if (real && chunk[i] == OrderKeys.NAN) {
          return from + i;
        }
        if (largest ? chunk[i] > bestKey : chunk[i] < bestKey) {
          best = from + i;
          bestKey = chunk[i];
        }
      }
    }
    return best;
  }

  // Sorting.

  private static int sortSize(Call call) {
    Shape self = call.shape("self");
    int dim = Dims.wrap(call.integer("dim"), self.rank());
    return self.rank() == 0 ? 1 : self.size(dim);
  }

  private static int topSize(Call call) {
    long k = call.integer("k");
    int size = sortSize(call);
    if (k < 0 || k > size) {
      throw new KernelException("k is " + k + " of a dimension of " + size);
    }
    return (int) k;
  }

  private static List<TensorType> valuesAndIndices(Call call, int size) {
    TensorType self = call.type("self");
    int[] sizes = self.shape().sizes();
    if (sizes.length > 0) {
      sizes[Dims.wrap(call.integer("dim"), sizes.length)] = size;
    } else if (size == 0) {
      sizes = new int[] {0};
    }
    return List.of(TensorType.of(self.dtype(), sizes), TensorType.of(DType.INT64, sizes));
  }

  private static Step bindSort(BoundCall call, boolean descending) {
    Operand self = call.input("self");
    int dim = Dims.wrap(call.integer("dim"), self.shape().rank());
    Reduction rows = Reduction.over(self.shape(), dim);
    Reduction sorted = Reduction.over(call.output(0).shape(), dim);
    int n = Math.toIntExact(rows.count);
    int k = Math.toIntExact(sorted.count);
    OrderKeys keys = new OrderKeys(self);
    long[] row = call.longs(n);
    Sorter sorter = new Sorter(call, n);
    Copier values = new Copier(self, call.output(0));
    Elements indices = Elements.of(call.output(1));
    return () -> {
      for (long r = 0; r < Math.min(rows.groups, sorted.groups); r++) {
        keys.load(rows, rows.first(r), 0, n, row);
        int[] order = sorter.sort(row, descending);
        for (int i = 0; i < k; i++) {
          long to = sorted.index(r, i);
          values.copy(rows.index(r, order[i]), to);
          indices.setLong(to, order[i]);
        }
      }
    };
  }

  // One element of each row, by its place in their order.

  private static List<TensorType> inferMedianDim(Call call) {
    return inferPick(call, numbers(call));
  }

  private static List<TensorType> inferPick(Call call, DType dtype) {
    Shape self = call.shape("self");
    if (sortSize(call) == 0) {
      throw new KernelException("no element of none: " + self);
    }
    Shape shape = Reduction.shape(self, dims(call), call.bool("keepdim"));
    return List.of(new TensorType(dtype, shape, false), new TensorType(DType.INT64, shape, false));
  }

  private static List<TensorType> inferKth(Call call) {
    long k = call.integer("k");
    if (k < 1 || k > sortSize(call)) {
      throw new KernelException("element " + k + " of a dimension of " + sortSize(call));
    }
    return inferMedianDim(call);
  }

  /** Chooses an element of a row: a position, from positions in ascending order and their keys. */
  @FunctionalInterface
  private interface Pick {
    int of(int[] order, long[] keys);
  }

  private static Pick kth(Call call) {
    int k = (int) call.integer("k") - 1;
    return (order, keys) -> order[k];
  }

  /** The lower of the two in the middle; the first NaN if there is one and it is not left out. */
  private static Pick median(Call call) {
    boolean leavesOut = call.node().name().startsWith("aten::nan");
    boolean real = call.type("self").dtype().isFloatingPoint();
    return (order, keys) -> {
      int n = order.length;
      while (real && n > 0 && keys[order[n - 1]] == OrderKeys.NAN) {
        n--;
      }
      return n < order.length && !leavesOut ? order[n] : order[Math.max(n - 1, 0) / 2];
    };
  }

  /** The least of the most frequent elements, where it is last. */
  private static int mode(int[] order, long[] keys) {
    int best = 0;
    int most = 0;
    for (int i = 0, run = 0; i < order.length; i++) {
      run = i > 0 && keys[order[i]] == keys[order[i - 1]] ? run + 1 : 1;
      if (run > most) {
        most = run;
        best = order[i];
      }
    }
    return best;
  }

  private static Step bindPick(BoundCall call, Pick pick) {
    Operand self = call.input("self");
    Reduction reduction = new Reduction(self.shape(), dims(call));
    int n = Math.toIntExact(reduction.count);
    OrderKeys keys = new OrderKeys(self);
    long[] row = call.longs(n);
    Sorter sorter = new Sorter(call, n);
    Copier values = new Copier(self, call.output(0));
    Elements out = Elements.of(call.output(0));
    Elements indices = call.outputCount() == 2 ? Elements.of(call.output(1)) : null;
    return () -> {
      for (long g = 0; g < reduction.groups; g++) {
        if (n == 0) {
          out.setDouble(g, Double.NaN);
          continue;
        }
        keys.load(reduction, reduction.first(g), 0, n, row);
        int at = pick.of(sorter.sort(row, false), row);
        values.copy(reduction.index(g, at), g);
        if (indices != null) {
          indices.setLong(g, at);
        }
      }
    };
  }

  // Search in a sorted sequence.

  private static boolean right(Call call) {
    boolean right = call.bool("right");
    return call.node().operator().has("side")
        ? call.text("side", right ? "right" : "left").equals("right")
        : right;
  }

  private static List<TensorType> inferSearch(Call call, String sequence) {
    Shape sorted = call.shape(sequence);
    boolean number = BinaryKernels.isNumber(call, "self");
    Shape self = number ? Shape.SCALAR : call.shape("self");
    boolean rows = !sequence.equals("boundaries") && sorted.rank() > 1;
    boolean fits = sorted.rank() == 1 || (rows && sorted.rank() == self.rank());
    for (int d = 0; fits && rows && d < sorted.rank() - 1; d++) {
      fits = sorted.size(d) == self.size(d);
    }
    if (!fits) {
      throw new KernelException("cannot search " + self + " in a sequence " + sorted);
    }
    if (!sequence.equals("boundaries")
        && !call.isNone("sorter")
        && !(call.shape("sorter").equals(sorted) && call.type("sorter").dtype() == DType.INT64)) {
      throw new KernelException(
          "expected a sorter int64" + sorted + ", not " + call.type("sorter"));
    }
    DType dtype = call.bool("out_int32") ? DType.INT32 : DType.INT64;
    return List.of(new TensorType(dtype, self, false));
  }

  private static Step bindSearch(BoundCall call, String sequence) {
    Operand sortedOperand = call.input(sequence);
    Operand self =
        BinaryKernels.isNumber(call, "self")
            ? BinaryKernels.operand(call.scalar("self"), number(call.scalar("self")))
            : call.input("self");
    Operand sorterOperand = sequence.equals("boundaries") ? null : call.inputOrNull("sorter");
    Elements sorter = sorterOperand == null ? null : Elements.of(sorterOperand);
    Elements sorted = Elements.of(sortedOperand);
    Elements values = Elements.of(self);
    Elements out = Elements.of(call.output(0));
    boolean real = self.dtype().isFloatingPoint() || sortedOperand.dtype().isFloatingPoint();
    boolean right = right(call);
    int n = sortedOperand.shape().size(-1);
    boolean oneRow = sortedOperand.shape().rank() == 1;
    int perRow = oneRow ? 0 : self.shape().size(-1);
    long count = self.shape().numel();
    return () -> {
      for (long i = 0; i < count; i++) {
        long base = oneRow ? 0 : i / perRow * n;
        int low = 0;
        int high = n;
        while (low < high) {
          int middle = (low + high) >>> 1;
          long at = base + (sorter == null ? middle : sorter.getLong(base + middle));
          boolean reached =
              real
                  ? reached(sorted.getDouble(at), values.getDouble(i), right)
                  : right
                      ? sorted.getLong(at) > values.getLong(i)
                      : sorted.getLong(at) >= values.getLong(i);
          low = reached ? low : middle + 1;
          high = reached ? middle : high;
        }
        out.setLong(i, low);
      }
    };
  }

  private static DType number(Call.Number number) {
    return number.kind() == Call.Number.Kind.REAL ? DType.DOUBLE : DType.INT64;
  }

  private static boolean reached(double element, double value, boolean right) {
    return right ? element > value : element >= value;
  }
}
