package dev.baton.coreml.lift;

import dev.baton.coreml.mil.MilType.Element;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Value;

/** Functions of each element, and of pairs of them, broadcast as NumPy does. */
final class Elementwise {
  /** A shift that is smaller than this changes no float that is not tiny itself. */
  private static final double NO_SHIFT = 1e-40;

  private static final double HARD_SWISH_BEGINS = -3;

  private Elementwise() {}

  static OperatorWriter unary(String operator) {
    return c -> c.give(c.apply(operator, c.tensor("x")));
  }

  /** The function of x + epsilon. */
  static OperatorWriter shifted(String operator, double epsilon) {
    return c -> {
      Value x = c.tensor("x");
      double shift = c.number("epsilon", epsilon);
      Value moved =
          Math.abs(shift) < NO_SHIFT ? x : c.apply("aten::add.Scalar", x, Argument.of(shift));
      c.give(c.apply(operator, moved));
    };
  }

  static OperatorWriter binary(String operator) {
    return c -> c.give(c.apply(operator, c.tensor("x"), c.tensor("y")));
  }

  static void floorDivide(OperationCall c) throws DelegateException {
    Argument floor = new Argument.Text("floor");
    c.give(c.apply("aten::div.Tensor_mode", c.tensor("x"), c.tensor("y"), floor));
  }

  /** x · hard sigmoid(x) is one operator. */
  static void multiply(OperationCall c) throws DelegateException {
    Value x = c.tensor("x");
    Value y = c.tensor("y");
    if (isHardSigmoidOf(y, x) || isHardSigmoidOf(x, y)) {
      c.give(c.apply("aten::hardswish", withoutGuard(isHardSigmoidOf(y, x) ? x : y)));
    } else {
      c.give(c.apply("aten::mul.Tensor", x, y));
    }
  }

  /** Converters set to 0 what is below −3, where a hard swish is 0 by itself. */
  private static Value withoutGuard(Value value) {
    Node node = value.producer();
    return node != null
            && node.name().equals("aten::threshold")
            && node.number("threshold") <= HARD_SWISH_BEGINS
            && node.number("value") == 0
        ? node.tensor("self")
        : value;
  }

  private static boolean isHardSigmoidOf(Value value, Value x) {
    Node node = value.producer();
    return node != null && node.name().equals("aten::hardsigmoid") && node.tensor("self") == x;
  }

  static void power(OperationCall c) throws DelegateException {
    Value x = c.tensor("x");
    Literal exponent = c.literalOrNull("y");
    if (exponent != null
        && exponent.isScalar()
        && exponent.shape().rank() <= x.shape().rank()
        && x.dtype().isFloatingPoint()) {
      c.give(c.apply("aten::pow.Tensor_Scalar", x, Argument.of(exponent.number(0))));
    } else {
      c.give(c.apply("aten::pow.Tensor_Tensor", x, c.tensor("y")));
    }
  }

  static void select(OperationCall c) throws DelegateException {
    Value condition = c.to(c.tensor("cond"), DType.BOOL);
    c.give(c.apply("aten::where.self", condition, c.tensor("a"), c.tensor("b")));
  }

  static void cast(OperationCall c) throws DelegateException, UnsupportedOperation {
    String name = c.text("dtype", "");
    Element element = Element.named(name);
    DType dtype = element == null ? null : element.computed();
    if (dtype == null) {
      throw new UnsupportedOperation("casts to '" + name + "'");
    }
    Literal literal = c.literalOrNull("x");
    if (literal != null && literal.dtype() == dtype) {
      c.give(literal);
    } else {
      c.give(c.to(c.tensor("x"), dtype));
    }
  }
}
