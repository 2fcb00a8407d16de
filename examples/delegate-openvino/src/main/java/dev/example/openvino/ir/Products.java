package dev.example.openvino.ir;

import dev.baton.delegate.Decline;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import dev.example.openvino.ir.Ir.Port;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Convolutions and products of matrices, and attention made of them. */
final class Products {
  private static final String PLAIN = Ir.attributes("transpose_a", false, "transpose_b", false);
  private static final String BY_ROWS = Ir.attributes("transpose_a", false, "transpose_b", true);

  private Products() {}

  // Convolutions of lines, images and volumes

  static void convolution(Node node, Translator t) {
    Value x = node.tensor("input");
    Value weight = node.tensor("weight");
    if (!weight.isConstant()) {
      throw new Declined(Decline.Kind.NOT_CONSTANT, "its weight is no constant");
    }
    int dims = x.shape().rank() - 2;
    if (dims < 1 || dims > 3 || weight.shape().rank() != dims + 2) {
      throw Declined.shape("an image of rank " + x.shape().rank() + " without a batch");
    }
    long groups = Translator.integer(node, "groups");
    boolean transposed = Translator.integer(node, "transposed") != 0;
    long[] padding = spatial(node, "padding", dims);
    String attributes =
        Ir.attributes(
            "strides",
            spatial(node, "stride", dims),
            "dilations",
            spatial(node, "dilation", dims),
            "pads_begin",
            padding,
            "pads_end",
            padding,
            "auto_pad",
            "explicit");
    if (transposed) {
      attributes += Ir.attributes("output_padding", spatial(node, "output_padding", dims));
    }
    Port filter = t.in(weight);
    if (groups > 1) {
      filter = reshape(t, filter, grouped(weight.shape(), groups));
    }
    String type = (groups > 1 ? "Group" : "") + "Convolution" + (transposed ? "BackpropData" : "");
    Port y = t.ir().apply(type, 1, attributes, t.in(x), filter);
    Value bias = node.tensorOrNull("bias");
    if (bias != null) {
      long[] sizes = new long[dims + 2];
      Arrays.fill(sizes, 1);
      sizes[1] = bias.shape().numel();
      y = add(t, y, reshape(t, t.in(bias), sizes));
    }
    t.out(node, y);
  }

  /** [out, in of a group, …] as [groups, out of a group, in of a group, …], or so transposed. */
  private static long[] grouped(Shape weight, long groups) {
    long[] sizes = new long[weight.rank() + 1];
    sizes[0] = groups;
    sizes[1] = weight.size(0) / groups;
    for (int d = 1; d < weight.rank(); d++) {
      sizes[d + 1] = weight.size(d);
    }
    return sizes;
  }

  /** An argument with one number for all spatial dimensions, or one for each. */
  static long[] spatial(Node node, String parameter, int dims) {
    long[] given = Translator.integers(node, parameter);
    long[] all = new long[dims];
    for (int d = 0; d < dims; d++) {
      all[d] = given[given.length == 1 ? 0 : d];
    }
    return all;
  }

  // Products of matrices

  static void linear(Node node, Translator t) {
    Value x = node.tensor("input");
    if (x.shape().rank() < 2) {
      throw Declined.shape("the input has rank below 2");
    }
    Port y = t.ir().apply("MatMul", 1, BY_ROWS, t.in(x), t.in(node, "weight"));
    Value bias = node.tensorOrNull("bias");
    t.out(node, bias == null ? y : add(t, y, t.in(bias)));
  }

  static void product(Node node, Translator t, String left, String right) {
    t.out(node, matmul(t, t.in(node, left), t.in(node, right)));
  }

  /** {@code beta · self + alpha · left · right}. */
  static void addedProduct(Node node, Translator t, String left, String right) {
    Port product =
        scaled(t, matmul(t, t.in(node, left), t.in(node, right)), Translator.number(node, "alpha"));
    double beta = Translator.number(node, "beta");
    t.out(node, beta == 0 ? product : add(t, product, scaled(t, t.in(node, "self"), beta)));
  }

  private static Port matmul(Translator t, Port left, Port right) {
    return t.ir().apply("MatMul", 1, PLAIN, left, right);
  }

  private static Port scaled(Translator t, Port x, double factor) {
    return factor == 1 ? x : t.ir().apply("Multiply", 1, "", x, t.ir().number(factor));
  }

  private static Port add(Translator t, Port a, Port b) {
    return t.ir().apply("Add", 1, "", a, b);
  }

  private static Port reshape(Translator t, Port x, long... sizes) {
    return t.ir().apply("Reshape", 1, Ir.attributes("special_zero", false), x, t.ir().longs(sizes));
  }

  static void attention(Node node, Translator t) {
    if (Translator.number(node, "dropout_p") != 0) {
      throw Declined.argument("it drops out at random");
    }
    if (Translator.integer(node, "enable_gqa") != 0) {
      throw Declined.argument("queries share keys");
    }
    @Nullable Value mask = node.tensorOrNull("attn_mask");
    Port q = t.in(node, "query");
    Port k = t.in(node, "key");
    Port v = t.in(node, "value");
    String attributes = Ir.attributes("causal", Translator.integer(node, "is_causal") != 0);
    if (node.isNone("scale")) {
      t.out(
          node,
          mask == null
              ? t.ir().apply("ScaledDotProductAttention", 13, attributes, q, k, v)
              : t.ir().apply("ScaledDotProductAttention", 13, attributes, q, k, v, t.in(mask)));
    } else {
      Port masked = mask == null ? t.ir().number(0) : t.in(mask);
      Port scale = t.ir().number(Translator.number(node, "scale"));
      t.out(
          node, t.ir().apply("ScaledDotProductAttention", 13, attributes, q, k, v, masked, scale));
    }
  }
}
