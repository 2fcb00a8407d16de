package dev.baton.runtime.lift;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts one operator where an exporter wrote several, or one that gives more than is used: the
 * comparisons and indices in them would split what accelerators run as one.
 *
 * <ul>
 *   <li>{@code where(x > 0, x, x · slope)} is a leaky relu, or a prelu if each channel has a slope;
 *   <li>{@code max} and {@code min} over a dim, whose indices nobody takes, are {@code amax} and
 *       {@code amin}.
 * </ul>
 */
public final class Recomposition extends GraphRewriter {
  private Recomposition(Graph graph) {
    super(graph);
  }

  public static Block apply(Block block) {
    return new Recomposition(block.graph()).rewrite(block);
  }

  @Override
  @Nullable List<Value> replacement(Node node) {
    Value given =
        switch (node.name()) {
          case "aten::where.self" -> leakyRelu(node);
          case "aten::max.dim" -> extreme(node, "aten::amax");
          case "aten::min.dim" -> extreme(node, "aten::amin");
          default -> null;
        };
    return given == null ? null : List.of(given);
  }

  // ---- leaky relu

  private @Nullable Value leakyRelu(Node where) {
    Node comparison = where.tensor("condition").producer();
    Value x = where.tensor("self");
    Node product = where.tensor("other").producer();
    if (comparison == null
        || product == null
        || !comparison.name().equals("aten::gt.Scalar")
        || comparison.tensor("self") != x
        || !comparison.isLiteral("other")
        || comparison.number("other") != 0
        || x.dtype() != DType.FLOAT
        || !x.type().equals(where.result().type())) {
      return null;
    }
    if (product.name().equals("aten::mul.Scalar")) {
      return product.tensor("self") == x && product.isLiteral("other")
          ? leakyRelu(where, x, product.number("other"))
          : null;
    }
    if (!product.name().equals("aten::mul.Tensor")) {
      return null;
    }
    Value left = product.tensor("self");
    Value right = product.tensor("other");
    Value slope = left == x ? right : right == x ? left : null;
    if (slope == null || !slope.isConstant() || slope.dtype() != DType.FLOAT) {
      return null;
    }
    if (slope.shape().rank() <= x.shape().rank() && slope.shape().numel() == 1) {
      return leakyRelu(where, x, number(slope.constant()));
    }
    return isByChannel(slope.shape(), x.shape())
        ? add(
            "aten::_prelu_kernel",
            where.result().tensorType(),
            where.origin(),
            List.of(map(x), map(slope)))
        : null;
  }

  private Value leakyRelu(Node where, Value x, double slope) {
    return add(
        "aten::leaky_relu",
        where.result().tensorType(),
        where.origin(),
        List.of(map(x), Argument.of(slope)));
  }

  /** True if broadcasting to x repeats along all dims but the channels, which are dim 1. */
  private static boolean isByChannel(Shape slopes, Shape x) {
    int channels = slopes.rank() - x.rank() + 1;
    return x.rank() >= 2
        && slopes.rank() <= x.rank()
        && channels >= 0
        && slopes.size(channels) == slopes.numel()
        && slopes.size(channels) == x.size(1);
  }

  private static double number(Constant constant) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = Constants.contiguous(constant, arena).data();
      return data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0);
    }
  }

  // ---- extremes

  private @Nullable Value extreme(Node node, String operator) {
    Value indices = node.results().get(1);
    Value x = node.tensor("self");
    if (!graph.users(indices).isEmpty()
        || graph.isOutput(indices)
        || x.dtype() != DType.FLOAT
        || x.shape().rank() == 0
        || !node.isLiteral("dim")) {
      return null;
    }
    return add(
        operator,
        node.results().get(0).tensorType(),
        node.origin(),
        List.of(
            map(x), Argument.ints((int) node.integer("dim")), Argument.of(node.bool("keepdim"))));
  }
}
