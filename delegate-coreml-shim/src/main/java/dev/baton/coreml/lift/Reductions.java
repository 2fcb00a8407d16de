package dev.baton.coreml.lift;

import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.Value;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Reductions over dimensions, running sums and orders. */
final class Reductions {
  private Reductions() {}

  private static int[] axes(OperationCall c, Value x)
      throws DelegateException, UnsupportedOperation {
    int rank = x.shape().rank();
    return c.has("axes")
        ? Arrays.stream(c.dims("axes", rank)).distinct().toArray()
        : IntStream.range(0, rank).toArray();
  }

  private static Value reduce(OperationCall c, String operator, Value x)
      throws DelegateException, UnsupportedOperation {
    int[] axes = axes(c, x);
    return axes.length == 0
        ? x
        : c.apply(operator, x, Argument.ints(axes), Argument.of(c.flag("keep_dims", false)));
  }

  static OperatorWriter over(String operator) {
    return c -> c.give(reduce(c, operator, c.tensor("x")));
  }

  static void product(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int[] axes = axes(c, x);
    Arrays.sort(axes);
    Value result = x;
    for (int i = axes.length - 1; i >= 0; i--) {
      Argument keep = Argument.of(c.flag("keep_dims", false));
      result = c.apply("aten::prod.dim_int", result, Argument.of((long) axes[i]), keep);
    }
    c.give(result);
  }

  private static Value sum(OperationCall c, Value x)
      throws DelegateException, UnsupportedOperation {
    return reduce(c, "aten::sum.dim_IntList", x);
  }

  static void l1Norm(OperationCall c) throws DelegateException, UnsupportedOperation {
    c.give(sum(c, c.apply("aten::abs", c.tensor("x"))));
  }

  static void l2Norm(OperationCall c) throws DelegateException, UnsupportedOperation {
    c.give(c.apply("aten::sqrt", sum(c, c.apply("aten::square", c.tensor("x")))));
  }

  static void logSum(OperationCall c) throws DelegateException, UnsupportedOperation {
    c.give(c.apply("aten::log", sum(c, c.tensor("x"))));
  }

  static void sumSquare(OperationCall c) throws DelegateException, UnsupportedOperation {
    c.give(sum(c, c.apply("aten::square", c.tensor("x"))));
  }

  static OperatorWriter index(String operator) {
    return c -> {
      Argument dim = Argument.of(c.integer("axis", -1));
      Argument keep = Argument.of(c.flag("keep_dims", false));
      c.give(c.apply(operator, c.tensor("x"), dim, keep));
    };
  }

  static void cumulativeSum(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int axis = c.dim(c.integer("axis", 0), x.shape().rank());
    boolean reverse = c.flag("reverse", false);
    Value turned = reverse ? c.apply("aten::flip", x, Argument.ints(axis)) : x;
    Value sums = c.to(c.apply("aten::cumsum", turned, Argument.of((long) axis)), x.dtype());
    if (c.flag("exclusive", false)) {
      sums = c.apply("aten::constant_pad_nd", sums, Argument.ints(shifted(x.shape().rank(), axis)));
    }
    c.give(reverse ? c.apply("aten::flip", sums, Argument.ints(axis)) : sums);
  }

  /** A border of one element before a dimension, and its last element cut off. */
  private static int[] shifted(int rank, int dim) {
    int[] pad = new int[2 * (rank - dim)];
    pad[pad.length - 2] = 1;
    pad[pad.length - 1] = -1;
    return pad;
  }

  static void topK(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    List<Value> found =
        c.call(
            "aten::topk",
            x,
            Argument.of(c.integer("k", 1)),
            Argument.of(c.integer("axis", -1)),
            Argument.of(!c.flag("ascending", false)),
            Argument.of(c.flag("sort", true)));
    c.give(found.get(0));
    if (c.flag("return_indices", true)) {
      c.give(found.get(1));
    }
  }

  static void argSort(OperationCall c) throws DelegateException, UnsupportedOperation {
    Argument dim = Argument.of(c.integer("axis", -1));
    Argument descending = Argument.of(!c.flag("ascending", false));
    c.give(c.call("aten::sort", c.tensor("x"), dim, descending).get(1));
  }
}
