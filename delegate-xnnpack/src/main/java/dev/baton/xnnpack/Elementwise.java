package dev.baton.xnnpack;

import dev.baton.delegate.Decline;
import dev.baton.graph.Node;
import dev.baton.graph.Quantization;
import dev.baton.graph.Value;
import dev.baton.xnnpack.ffi.XnnFeature;
import dev.baton.xnnpack.ffi.XnnFunction;
import dev.baton.xnnpack.ffi.XnnNode;
import dev.baton.xnnpack.ffi.XnnNode.BinaryOperator;
import dev.baton.xnnpack.ffi.XnnNode.Range;
import dev.baton.xnnpack.ffi.XnnNode.UnaryOperator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Operators that compute each element by itself. */
final class Elementwise {
  private Elementwise() {}

  static void unary(
      Node node, SubgraphCompiler c, @Nullable UnaryOperator operator, List<Float> parameters) {
    if (operator == null) {
      throw new IllegalStateException(node + " was never taken");
    }
    Value x = node.tensor("self");
    Layout layout = c.meet(x.shape().rank(), List.of(x));
    int input = c.in(x, layout);
    c.add(new XnnNode.Unary(operator, parameters, input, c.out(node.result(), layout)));
  }

  /** Real numbers to integers, or back. */
  static @Nullable Decline convertCheck(Node node, Support.Setting setting) {
    Value input = node.tensor("input");
    boolean quantizes = Quantization.isQuantize(node);
    Value real = quantizes ? input : node.result();
    Value integers = quantizes ? node.result() : input;
    if (integers.isConstant() || real.isConstant()) {
      return Decline.of(Decline.Kind.ARGUMENT, "what is constant is computed once");
    }
    Decline decline = Claimant.decline(real, setting);
    if (decline != null) {
      return decline;
    }
    if (!setting.encodings().agrees(integers, Quantization.of(node))) {
      return Decline.of(Decline.Kind.DTYPE, "the integers are not of 8 bits with one known scale");
    }
    return setting.library().has(XnnFeature.INT8)
        ? null
        : Decline.of(Decline.Kind.VERSION, "this version of XNNPACK does not convert to int8");
  }

  static void convert(Node node, SubgraphCompiler c) {
    Value x = node.tensor("input");
    Layout layout = c.meet(x.shape().rank(), List.of(x));
    c.add(
        new XnnNode.Unary(
            UnaryOperator.CONVERT, List.of(), c.in(x, layout), c.out(node.result(), layout)));
  }

  static void clamp(Node node, SubgraphCompiler c) {
    Range range = XnnpackOperators.clamp(node);
    if (range == null) {
      throw new IllegalStateException(node + " was never taken");
    }
    unary(node, c, UnaryOperator.CLAMP, List.of(range.min(), range.max()));
  }

  static void binary(Node node, SubgraphCompiler c, BinaryOperator operator) {
    Value left = node.tensor("self");
    Value right = node.tensor("other");
    Value result = c.result(node);
    int rank = result.shape().rank();
    Layout layout = c.meet(rank, List.of(left, right));
    int a = c.operand(left, rank, layout);
    int b = c.operand(right, rank, layout);
    c.add(new XnnNode.Binary(operator, c.range(node), a, b, c.out(result, layout)));
  }

  static void binaryScalar(Node node, SubgraphCompiler c, BinaryOperator operator) {
    double alpha = node.operator().has("alpha") ? node.number("alpha") : 1;
    binaryScalar(
        c,
        operator,
        node.tensor("self"),
        node.number("other") * alpha,
        c.range(node),
        c.result(node));
  }

  /** other − self. */
  static void reversed(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    Value result = c.result(node);
    int rank = result.shape().rank();
    if (node.operator().name().equals("aten::rsub.Tensor")) {
      Value other = node.tensor("other");
      Layout layout = c.meet(rank, List.of(x, other));
      int a = c.operand(other, rank, layout);
      int b = c.operand(x, rank, layout);
      c.add(new XnnNode.Binary(BinaryOperator.SUBTRACT, Range.ALL, a, b, c.out(result, layout)));
      return;
    }
    Layout layout = c.meet(rank, List.of(x));
    int a = scalar(c, x, node.number("other"));
    c.add(
        new XnnNode.Binary(
            BinaryOperator.SUBTRACT, Range.ALL, a, c.in(x, layout), c.out(result, layout)));
  }

  private static void binaryScalar(
      SubgraphCompiler c,
      BinaryOperator operator,
      Value x,
      double number,
      Range range,
      Value result) {
    Layout layout = c.meet(x.shape().rank(), List.of(x));
    int input = c.in(x, layout);
    c.add(new XnnNode.Binary(operator, range, input, scalar(c, x, number), c.out(result, layout)));
  }

  /** A number for an operation with a value, of rank 0 where the value is. */
  private static int scalar(SubgraphCompiler c, Value with, double number) {
    return with.shape().rank() == 0 ? c.constant(new float[] {(float) number}) : c.scalar(number);
  }

  static @Nullable Decline powerCheck(Node node, Support.Setting setting) {
    double exponent = node.number("exponent");
    return exponent == 0.5 || exponent == -0.5 || isWhole(exponent)
        ? null
        : Decline.of(
            Decline.Kind.ARGUMENT,
            "the exponent is " + exponent + ", not 2, 3, 4, -1, 0.5 or -0.5");
  }

  private static boolean isWhole(double exponent) {
    return exponent == 2 || exponent == 3 || exponent == 4 || exponent == -1;
  }

  /** x to a power, as products, roots and quotients. */
  static void power(Node node, SubgraphCompiler c) {
    double exponent = node.number("exponent");
    if (exponent == 0.5) {
      unary(node, c, UnaryOperator.SQUARE_ROOT, List.of());
    } else if (exponent == -0.5) {
      inverseRoot(node, c);
    } else if (exponent == -1) {
      reciprocal(node, c);
    } else if (exponent == 2) {
      unary(node, c, UnaryOperator.SQUARE, List.of());
    } else {
      Value x = node.tensor("self");
      Layout layout = c.meet(x.shape().rank(), List.of(x));
      int input = c.in(x, layout);
      int square = c.temporary(layout.dims(x.shape()));
      c.add(new XnnNode.Unary(UnaryOperator.SQUARE, List.of(), input, square));
      c.add(
          new XnnNode.Binary(
              BinaryOperator.MULTIPLY,
              Range.ALL,
              square,
              exponent == 3 ? input : square,
              c.out(node.result(), layout)));
    }
  }

  /** x · sigmoid(x). */
  static void silu(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    Layout layout = c.meet(x.shape().rank(), List.of(x));
    int input = c.in(x, layout);
    int gate = c.temporary(layout.dims(x.shape()));
    c.add(new XnnNode.Unary(UnaryOperator.SIGMOID, List.of(), input, gate));
    c.add(
        new XnnNode.Binary(
            BinaryOperator.MULTIPLY, Range.ALL, input, gate, c.out(node.result(), layout)));
  }

  /** (x + 3) / 6, cut to 0 … 1. */
  static void hardsigmoid(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    Layout layout = c.meet(x.shape().rank(), List.of(x));
    int shifted = c.temporary(layout.dims(x.shape()));
    c.add(
        new XnnNode.Binary(
            BinaryOperator.ADD, new Range(0, 6), c.in(x, layout), scalar(c, x, 3), shifted));
    c.add(
        new XnnNode.Binary(
            BinaryOperator.MULTIPLY,
            Range.ALL,
            shifted,
            scalar(c, x, 1.0 / 6),
            c.out(node.result(), layout)));
  }

  /** 1 / x. */
  static void reciprocal(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    Layout layout = c.meet(x.shape().rank(), List.of(x));
    reciprocal(node, c, layout, c.in(x, layout));
  }

  /** 1 / √x by its parts: XNNPACK's own approximation gives NaN at 0 and at infinity. */
  static void inverseRoot(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    Layout layout = c.meet(x.shape().rank(), List.of(x));
    int input = c.in(x, layout);
    int root = c.temporary(layout.dims(x.shape()));
    c.add(new XnnNode.Unary(UnaryOperator.SQUARE_ROOT, List.of(), input, root));
    reciprocal(node, c, layout, root);
  }

  private static void reciprocal(Node node, SubgraphCompiler c, Layout layout, int divisor) {
    c.add(
        new XnnNode.Binary(
            BinaryOperator.DIVIDE,
            Range.ALL,
            scalar(c, node.tensor("self"), 1),
            divisor,
            c.out(node.result(), layout)));
  }

  static @Nullable Decline preluCheck(Node node, Support.Setting setting) {
    Value x = node.tensor("self");
    Value slope = node.tensor("weight");
    int rank = x.shape().rank();
    if (rank < 2 || rank > 4) {
      return XnnpackOperators.shape("the rank is " + rank + ", not 2 to 4");
    }
    long slopes = slope.shape().numel();
    if (slopes != 1 && slopes != x.shape().size(1)) {
      return XnnpackOperators.shape(slopes + " slopes for " + x.shape().size(1) + " channels");
    }
    boolean byChannel =
        slopes == 1
            || (node.name().equals("aten::prelu") && slope.shape().rank() == 1)
            || (slope.shape().rank() >= rank - 1
                && slope.shape().size(slope.shape().rank() - rank + 1) == slopes);
    if (!byChannel) {
      return XnnpackOperators.shape("the slopes are not those of channels");
    }
    Decline decline = XnnpackOperators.constant(node, "weight");
    return decline != null ? decline : XnnpackOperators.need(setting, XnnFunction.DEFINE_PRELU);
  }

  static void prelu(Node node, SubgraphCompiler c) {
    float[] slopes = Weights.toArray(node.tensor("weight").constant());
    int input = c.in(node.tensor("self"), Layout.CHANNELS_LAST);
    c.add(
        new XnnNode.Prelu(
            input, c.constant(slopes, slopes.length), c.out(node.result(), Layout.CHANNELS_LAST)));
  }
}
