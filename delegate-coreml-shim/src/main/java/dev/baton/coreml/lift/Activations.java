package dev.baton.coreml.lift;

import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.Value;

/** Activations with parameters. */
final class Activations {
  /** A sixth in 16 bits differs from one in 64 by less. */
  private static final double SIXTH_TOLERANCE = 1e-4;

  private Activations() {}

  private static Value scaled(OperationCall c, Value x, double factor, double offset) {
    Value product = c.apply("aten::mul.Scalar", x, Argument.of(factor));
    return offset == 0 ? product : c.apply("aten::add.Scalar", product, Argument.of(offset));
  }

  private static Value between(OperationCall c, Value x, double low, double high) {
    return c.apply("aten::hardtanh", x, Argument.of(low), Argument.of(high));
  }

  static void relu6(OperationCall c) throws DelegateException {
    c.give(between(c, c.tensor("x"), 0, 6));
  }

  static void clip(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    double low = c.number("alpha");
    double high = c.number("beta");
    if (x.dtype().isFloatingPoint()) {
      c.give(between(c, x, low, high));
    } else {
      c.give(c.apply("aten::clamp", x, Argument.of((long) low), Argument.of((long) high)));
    }
  }

  /** max(x, α). */
  static void threshold(OperationCall c) throws DelegateException, UnsupportedOperation {
    c.give(c.apply("aten::clamp", c.tensor("x"), Argument.of(c.number("alpha"))));
  }

  /** x where x ≥ α, else 0. */
  static void thresholdedRelu(OperationCall c) throws DelegateException, UnsupportedOperation {
    float below = Math.nextDown((float) c.number("alpha")); // the operator asks for more than that
    c.give(
        c.apply("aten::threshold", c.tensor("x"), Argument.of((double) below), Argument.of(0.0)));
  }

  /** min(β, x), with the slope α below 0. */
  static void clampedRelu(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value sloped = c.apply("aten::leaky_relu", c.tensor("x"), Argument.of(c.number("alpha")));
    c.give(c.apply("aten::clamp", sloped, Argument.none(), Argument.of(c.number("beta"))));
  }

  static void leakyRelu(OperationCall c) throws DelegateException, UnsupportedOperation {
    c.give(c.apply("aten::leaky_relu", c.tensor("x"), Argument.of(c.number("alpha", 0.01))));
  }

  static void elu(OperationCall c) throws DelegateException, UnsupportedOperation {
    c.give(c.apply("aten::elu", c.tensor("x"), Argument.of(c.number("alpha", 1))));
  }

  static void prelu(OperationCall c) throws DelegateException {
    c.give(c.apply("aten::prelu", c.tensor("x"), c.tensor("alpha")));
  }

  static void gelu(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    String mode = c.text("mode", "EXACT");
    switch (mode) {
      case "EXACT" -> c.give(c.apply("aten::gelu", x));
      case "TANH_APPROXIMATION" -> c.give(c.apply("aten::gelu", x, new Argument.Text("tanh")));
      case "SIGMOID_APPROXIMATION" -> {
        Value weight = c.apply("aten::sigmoid", scaled(c, x, 1.702, 0));
        c.give(c.apply("aten::mul.Tensor", x, weight));
      }
      default -> throw new UnsupportedOperation("has the mode '" + mode + "'");
    }
  }

  /** αx + β, cut to 0 … 1. */
  static void hardSigmoid(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    double slope = c.number("alpha", 0.2);
    double offset = c.number("beta", 0.5);
    if (Math.abs(slope - 1.0 / 6) < SIXTH_TOLERANCE && offset == 0.5) {
      c.give(c.apply("aten::hardsigmoid", x));
    } else {
      c.give(between(c, scaled(c, x, slope, offset), 0, 1));
    }
  }

  static void linear(OperationCall c) throws DelegateException, UnsupportedOperation {
    c.give(scaled(c, c.tensor("x"), c.number("alpha"), c.number("beta", 0)));
  }

  /** α · tanh(βx). */
  static void scaledTanh(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value inner = scaled(c, c.tensor("x"), c.number("beta", 1), 0);
    c.give(scaled(c, c.apply("aten::tanh", inner), c.number("alpha", 1), 0));
  }

  static void softmax(OperationCall c) throws DelegateException, UnsupportedOperation {
    Argument dim = Argument.of(c.integer("axis", -1));
    c.give(c.apply("aten::_softmax", c.tensor("x"), dim, Argument.of(false)));
  }

  static void softsign(OperationCall c) throws DelegateException {
    Value x = c.tensor("x");
    Value size = c.apply("aten::add.Scalar", c.apply("aten::abs", x), Argument.of(1.0));
    c.give(c.apply("aten::div.Tensor", x, size));
  }

  /** α · log(1 + exp(βx)), with α and β by channel: dimension 1. */
  static void parametricSoftplus(OperationCall c) throws DelegateException {
    Value x = c.tensor("x");
    Value inner = c.apply("aten::mul.Tensor", x, byChannel(c, c.tensor("beta"), x));
    Value soft = c.apply("aten::softplus", inner);
    c.give(c.apply("aten::mul.Tensor", soft, byChannel(c, c.tensor("alpha"), x)));
  }

  private static Value byChannel(OperationCall c, Value parameters, Value x) {
    int[] sizes = new int[Math.max(1, x.shape().rank() - 1)];
    java.util.Arrays.fill(sizes, 1);
    sizes[0] = (int) parameters.shape().numel();
    return c.view(parameters, sizes);
  }
}
