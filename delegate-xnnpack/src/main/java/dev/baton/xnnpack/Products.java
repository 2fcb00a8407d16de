package dev.baton.xnnpack;

import dev.baton.delegate.Decline;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.xnnpack.ffi.XnnFunction;
import dev.baton.xnnpack.ffi.XnnNode;
import dev.baton.xnnpack.ffi.XnnNode.BinaryOperator;
import dev.baton.xnnpack.ffi.XnnNode.Padding;
import dev.baton.xnnpack.ffi.XnnNode.Range;
import dev.baton.xnnpack.ffi.XnnNode.Window;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Convolutions and matrix products. */
final class Products {
  private Products() {}

  // Convolution

  static @Nullable Decline convolutionCheck(Node node, Support.Setting setting) {
    int rank = node.tensor("input").shape().rank();
    if (rank != 3 && rank != 4) {
      return XnnpackOperators.shape("the input has rank " + rank + ", not 3 or 4");
    }
    for (String parameter : new String[] {"weight", "bias"}) {
      Decline decline = XnnpackOperators.weights(node, parameter);
      if (decline != null) {
        return decline;
      }
    }
    if (!filterFits(node)) {
      return XnnpackOperators.shape("input, weight, bias and groups do not fit together");
    }
    for (long padding : node.integers("padding")) {
      if (padding < 0) {
        return Decline.of(Decline.Kind.ARGUMENT, "the padding is negative");
      }
    }
    if (rank == 3 && Shapes.isDynamic(node)) {
      Decline decline = XnnpackOperators.need(setting, XnnFunction.DEFINE_STATIC_EXPAND_DIMS);
      return decline != null
          ? decline
          : XnnpackOperators.need(setting, XnnFunction.DEFINE_FUSE_DIMS);
    }
    return XnnpackOperators.need(
        setting,
        node.bool("transposed")
            ? XnnFunction.DEFINE_DECONVOLUTION_2D
            : XnnFunction.DEFINE_CONVOLUTION_2D);
  }

  /** XNNPACK packs as many weights as the other sizes say, whatever is there. */
  private static boolean filterFits(Node node) {
    Shape input = node.tensor("input").shape();
    Shape weight = node.tensor("weight").shape();
    long groups = node.integer("groups");
    if (weight.rank() != input.rank() || groups < 1 || input.size(1) % groups != 0) {
      return false;
    }
    boolean transposed = node.bool("transposed");
    long outputs = transposed ? weight.size(1) * groups : weight.size(0);
    boolean inputsFit =
        transposed ? weight.size(0) == input.size(1) : weight.size(1) == input.size(1) / groups;
    Value bias = node.tensorOrNull("bias");
    return inputsFit
        && outputs > 0
        && outputs % groups == 0
        && (bias == null || bias.shape().equals(Shape.of(Math.toIntExact(outputs))));
  }

  /** An argument with one number or one for each spatial dim, as height and width. */
  private static int[] pair(Node node, String parameter, boolean line, int across) {
    long[] given = node.integers(parameter);
    int last = (int) given[given.length - 1];
    return line ? new int[] {across, last} : new int[] {(int) given[0], last};
  }

  /** Height and width of an image, or 1 and the length of a line. */
  static void convolution(Node node, SubgraphCompiler c) {
    Value x = node.tensor("input");
    Shape filter = node.tensor("weight").shape();
    boolean line = x.shape().rank() == 3;
    int[] stride = pair(node, "stride", line, 1);
    int[] padding = pair(node, "padding", line, 0);
    int[] dilation = pair(node, "dilation", line, 1);
    Window window =
        new Window(
            line ? 1 : filter.size(2),
            filter.size(-1),
            stride[0],
            stride[1],
            dilation[0],
            dilation[1],
            new Padding(padding[0], padding[1], padding[0], padding[1]));

    Value result = c.result(node);
    int input = c.in(x, Layout.CHANNELS_LAST);
    if (line) {
      input = asImage(c, x, input);
    }
    input =
        c.activations(
            node, input, 3, line ? imageDims(x.shape()) : Layout.CHANNELS_LAST.dims(x.shape()));
    int output =
        line
            ? c.temporaryLike(result, imageDims(result.shape()))
            : c.out(result, Layout.CHANNELS_LAST);
    filter(node, c, window, input, output);
    if (line) {
      Shape shape = result.shape();
      c.dropDim(
          output,
          4,
          1,
          Shapes.isDynamic(node),
          Layout.CHANNELS_LAST.dims(shape),
          c.out(result, Layout.CHANNELS_LAST));
    }
  }

  /** A line [N, L, C] as an image [N, 1, L, C]. */
  private static int asImage(SubgraphCompiler c, Value line, int input) {
    int image = c.temporaryLike(line, imageDims(line.shape()));
    c.insertDim(input, 1, line.tensorType().dynamic(), imageDims(line.shape()), image);
    return image;
  }

  private static long[] imageDims(Shape line) {
    return new long[] {line.size(0), 1, line.size(2), line.size(1)};
  }

  private static void filter(Node node, SubgraphCompiler c, Window window, int input, int output) {
    Constant weight = c.weights(node, node.tensor("weight"));
    Shape shape = weight.type().shape();
    int groups = (int) node.integer("groups");
    boolean transposed = node.bool("transposed");
    int inputs = node.tensor("input").shape().size(1);
    int outputs = transposed ? shape.size(1) * groups : shape.size(0);
    long height = window.height();
    long width = window.width();
    boolean line = shape.rank() == 3;

    Value bias = node.tensorOrNull("bias");
    float[] scale = null;
    int biasId;
    Node batchNorm = c.batchNorm(node);
    if (batchNorm == null) {
      biasId = c.bias(node, bias);
    } else {
      Norms.Affine affine = Norms.Affine.of(batchNorm);
      WeightData before = WeightData.of(bias);
      scale = affine.scale();
      biasId = c.bias(affine.after(before == null ? null : Weights.toArray(before.real())));
    }
    Range range = c.range(node);

    if (transposed) {
      int filter =
          c.filter(
              node,
              transposedFilter(weight, groups),
              scale,
              0,
              outputs,
              height,
              width,
              inputs / groups);
      int[] adjustment = pair(node, "output_padding", line, 0);
      c.add(
          new XnnNode.Deconvolution(
              window,
              adjustment[0],
              adjustment[1],
              groups,
              inputs / groups,
              outputs / groups,
              range,
              input,
              filter,
              biasId,
              output));
    } else if (groups == inputs
        && shape.size(1) == 1
        && c.has(XnnFunction.DEFINE_DEPTHWISE_CONVOLUTION_2D)) {
      Constant ordered = line ? weight.permute(1, 2, 0) : weight.permute(1, 2, 3, 0);
      int filter = c.filter(node, ordered, scale, shape.rank() - 1, 1, height, width, outputs);
      c.add(
          new XnnNode.DepthwiseConvolution(
              window, outputs / groups, groups, range, input, filter, biasId, output));
    } else {
      Constant ordered = line ? weight.permute(0, 2, 1) : weight.permute(0, 2, 3, 1);
      int filter = c.filter(node, ordered, scale, 0, outputs, height, width, inputs / groups);
      c.add(
          new XnnNode.Convolution(
              window,
              groups,
              inputs / groups,
              outputs / groups,
              range,
              input,
              filter,
              biasId,
              output));
    }
  }

  /** [in, out of a group, height, width] as [out, height, width, in of a group]. */
  private static Constant transposedFilter(Constant weight, int groups) {
    int[] sizes = weight.type().shape().sizes();
    boolean line = sizes.length == 3;
    if (groups == 1) {
      return line ? weight.permute(1, 2, 0) : weight.permute(1, 2, 3, 0);
    }
    Constant contiguous =
        weight.isContiguous()
            ? weight
            : Constant.of(
                MemorySegment.ofArray(Weights.toArray(weight)), TensorType.of(DType.FLOAT, sizes));
    int in = sizes[0] / groups;
    Constant ordered =
        line
            ? contiguous.reshape(groups, in, sizes[1], sizes[2]).permute(0, 2, 3, 1)
            : contiguous.reshape(groups, in, sizes[1], sizes[2], sizes[3]).permute(0, 2, 3, 4, 1);
    float[] values = Weights.toArray(ordered);
    int[] flat =
        line
            ? new int[] {groups * sizes[1], sizes[2], in}
            : new int[] {groups * sizes[1], sizes[2], sizes[3], in};
    return Constant.of(MemorySegment.ofArray(values), TensorType.of(DType.FLOAT, flat));
  }

  // Matrix products

  /** True if a product with the matrix is a fully connected layer. */
  static boolean isFullyConnected(Value matrix) {
    return WeightData.of(matrix) != null && matrix.shape().rank() == 2;
  }

  static @Nullable Decline linearCheck(Node node, Support.Setting setting) {
    if (node.tensor("input").shape().rank() < 2) {
      return XnnpackOperators.shape("the input has rank below 2");
    }
    for (String parameter : new String[] {"weight", "bias"}) {
      Decline decline = XnnpackOperators.weights(node, parameter);
      if (decline != null) {
        return decline;
      }
    }
    Shape weight = node.tensor("weight").shape();
    Value bias = node.tensorOrNull("bias");
    if (weight.rank() != 2 || weight.size(1) != node.tensor("input").shape().size(-1)) {
      return XnnpackOperators.shape("the weight is no matrix that fits the input");
    }
    return bias == null || bias.shape().equals(Shape.of(weight.size(0)))
        ? null
        : XnnpackOperators.shape("the bias has not one element for each output");
  }

  static void linear(Node node, SubgraphCompiler c) {
    fullyConnected(
        node,
        c,
        node.tensor("input"),
        c.weights(node, node.tensor("weight")),
        node.tensorOrNull("bias"),
        c.range(node),
        c.out(c.result(node), Layout.PLAIN));
  }

  /**
   * @param weight [out, in]; if real, contiguous or stored as [in, out]
   */
  private static void fullyConnected(
      Node node,
      SubgraphCompiler c,
      Value x,
      Constant weight,
      @Nullable Value bias,
      Range range,
      int output) {
    if (c.quantizesMatrix(node)) {
      matrixAsImage(node, c, x, weight, bias, range, output);
      return;
    }
    boolean outIn = !Weights.isReal(weight) || weight.isContiguous();
    Constant stored = outIn ? weight : weight.permute(1, 0);
    int filter = c.filter(node, stored, null, 0, Shapes.longs(stored.type().shape()));
    int input = c.activations(node, c.in(x, Layout.PLAIN), 1, Shapes.longs(x.shape()));
    int flags = outIn ? 0 : XnnNode.TRANSPOSE_WEIGHTS;
    if (bias != null && c.scalesBias(node)) {
      long[] dims = Shapes.longs(x.shape());
      dims[dims.length - 1] = bias.shape().numel();
      int product = c.temporary(dims);
      c.add(new XnnNode.FullyConnected(Range.ALL, input, filter, XnnNode.NONE, product, flags));
      c.add(new XnnNode.Binary(BinaryOperator.ADD, range, product, c.addend(bias), output));
    } else {
      c.add(new XnnNode.FullyConnected(range, input, filter, c.bias(node, bias), output, flags));
    }
  }

  /**
   * A product whose rows are quantized alike: a convolution, since its activations have one scale
   * for an image. Rows are cut in two halves, side by side, under a filter as wide: convolutions of
   * single pixels become products of rows, each of which XNNPACK quantizes by itself.
   *
   * @param weight [out, in], int8
   */
  private static void matrixAsImage(
      Node node,
      SubgraphCompiler c,
      Value x,
      Constant weight,
      @Nullable Value bias,
      Range range,
      int output) {
    int inputs = weight.type().shape().size(1);
    int outputs = weight.type().shape().size(0);
    long[] dims = {1, x.shape().numel() / inputs, 2, inputs / 2};
    int image = c.temporary(dims);
    c.add(new XnnNode.Reshape(dims, c.in(x, Layout.PLAIN), image));
    int product = c.temporary(1, dims[1], 1, outputs);
    c.add(
        new XnnNode.Convolution(
            new Window(1, 2, 1, 2, 1, 1, new Padding(0, 0, 0, 0)),
            1,
            inputs / 2,
            outputs,
            range,
            c.activations(node, image, 3, dims),
            c.filter(node, weight, null, 0, outputs, 1, 2, inputs / 2),
            c.bias(node, bias),
            product));
    long[] resultDims = Shapes.longs(x.shape());
    resultDims[resultDims.length - 1] = outputs;
    c.add(new XnnNode.Reshape(resultDims, product, output));
  }

  static void mm(Node node, SubgraphCompiler c) {
    Value result = c.result(node);
    product(
        node,
        c,
        node.tensor("self"),
        node.tensor("mat2"),
        null,
        c.range(node),
        c.out(result, Layout.PLAIN));
  }

  static void bmm(Node node, SubgraphCompiler c) {
    product(
        node,
        c,
        node.tensor("self"),
        node.tensor("mat2"),
        null,
        Range.ALL,
        c.out(node.result(), Layout.PLAIN));
  }

  static @Nullable Decline matmulCheck(Node node, Support.Setting setting) {
    return node.tensor("self").shape().rank() < 2 || node.tensor("other").shape().rank() < 2
        ? XnnpackOperators.shape("an operand is a vector")
        : null;
  }

  static void matmul(Node node, SubgraphCompiler c) {
    product(
        node,
        c,
        node.tensor("self"),
        node.tensor("other"),
        null,
        c.range(node),
        c.out(c.result(node), Layout.PLAIN));
  }

  private static void product(
      Node node,
      SubgraphCompiler c,
      Value left,
      Value right,
      @Nullable Value bias,
      Range range,
      int output) {
    if (isFullyConnected(right)) {
      Constant weight = c.weights(node, right).permute(1, 0);
      fullyConnected(node, c, left, weight, bias, range, output);
    } else {
      int a = c.in(left, Layout.PLAIN);
      c.add(new XnnNode.BatchMatrixMultiply(a, c.in(right, Layout.PLAIN), output));
    }
  }

  /** True if the bias of an addmm is one of outputs, beside weights. */
  static boolean foldsBias(Node addmm) {
    Value bias = addmm.tensor("self");
    Value right = addmm.tensor("mat2");
    return isFullyConnected(right)
        && WeightData.of(bias) != null
        && bias.shape().numel() == right.shape().size(1)
        && bias.shape().size(-1) == right.shape().size(1);
  }

  static void addmm(Node node, SubgraphCompiler c) {
    Value bias = node.tensor("self");
    Value right = node.tensor("mat2");
    if (foldsBias(node)) {
      product(
          node,
          c,
          node.tensor("mat1"),
          right,
          bias,
          c.range(node),
          c.out(c.result(node), Layout.PLAIN));
    } else {
      addProduct(node, c, bias, node.tensor("mat1"), right);
    }
  }

  static void baddbmm(Node node, SubgraphCompiler c) {
    addProduct(node, c, node.tensor("self"), node.tensor("batch1"), node.tensor("batch2"));
  }

  private static void addProduct(
      Node node, SubgraphCompiler c, Value bias, Value left, Value right) {
    Value result = c.result(node);
    int product = c.temporary(Shapes.longs(result.shape()));
    product(node, c, left, right, null, Range.ALL, product);
    c.add(
        new XnnNode.Binary(
            BinaryOperator.ADD,
            c.range(node),
            product,
            c.in(bias, Layout.PLAIN),
            c.out(result, Layout.PLAIN)));
  }
}
