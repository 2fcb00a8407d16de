package dev.example.openvino.ir;

import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import dev.example.openvino.ir.Ir.Port;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Sums and their like over dimensions, softmax, and norms. */
final class Reductions {
  private Reductions() {}

  static Layers.Body reduce(String type) {
    return (node, t) -> {
      Translator.sameDtype(node);
      boolean all = !node.operator().has("dim");
      boolean keeps = !all && Translator.integer(node, "keepdim") != 0;
      long[] dims = all ? new long[0] : Translator.integers(node, "dim");
      int rank = node.tensor("self").shape().rank();
      if (rank == 0) {
        throw Declined.shape("a scalar is reduced");
      }
      long[] axes = dims.length == 0 ? LongStream.range(0, rank).toArray() : dims;
      t.out(
          node,
          t.ir()
              .apply(
                  type,
                  1,
                  Ir.attributes("keep_dims", keeps),
                  t.in(node, "self"),
                  t.ir().longs(axes)));
    };
  }

  static Layers.Body softmax(String type, int opset) {
    return (node, t) -> {
      int rank = node.tensor("self").shape().rank();
      if (rank == 0) {
        throw Declined.shape("a scalar has no softmax");
      }
      if (node.operator().has("dtype")) {
        Translator.sameDtype(node);
      }
      int axis = Translator.dim(node, "dim", rank);
      t.out(node, t.ir().apply(type, opset, Ir.attributes("axis", axis), t.in(node, "self")));
    };
  }

  // Norms

  static void layerNorm(Node node, Translator t) {
    t.onlyFirstResult(node);
    int count = Translator.integers(node, "normalized_shape").length;
    Port y = normalized(t, t.in(node, "input"), last(count), Translator.number(node, "eps"));
    t.out(node, affine(t, y, node.tensorOrNull("weight"), node.tensorOrNull("bias")));
  }

  static void rmsNorm(Node node, Translator t) {
    Port x = t.in(node, "input");
    int count = Translator.integers(node, "normalized_shape").length;
    double eps = node.isNone("eps") ? Math.ulp(1f) : Translator.number(node, "eps");
    Port square = t.ir().apply("Multiply", 1, "", x, x);
    Port mean =
        t.ir()
            .apply(
                "ReduceMean",
                1,
                Ir.attributes("keep_dims", true),
                square,
                t.ir().longs(last(count)));
    Port root = t.ir().apply("Sqrt", 1, "", t.ir().apply("Add", 1, "", mean, t.ir().number(eps)));
    t.out(
        node, affine(t, t.ir().apply("Divide", 1, "", x, root), node.tensorOrNull("weight"), null));
  }

  static void batchNorm(Node node, Translator t) {
    t.onlyFirstResult(node);
    int channels = node.tensor("input").shape().size(1);
    Value weight = node.tensorOrNull("weight");
    Value bias = node.tensorOrNull("bias");
    t.out(
        node,
        t.ir()
            .apply(
                "BatchNormInference",
                5,
                Ir.attributes("epsilon", Translator.number(node, "eps")),
                t.in(node, "input"),
                weight == null ? t.ir().filled(1, channels) : t.in(weight),
                bias == null ? t.ir().filled(0, channels) : t.in(bias),
                t.in(node, "running_mean"),
                t.in(node, "running_var")));
  }

  static void groupNorm(Node node, Translator t) {
    t.onlyFirstResult(node);
    Shape shape = node.tensor("input").shape();
    int channels = shape.size(1);
    Value weight = node.tensorOrNull("weight");
    Value bias = node.tensorOrNull("bias");
    t.out(
        node,
        t.ir()
            .apply(
                "GroupNormalization",
                12,
                Ir.attributes(
                    "num_groups",
                    Translator.integer(node, "group"),
                    "epsilon",
                    Translator.number(node, "eps")),
                t.in(node, "input"),
                weight == null ? t.ir().filled(1, channels) : t.in(weight),
                bias == null ? t.ir().filled(0, channels) : t.in(bias)));
  }

  /** By the mean and the variance over the axes. */
  private static Port normalized(Translator t, Port x, long[] axes, double eps) {
    return t.ir()
        .apply(
            "MVN",
            6,
            Ir.attributes("normalize_variance", true, "eps", eps, "eps_mode", "INSIDE_SQRT"),
            x,
            t.ir().longs(axes));
  }

  private static Port affine(Translator t, Port x, @Nullable Value weight, @Nullable Value bias) {
    Port scaled = weight == null ? x : t.ir().apply("Multiply", 1, "", x, t.in(weight));
    return bias == null ? scaled : t.ir().apply("Add", 1, "", scaled, t.in(bias));
  }

  /** The last dimensions, counted from the end. */
  private static long[] last(int count) {
    long[] axes = new long[count];
    Arrays.setAll(axes, i -> i - count);
    return axes;
  }
}
