package dev.baton.xnnpack;

import dev.baton.delegate.Decline;
import dev.baton.graph.Argument;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import dev.baton.xnnpack.ffi.XnnFeature;
import dev.baton.xnnpack.ffi.XnnNode;
import dev.baton.xnnpack.ffi.XnnNode.BinaryOperator;
import dev.baton.xnnpack.ffi.XnnNode.Padding;
import dev.baton.xnnpack.ffi.XnnNode.Range;
import dev.baton.xnnpack.ffi.XnnNode.ReduceOperator;
import dev.baton.xnnpack.ffi.XnnNode.Window;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Pooling and resizing. */
final class Images {
  private Images() {}

  private static int[] pair(Node node, String parameter, int[] orElse) {
    long[] given = node.integers(parameter);
    return given.length == 0 ? orElse : new int[] {(int) given[0], (int) given[given.length - 1]};
  }

  private static @Nullable Decline image(Node node, String parameter) {
    int rank = node.tensor(parameter).shape().rank();
    return rank == 4 ? null : XnnpackOperators.shape("the input has rank " + rank + ", not 4");
  }

  /** The window of a pool; with ceil_mode, the padding that makes the last one whole. */
  private static Window window(Node node) {
    int[] none = {1, 1};
    int[] kernel = pair(node, "kernel_size", none);
    int[] stride = pair(node, "stride", kernel);
    int[] padding = pair(node, "padding", none);
    int[] dilation = node.operator().has("dilation") ? pair(node, "dilation", none) : none;
    Shape in = node.tensor("self").shape();
    Shape out = node.result().shape();
    int[] after = padding.clone();
    for (int d = 0; d < 2 && node.bool("ceil_mode"); d++) {
      int reach = (out.size(2 + d) - 1) * stride[d] + dilation[d] * (kernel[d] - 1) + 1;
      after[d] = Math.max(padding[d], reach - in.size(2 + d) - padding[d]);
    }
    return new Window(
        kernel[0],
        kernel[1],
        stride[0],
        stride[1],
        dilation[0],
        dilation[1],
        new Padding(padding[0], after[1], after[0], padding[1]));
  }

  private static @Nullable Decline poolCheck(Node node) {
    Decline decline = image(node, "self");
    if (decline != null) {
      return decline;
    }
    Window window = window(node);
    if (window.height() == 1 && window.width() == 1) {
      return XnnpackOperators.shape("the pool is one cell");
    }
    return node.bool("ceil_mode") && Shapes.isDynamic(node)
        ? Decline.of(Decline.Kind.DYNAMIC_SHAPE, "sizes vary and are rounded up")
        : null;
  }

  static @Nullable Decline maxPoolCheck(Node node, Support.Setting setting) {
    if (!XnnpackOperators.onlyFirstResultUsed(node, setting.view())) {
      return Decline.of(Decline.Kind.OPERATOR, "its indices are used");
    }
    Decline decline = poolCheck(node);
    if (decline != null) {
      return decline;
    }
    Window window = window(node);
    boolean gaps = window.strideHeight() > window.height() || window.strideWidth() > window.width();
    if (gaps && !setting.library().has(XnnFeature.POOLS_WITH_GAPS)) {
      return Decline.of(
          Decline.Kind.VERSION, "this version of XNNPACK has no pools with gaps between them");
    }
    Padding padding = window.padding();
    boolean padded = padding.top() + padding.left() + padding.bottom() + padding.right() > 0;
    boolean dilated = window.dilationHeight() > 1 || window.dilationWidth() > 1;
    return padded && dilated && !setting.library().has(XnnFeature.POOLS_WITH_GAPS)
        ? Decline.of(
            Decline.Kind.VERSION, "this version of XNNPACK has no padded pools with dilation")
        : null;
  }

  static void maxPool(Node node, SubgraphCompiler c) {
    int input = c.in(node.tensor("self"), Layout.CHANNELS_LAST);
    c.add(
        new XnnNode.MaxPooling(
            window(node), c.range(node), input, c.out(c.result(node), Layout.CHANNELS_LAST)));
  }

  static @Nullable Decline averagePoolCheck(Node node, Support.Setting setting) {
    Decline decline = poolCheck(node);
    if (decline != null) {
      return decline;
    }
    if (!node.isNone("divisor_override")) {
      return Decline.of(Decline.Kind.ARGUMENT, "the divisor is given");
    }
    Padding p = window(node).padding();
    return node.bool("ceil_mode") && (p.bottom() != p.top() || p.right() != p.left())
        ? Decline.of(Decline.Kind.ARGUMENT, "sizes are rounded up")
        : null;
  }

  static void averagePool(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    int input = c.in(x, Layout.CHANNELS_LAST);
    Window window = window(node);
    Padding p = window.padding();
    if (node.bool("count_include_pad") && !p.equals(new Padding(0, 0, 0, 0))) {
      long[] dims = Layout.CHANNELS_LAST.dims(x.shape());
      int padded =
          c.temporary(
              dims[0], dims[1] + p.top() + p.bottom(), dims[2] + p.left() + p.right(), dims[3]);
      c.add(
          new XnnNode.Pad(
              new long[] {0, p.top(), p.left(), 0},
              new long[] {0, p.bottom(), p.right(), 0},
              0,
              input,
              padded));
      input = padded;
      window =
          new Window(
              window.height(),
              window.width(),
              window.strideHeight(),
              window.strideWidth(),
              1,
              1,
              new Padding(0, 0, 0, 0));
    }
    c.add(
        new XnnNode.AveragePooling(
            window, c.range(node), input, c.out(c.result(node), Layout.CHANNELS_LAST)));
  }

  static @Nullable Decline adaptivePoolCheck(Node node, Support.Setting setting) {
    Decline decline = image(node, "self");
    if (decline != null) {
      return decline;
    }
    Shape in = node.tensor("self").shape();
    Shape out = node.result().shape();
    if (out.size(2) == 1 && out.size(3) == 1) {
      return XnnpackOperators.need(setting, ReduceOperator.MEAN);
    }
    if (in.size(2) % out.size(2) != 0 || in.size(3) % out.size(3) != 0) {
      return XnnpackOperators.shape("the cells are of different sizes");
    }
    return XnnpackOperators.staticOnly(node);
  }

  static void adaptivePool(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    Shape out = node.result().shape();
    int height = x.shape().size(2) / out.size(2);
    int width = x.shape().size(3) / out.size(3);
    if (out.size(2) == 1 && out.size(3) == 1) {
      Reductions.reduce(c, ReduceOperator.MEAN, x, new int[] {2, 3}, true, node.result());
    } else if (height == 1 && width == 1) {
      c.alias(node.result(), x);
    } else {
      int input = c.in(x, Layout.CHANNELS_LAST);
      c.add(
          new XnnNode.AveragePooling(
              new Window(height, width, height, width, 1, 1, new Padding(0, 0, 0, 0)),
              Range.ALL,
              input,
              c.out(node.result(), Layout.CHANNELS_LAST)));
    }
  }

  private static Value resized(Node node) {
    return node.tensor(node.operator().has("input") ? "input" : "self");
  }

  static @Nullable Decline resizeCheck(Node node, Support.Setting setting) {
    Value x = resized(node);
    if (x.shape().rank() != 4) {
      return XnnpackOperators.shape("the input has rank " + x.shape().rank() + ", not 4");
    }
    boolean bySize = !node.isNone("output_size");
    if (!bySize && Shapes.isDynamic(node)) {
      return Decline.of(Decline.Kind.DYNAMIC_SHAPE, "the new size follows from one that varies");
    }
    String[] scales =
        node.operator().has("scale_factors")
            ? new String[] {"scale_factors"}
            : new String[] {"scales_h", "scales_w"};
    for (int d = 0; d < 2; d++) {
      double exact = (double) node.result().shape().size(2 + d) / x.shape().size(2 + d);
      double scale = scale(node, scales[Math.min(d, scales.length - 1)], d);
      if (!node.bool("align_corners") && scale > 0 && scale != exact) {
        return Decline.of(
            Decline.Kind.ARGUMENT, "the scale " + scale + " is not the quotient of the sizes");
      }
    }
    return null;
  }

  private static double scale(Node node, String parameter, int d) {
    return switch (node.argument(parameter)) {
      case Argument.Real r -> r.value();
      case Argument.Int i -> i.value();
      case Argument.Items list
          when list.items().get(Math.min(d, list.items().size() - 1)) instanceof Argument.Real r ->
          r.value();
      default -> 0;
    };
  }

  static void resize(Node node, SubgraphCompiler c) {
    Shape out = node.result().shape();
    int input = c.in(resized(node), Layout.CHANNELS_LAST);
    c.add(
        new XnnNode.ResizeBilinear(
            out.size(2),
            out.size(3),
            input,
            c.out(node.result(), Layout.CHANNELS_LAST),
            node.bool("align_corners") ? XnnNode.ALIGN_CORNERS : 0));
  }

  static @Nullable Decline nearestCheck(Node node, Support.Setting setting) {
    Decline decline = XnnpackOperators.staticOnly(node);
    if (decline != null) {
      return decline;
    }
    Shape in = node.tensor(input(node)).shape();
    Shape out = node.result().shape();
    if (in.rank() != 4 || out.size(2) % in.size(2) != 0 || out.size(3) % in.size(3) != 0) {
      return XnnpackOperators.shape(in + " to " + out + " is not a whole number of times");
    }
    boolean exact =
        isScale(node, "scale_factors", 0, out.size(2) / in.size(2))
            && isScale(node, "scale_factors", 1, out.size(3) / in.size(3))
            && isScale(node, "scales_h", 0, out.size(2) / in.size(2))
            && isScale(node, "scales_w", 0, out.size(3) / in.size(3));
    return exact
        ? null
        : Decline.of(Decline.Kind.ARGUMENT, "its scale is not the quotient of the sizes");
  }

  /** True if the program names no scale, or this one. */
  private static boolean isScale(Node node, String parameter, int index, double scale) {
    if (!node.operator().has(parameter) || node.isNone(parameter)) {
      return true;
    }
    Argument given = node.argument(parameter);
    if (given instanceof Argument.Items items) {
      given = items.items().get(index);
    }
    return given instanceof Argument.Real real && real.value() == scale;
  }

  private static String input(Node node) {
    return node.operator().has("input") ? "input" : "self";
  }

  /** Each pixel times as many ones: [N, H, 1, W, 1, C] · [1, 1, h, 1, w, 1]. */
  static void nearest(Node node, SubgraphCompiler c) {
    Value x = node.tensor(input(node));
    Shape in = x.shape();
    Shape out = node.result().shape();
    int down = out.size(2) / in.size(2);
    int across = out.size(3) / in.size(3);
    Layout layout = c.meet(4, List.of(x));
    boolean last = layout == Layout.CHANNELS_LAST;
    long[] apart =
        last
            ? new long[] {in.size(0), in.size(2), 1, in.size(3), 1, in.size(1)}
            : new long[] {in.size(0), in.size(1), in.size(2), 1, in.size(3), 1};
    long[] times =
        last ? new long[] {1, 1, down, 1, across, 1} : new long[] {1, 1, 1, down, 1, across};
    long[] repeated = new long[6];
    for (int d = 0; d < 6; d++) {
      repeated[d] = apart[d] * times[d];
    }
    float[] ones = new float[down * across];
    Arrays.fill(ones, 1);
    int source = c.temporary(apart);
    c.add(new XnnNode.Reshape(apart, c.in(x, layout), source));
    int product = c.temporary(repeated);
    c.add(
        new XnnNode.Binary(
            BinaryOperator.MULTIPLY, Range.ALL, source, c.constant(ones, times), product));
    c.add(new XnnNode.Reshape(layout.dims(out), product, c.out(node.result(), layout)));
  }
}
