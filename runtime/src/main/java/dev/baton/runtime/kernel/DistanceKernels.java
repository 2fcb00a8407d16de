package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** p-norm distances of rows. */
final class DistanceKernels {
  private DistanceKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::_cdist_forward" ->
          new Plain(DistanceKernels::inferPairs, DistanceKernels::bindPairs);
      case "aten::_pdist_forward" -> new Plain(DistanceKernels::inferOwn, DistanceKernels::bindOwn);
      default -> null;
    };
  }

  private static DType real(Call call, String parameter) {
    DType dtype = call.type(parameter).dtype();
    if (!dtype.isFloatingPoint() || call.number("p") < 0) {
      throw new KernelException(
          "expected a real tensor and a norm that is not negative, not "
              + Promotion.name(dtype)
              + " and "
              + call.number("p"));
    }
    return dtype;
  }

  private static int[] batch(Call call) {
    Shape a = call.shape("x1");
    Shape b = call.shape("x2");
    boolean fits = a.rank() >= 2 && b.rank() >= 2 && a.size(-1) == b.size(-1);
    int rank = Math.max(a.rank(), b.rank()) - 2;
    int[] batch = new int[Math.max(rank, 0)];
    for (int d = 0; fits && d < rank; d++) {
      int sizeA = a.rank() - rank - 2 + d < 0 ? 1 : a.size(a.rank() - rank - 2 + d);
      int sizeB = b.rank() - rank - 2 + d < 0 ? 1 : b.size(b.rank() - rank - 2 + d);
      fits = sizeA == sizeB || sizeA == 1 || sizeB == 1;
      batch[d] = sizeA == 1 ? sizeB : sizeA;
    }
    if (!fits) {
      throw new KernelException("no distances between the rows of " + a + " and " + b);
    }
    return batch;
  }

  private static List<TensorType> inferPairs(Call call) {
    int[] batch = batch(call);
    int[] sizes = Arrays.copyOf(batch, batch.length + 2);
    sizes[batch.length] = call.shape("x1").size(-2);
    sizes[batch.length + 1] = call.shape("x2").size(-2);
    if (real(call, "x1") != real(call, "x2")) {
      throw new KernelException("expected two tensors of one dtype");
    }
    return List.of(TensorType.of(real(call, "x1"), sizes));
  }

  private static Step bindPairs(BoundCall call) {
    Operand x1 = call.input("x1");
    Operand x2 = call.input("x2");
    int[] batch = batch(call);
    int rows = x1.shape().size(-2);
    int columns = x2.shape().size(-2);
    int width = x1.shape().size(-1);
    long[] starts1 = starts(call, batch, x1.shape());
    long[] starts2 = starts(call, batch, x2.shape());
    double p = call.number("p");
    Elements a = Elements.of(x1);
    Elements b = Elements.of(x2);
    Elements out = Elements.of(call.output(0));
    return () -> {
      long at = 0;
      for (int n = 0; n < starts1.length; n++) {
        for (int i = 0; i < rows; i++) {
          for (int j = 0; j < columns; j++) {
            long from = starts1[n] + (long) i * width;
            long to = starts2[n] + (long) j * width;
            out.setDouble(at++, distance(a, from, b, to, width, p));
          }
        }
      }
    };
  }

  private static long[] starts(HeapArrays arrays, int[] batch, Shape shape) {
    return MatrixProduct.starts(
        arrays,
        batch,
        Arrays.copyOf(shape.sizes(), shape.rank() - 2),
        (long) shape.size(-2) * shape.size(-1));
  }

  private static List<TensorType> inferOwn(Call call) {
    Shape self = call.shape("self");
    if (self.rank() != 2) {
      throw new KernelException("expected a matrix, not " + self);
    }
    long n = self.size(0);
    return List.of(
        TensorType.of(real(call, "self"), Math.toIntExact(n == 0 ? 0 : n * (n - 1) / 2)));
  }

  private static Step bindOwn(BoundCall call) {
    Operand self = call.input("self");
    int n = self.shape().size(0);
    int width = self.shape().size(1);
    double p = call.number("p");
    Elements in = Elements.of(self);
    Elements out = Elements.of(call.output(0));
    return () -> {
      long at = 0;
      for (int i = 0; i < n; i++) {
        for (int j = i + 1; j < n; j++) {
          out.setDouble(at++, distance(in, (long) i * width, in, (long) j * width, width, p));
        }
      }
    };
  }

  private static double distance(Elements a, long from, Elements b, long to, int width, double p) {
    double sum = 0;
    for (int i = 0; i < width; i++) {
      double d = Math.abs(a.getDouble(from + i) - b.getDouble(to + i));
      sum =
          p == Double.POSITIVE_INFINITY
              ? Math.max(sum, d)
              : sum
                  + (p == 2
                      ? d * d
                      : p == 1 ? d : p == 0 ? (d != 0 ? 1 : 0) : StrictMath.pow(d, p));
    }
    return p == 2
        ? Math.sqrt(sum)
        : p == 0 || p == 1 || p == Double.POSITIVE_INFINITY ? sum : StrictMath.pow(sum, 1 / p);
  }
}
