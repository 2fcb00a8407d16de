package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sums, products, moments, norms and quantifiers over dimensions; reals in double. */
final class ReductionKernels {
  private ReductionKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::sum.dim_IntList" ->
          new Plain(ReductionKernels::inferSum, ReductionKernels::bindSum);
      case "aten::prod", "aten::prod.dim_int" ->
          new Plain(ReductionKernels::inferSum, ReductionKernels::bindProduct);
      case "aten::mean", "aten::mean.dim" -> real(call -> ReductionKernels::mean);
      case "aten::var.correction", "aten::var.dim" ->
          real(call -> {
            double correction = correction(call);
            return group -> variance(group, correction);
          });
      case "aten::std.correction" ->
          real(call -> {
            double correction = correction(call);
            return group -> Math.sqrt(variance(group, correction));
          });
      case "aten::var_mean.correction" ->
          new Plain(
              call -> {
                TensorType type = inferReal(call);
                return List.of(type, type);
              },
              call -> {
                double correction = correction(call);
                Step variance = bind(call, 0, group -> variance(group, correction));
                Step mean = bind(call, 1, ReductionKernels::mean);
                return () -> {
                  variance.run();
                  mean.run();
                };
              });
      case "aten::logsumexp" -> real(call -> ReductionKernels::logSumExp);
      case "aten::linalg_vector_norm" ->
          real(call -> {
            double p = call.number("ord");
            return group -> norm(group, p);
          });
      case "aten::norm.ScalarOpt_dim" ->
          real(call -> {
            double p = call.isNone("p") ? 2 : call.number("p");
            return group -> norm(group, p);
          });
      case "aten::any", "aten::any.dim", "aten::any.dims" -> quantifier(true);
      case "aten::all", "aten::all.dim", "aten::all.dims" -> quantifier(false);
      default -> null;
    };
  }

  /** The elements of one group, a chunk after the other. */
  private static final class Group {
    private static final int BLOCK = 1024;

    final double[] values;
    private final Rows rows;
    private final Reduction reduction;
    private long first;
    private long next;

    Group(Rows rows, Reduction reduction) {
      this.rows = rows;
      this.reduction = reduction;
      this.values = new double[(int) Math.min(BLOCK, reduction.count)];
    }

    void select(long group) {
      first = reduction.first(group);
      next = 0;
    }

    long count() {
      return reduction.count;
    }

    /** Reads the next chunk; 0 at the end, after which it begins again. */
    int read() {
      int n = (int) Math.min(values.length, reduction.count - next);
      reduction.load(rows, first, next, n, values);
      next = n == 0 ? 0 : next + n;
      return n;
    }
  }

  private interface Fold {
    double of(Group group);
  }

  private interface FoldOf {
    Fold bind(BoundCall call);
  }

  /** An operator with a real result. */
  private static Kernel real(FoldOf fold) {
    return new Plain(call -> List.of(inferReal(call)), call -> bind(call, 0, fold.bind(call)));
  }

  private static boolean[] dims(Call call) {
    return switch (call.node().name()) {
      case "aten::mean", "aten::prod", "aten::any", "aten::all" -> {
        boolean[] all = new boolean[call.shape("self").rank()];
        java.util.Arrays.fill(all, true);
        yield all;
      }
      case "aten::any.dims", "aten::all.dims" ->
          !call.isNone("dim") && call.integers("dim").length == 0
              ? new boolean[call.shape("self").rank()]
              : Reduction.dims(call, "dim", call.shape("self").rank());
      default -> Reduction.dims(call, "dim", call.shape("self").rank());
    };
  }

  private static Shape shape(Call call) {
    boolean keep =
        switch (call.node().name()) {
          case "aten::mean", "aten::prod", "aten::any", "aten::all" -> false;
          default -> call.bool("keepdim");
        };
    return Reduction.shape(call.shape("self"), dims(call), keep);
  }

  /** The {@code dtype} argument, if the operator has one and it is given. */
  private static DType wanted(Call call, DType otherwise) {
    return switch (call.node().name()) {
      case "aten::sum.dim_IntList",
          "aten::prod",
          "aten::prod.dim_int",
          "aten::mean",
          "aten::mean.dim",
          "aten::linalg_vector_norm" ->
          Dims.dtype(call, otherwise);
      default -> otherwise;
    };
  }

  private static TensorType inferReal(Call call) {
    DType dtype = wanted(call, call.type("self").dtype());
    if (call.node().name().equals("aten::logsumexp")) {
      dtype = Promotion.floating(dtype);
    }
    if (!dtype.isFloatingPoint()) {
      throw new KernelException("expected a real tensor, not " + Promotion.name(dtype));
    }
    return new TensorType(dtype, shape(call), false);
  }

  private static List<TensorType> inferSum(Call call) {
    DType self = call.type("self").dtype();
    DType dtype = wanted(call, self.isFloatingPoint() ? self : DType.INT64);
    return List.of(new TensorType(dtype, shape(call), false));
  }

  private static Step bind(BoundCall call, int result, Fold fold) {
    Operand self = call.input("self");
    DType dtype = call.output(result).dtype();
    Reduction reduction = new Reduction(self.shape(), dims(call));
    Group group = new Group(new Rows(self, dtype), reduction);
    Elements out = Elements.of(call.output(result));
    return () -> {
      for (long g = 0; g < reduction.groups; g++) {
        group.select(g);
        out.setDouble(g, fold.of(group));
      }
    };
  }

  private static Step bindSum(BoundCall call) {
    return call.output(0).dtype().isFloatingPoint()
        ? bind(call, 0, ReductionKernels::sum)
        : bindIntegers(call, 0, Long::sum);
  }

  private static Step bindProduct(BoundCall call) {
    return call.output(0).dtype().isFloatingPoint()
        ? bind(call, 0, ReductionKernels::product)
        : bindIntegers(call, 1, (a, b) -> a * b);
  }

  private static Step bindIntegers(
      BoundCall call, long start, java.util.function.LongBinaryOperator operation) {
    Operand self = call.input("self");
    Reduction reduction = new Reduction(self.shape(), dims(call));
    Elements in = Elements.as(self, call.output(0).dtype());
    Elements out = Elements.of(call.output(0));
    return () -> {
      for (long g = 0; g < reduction.groups; g++) {
        long value = start;
        for (long i = 0; i < reduction.count; i++) {
          value = operation.applyAsLong(value, in.getLong(reduction.index(g, i)));
        }
        out.setLong(g, value);
      }
    };
  }

  private static Kernel quantifier(boolean any) {
    return new Plain(
        call -> {
          DType dtype = call.type("self").dtype();
          DType result = dtype == DType.UINT8 ? dtype : DType.BOOL;
          return List.of(new TensorType(result, shape(call), false));
        },
        call -> {
          Operand self = call.input("self");
          Reduction reduction = new Reduction(self.shape(), dims(call));
          Elements in = Elements.of(self);
          Elements out = Elements.of(call.output(0));
          return () -> {
            for (long g = 0; g < reduction.groups; g++) {
              boolean value = !any;
              for (long i = 0; i < reduction.count && value != any; i++) {
                value = in.getBool(reduction.index(g, i));
              }
              out.setLong(g, value ? 1 : 0);
            }
          };
        });
  }

  private static double sum(Group group) {
    double sum = 0;
    for (int n = group.read(); n > 0; n = group.read()) {
      for (int i = 0; i < n; i++) {
        sum += group.values[i];
      }
    }
    return sum;
  }

  private static double product(Group group) {
    double product = 1;
    for (int n = group.read(); n > 0; n = group.read()) {
      for (int i = 0; i < n; i++) {
        product *= group.values[i];
      }
    }
    return product;
  }

  private static double mean(Group group) {
    return sum(group) / group.count();
  }

  private static double correction(Call call) {
    return call.node().name().equals("aten::var.dim")
        ? (call.bool("unbiased") ? 1 : 0)
        : call.isNone("correction") ? 1 : call.number("correction");
  }

  private static double variance(Group group, double correction) {
    double mean = mean(group);
    double squares = 0;
    for (int n = group.read(); n > 0; n = group.read()) {
      for (int i = 0; i < n; i++) {
        double d = group.values[i] - mean;
        squares += d * d;
      }
    }
    return squares / Math.max(0, group.count() - correction);
  }

  private static double logSumExp(Group group) {
    double max = largest(group, false);
    double shift = Double.isInfinite(max) ? 0 : max;
    double sum = 0;
    for (int n = group.read(); n > 0; n = group.read()) {
      for (int i = 0; i < n; i++) {
        sum += StrictMath.exp(group.values[i] - shift);
      }
    }
    return shift + StrictMath.log(sum);
  }

  private static double largest(Group group, boolean magnitude) {
    double max = magnitude ? 0 : Double.NEGATIVE_INFINITY;
    for (int n = group.read(); n > 0; n = group.read()) {
      for (int i = 0; i < n; i++) {
        max = Math.max(max, magnitude ? Math.abs(group.values[i]) : group.values[i]);
      }
    }
    return max;
  }

  private static double norm(Group group, double p) {
    if (p == Double.POSITIVE_INFINITY) {
      return largest(group, true);
    }
    double sum = 0;
    double min = Double.POSITIVE_INFINITY;
    for (int n = group.read(); n > 0; n = group.read()) {
      for (int i = 0; i < n; i++) {
        double x = Math.abs(group.values[i]);
        min = Math.min(min, x);
        sum += p == 2 ? x * x : p == 1 ? x : p == 0 ? (x != 0 ? 1 : 0) : StrictMath.pow(x, p);
      }
    }
    return p == Double.NEGATIVE_INFINITY
        ? min
        : p == 2 ? Math.sqrt(sum) : p == 0 || p == 1 ? sum : StrictMath.pow(sum, 1 / p);
  }
}
