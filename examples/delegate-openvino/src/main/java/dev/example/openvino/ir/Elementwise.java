package dev.example.openvino.ir;

import dev.baton.graph.Node;
import dev.baton.graph.Value;
import dev.example.openvino.ir.Ir.Port;
import java.util.Arrays;

/** Functions of each element, and of two tensors element by element. */
final class Elementwise {
  private Elementwise() {}

  static Layers.Body unary(String type, int opset) {
    return (node, t) -> t.out(node, t.ir().apply(type, opset, "", t.in(node, "self")));
  }

  static Layers.Body binary(String type) {
    return (node, t) ->
        t.out(node, t.ir().apply(type, 1, "", t.in(node, "self"), t.in(node, "other")));
  }

  /** The other operand is a number. */
  static Layers.Body scalar(String type) {
    return (node, t) ->
        t.out(
            node,
            t.ir()
                .apply(
                    type,
                    1,
                    "",
                    t.in(node, "self"),
                    t.ir().number(Translator.number(node, "other"))));
  }

  /** {@code self + alpha · other} and its like. */
  static Layers.Body scaled(String type) {
    return (node, t) -> t.out(node, t.ir().apply(type, 1, "", t.in(node, "self"), other(node, t)));
  }

  /** {@code other − alpha · self}. */
  static void reversed(Node node, Translator t) {
    Port other =
        node.operator().name().endsWith("Scalar")
            ? t.ir().number(Translator.number(node, "other"))
            : t.in(node, "other");
    Port self = times(t, t.in(node, "self"), Translator.number(node, "alpha"));
    t.out(node, t.ir().apply("Subtract", 1, "", other, self));
  }

  private static Port other(Node node, Translator t) {
    double alpha = Translator.number(node, "alpha");
    return node.operator().name().endsWith("Scalar")
        ? t.ir().number(alpha * Translator.number(node, "other"))
        : times(t, t.in(node, "other"), alpha);
  }

  private static Port times(Translator t, Port x, double factor) {
    return factor == 1 ? x : t.ir().apply("Multiply", 1, "", x, t.ir().number(factor));
  }

  static void gelu(Node node, Translator t) {
    boolean tanh = node.text("approximate", "none").equals("tanh");
    t.out(
        node,
        t.ir()
            .apply(
                "Gelu",
                7,
                Ir.attributes("approximation_mode", tanh ? "TANH" : "ERF"),
                t.in(node, "self")));
  }

  static void elu(Node node, Translator t) {
    if (Translator.number(node, "scale") != 1 || Translator.number(node, "input_scale") != 1) {
      throw Declined.argument("a scale is not 1");
    }
    t.out(
        node,
        t.ir()
            .apply(
                "Elu",
                1,
                Ir.attributes("alpha", Translator.number(node, "alpha")),
                t.in(node, "self")));
  }

  static void leakyRelu(Node node, Translator t) {
    Port slope = t.ir().filled((float) Translator.number(node, "negative_slope"), 1);
    t.out(node, t.ir().apply("PRelu", 1, "", t.in(node, "self"), slope));
  }

  static void prelu(Node node, Translator t) {
    Value weight = node.tensor("weight");
    int rank = node.tensor("self").shape().rank();
    Port slope = t.in(weight);
    if (weight.shape().rank() <= 1 && rank > 1) {
      long[] sizes = new long[rank];
      Arrays.fill(sizes, 1);
      sizes[1] = weight.shape().numel();
      slope =
          t.ir()
              .apply(
                  "Reshape", 1, Ir.attributes("special_zero", false), slope, t.ir().longs(sizes));
    }
    t.out(node, t.ir().apply("PRelu", 1, "", t.in(node, "self"), slope));
  }

  static void inverse(Node node, Translator t) {
    t.out(node, t.ir().apply("Divide", 1, "", t.ir().number(1), t.in(node, "self")));
  }

  static void inverseRoot(Node node, Translator t) {
    Port root = t.ir().apply("Sqrt", 1, "", t.in(node, "self"));
    t.out(node, t.ir().apply("Divide", 1, "", t.ir().number(1), root));
  }

  static void square(Node node, Translator t) {
    Port x = t.in(node, "self");
    t.out(node, t.ir().apply("Multiply", 1, "", x, x));
  }

  static void power(Node node, Translator t) {
    double exponent = Translator.number(node, "exponent");
    if (exponent == 2) {
      square(node, t);
    } else {
      t.out(node, t.ir().apply("Power", 1, "", t.in(node, "self"), t.ir().number(exponent)));
    }
  }

  static void hardtanh(Node node, Translator t) {
    range(node, t, Translator.number(node, "min_val"), Translator.number(node, "max_val"));
  }

  static void relu6(Node node, Translator t) {
    range(node, t, 0, 6);
  }

  private static void range(Node node, Translator t, double min, double max) {
    if (!(min <= max)) {
      throw Declined.argument("the lower bound is not below the upper");
    }
    t.out(
        node,
        t.ir()
            .apply(
                "Clamp",
                1,
                Ir.attributes("min", (float) min, "max", (float) max),
                t.in(node, "self")));
  }

  static void clamp(Node node, Translator t) {
    if (!node.isNone("min") && !node.isNone("max")) {
      range(node, t, Translator.number(node, "min"), Translator.number(node, "max"));
    } else if (!node.isNone("min")) {
      Port min = t.ir().number(Translator.number(node, "min"));
      t.out(node, t.ir().apply("Maximum", 1, "", t.in(node, "self"), min));
    } else if (!node.isNone("max")) {
      Port max = t.ir().number(Translator.number(node, "max"));
      t.out(node, t.ir().apply("Minimum", 1, "", t.in(node, "self"), max));
    } else {
      throw Declined.argument("it has no bounds");
    }
  }

  static void where(Node node, Translator t) {
    t.out(
        node,
        t.ir()
            .apply(
                "Select", 1, "", t.in(node, "condition"), t.in(node, "self"), t.in(node, "other")));
  }

  static void fill(Node node, Translator t) {
    Port value = t.ir().number(Translator.number(node, "value"));
    t.out(node, t.ir().apply("Select", 1, "", t.in(node, "mask"), value, t.in(node, "self")));
  }

  static void round(Node node, Translator t) {
    t.out(
        node, t.ir().apply("Round", 5, Ir.attributes("mode", "half_to_even"), t.in(node, "self")));
  }
}
