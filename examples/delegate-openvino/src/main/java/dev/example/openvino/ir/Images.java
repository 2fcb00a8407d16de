package dev.example.openvino.ir;

import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import dev.example.openvino.ir.Ir.Port;
import java.util.Arrays;
import java.util.stream.LongStream;

/** Pools of lines, images and volumes. */
final class Images {
  private Images() {}

  static void maxPool(Node node, Translator t) {
    t.onlyFirstResult(node);
    Translator.fixed(node);
    Window window = Window.of(node);
    long[] dilation = Products.spatial(node, "dilation", window.dims);
    if (Arrays.stream(dilation).anyMatch(d -> d != 1)) {
      throw Declined.argument("the window is dilated");
    }
    t.out(
        node,
        t.ir()
            .apply("MaxPool", 1, window.attributes(window.padsThatFit(node)), t.in(node, "self")));
  }

  static void averagePool(Node node, Translator t) {
    Translator.fixed(node);
    Window window = Window.of(node);
    if (node.operator().has("divisor_override") && !node.isNone("divisor_override")) {
      throw Declined.argument("it divides by a number of its own");
    }
    if (!Arrays.equals(window.floored(node), window.sizes(node.result().shape()))) {
      throw Declined.argument("windows reach beyond the padding");
    }
    boolean counts = Translator.integer(node, "count_include_pad") != 0;
    t.out(
        node,
        t.ir()
            .apply(
                "AvgPool",
                1,
                window.attributes(window.padding) + Ir.attributes("exclude-pad", !counts),
                t.in(node, "self")));
  }

  static void adaptivePool(Node node, Translator t) {
    Value x = node.tensor("self");
    long[] sizes = Translator.integers(node, "output_size");
    int dims = sizes.length;
    if (x.shape().rank() != dims + 2) {
      throw Declined.shape("an image without a batch");
    }
    if (Arrays.stream(sizes).allMatch(size -> size == 1)) {
      Port axes = t.ir().longs(LongStream.range(2, dims + 2).toArray());
      t.out(node, t.ir().apply("ReduceMean", 1, Ir.attributes("keep_dims", true), t.in(x), axes));
    } else {
      Translator.fixed(node);
      t.out(node, t.ir().apply("AdaptiveAvgPool", 8, "", t.in(x), t.ir().longs(sizes)));
    }
  }

  /** A window that moves over spatial dimensions. */
  private record Window(int dims, long[] kernel, long[] stride, long[] padding) {
    static Window of(Node node) {
      int dims = node.name().contains("1d") ? 1 : node.name().contains("3d") ? 3 : 2;
      if (node.tensor("self").shape().rank() != dims + 2) {
        throw Declined.shape("an image without a batch");
      }
      long[] kernel = Products.spatial(node, "kernel_size", dims);
      long[] stride =
          Translator.integers(node, "stride").length == 0
              ? kernel
              : Products.spatial(node, "stride", dims);
      return new Window(dims, kernel, stride, Products.spatial(node, "padding", dims));
    }

    long[] sizes(Shape shape) {
      return Arrays.stream(shape.sizes()).skip(2).asLongStream().toArray();
    }

    /** Sizes of the result if windows lie within the padding. */
    long[] floored(Node node) {
      long[] in = sizes(node.tensor("self").shape());
      long[] out = new long[dims];
      Arrays.setAll(out, d -> (in[d] + 2 * padding[d] - kernel[d]) / stride[d] + 1);
      return out;
    }

    /** Padding at the end by which the windows are as many as the result has elements. */
    long[] padsThatFit(Node node) {
      long[] in = sizes(node.tensor("self").shape());
      long[] out = sizes(node.result().shape());
      long[] pads = new long[dims];
      Arrays.setAll(
          pads, d -> Math.max(0, (out[d] - 1) * stride[d] + kernel[d] - in[d] - padding[d]));
      return pads;
    }

    String attributes(long[] padsEnd) {
      return Ir.attributes(
          "kernel",
          kernel,
          "strides",
          stride,
          "pads_begin",
          padding,
          "pads_end",
          padsEnd,
          "rounding_type",
          "floor",
          "auto_pad",
          "explicit");
    }
  }
}
