package dev.baton.xnnpack.payload;

import static dev.baton.xnnpack.payload.NodeKind.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateException.Kind;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.DimOrder;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Packing;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.xnnpack.payload.PayloadValue.Type;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Each kind of node, in payloads written by hand. */
class NodesTest {
  private static final int[] TO_NHWC = {0, 2, 3, 1};
  private static final int[] TO_NCHW = {0, 3, 1, 2};
  private static final float INFINITY = Float.POSITIVE_INFINITY;

  private static Graph lift(PayloadBuilder payload) throws DelegateException {
    return payload.build().lift().graph();
  }

  private static List<String> names(Graph graph) {
    return graph.nodes().stream().map(n -> n.name().substring(n.name().indexOf(':') + 2)).toList();
  }

  private static Node only(Graph graph) {
    assertEquals(1, graph.nodes().size(), () -> names(graph).toString());
    return graph.nodes().getFirst();
  }

  private static DelegateException refused(PayloadBuilder payload, Kind kind) {
    DelegateException e = assertThrows(DelegateException.class, () -> lift(payload));
    assertEquals(kind, e.kind(), e.getMessage());
    return e;
  }

  static Stream<Arguments> unaries() {
    return Stream.of(
            Map.entry(SOFTMAX, "_softmax"),
            Map.entry(SIGMOID, "sigmoid"),
            Map.entry(FLOOR, "floor"),
            Map.entry(SQUARE_ROOT, "sqrt"),
            Map.entry(CEILING, "ceil"),
            Map.entry(HARDSWISH, "hardswish"),
            Map.entry(NEGATE, "neg"),
            Map.entry(SQUARE, "pow.Tensor_Scalar"),
            Map.entry(ABS, "abs"),
            Map.entry(RECIPROCAL_SQUARE_ROOT, "rsqrt"),
            Map.entry(LOG, "log"),
            Map.entry(GELU, "gelu"),
            Map.entry(TANH, "tanh"),
            Map.entry(EXP, "exp"),
            Map.entry(SIN, "sin"),
            Map.entry(COPY, "alias_copy"),
            Map.entry(COS, "cos"))
        .map(e -> Arguments.of(e.getKey(), e.getValue()));
  }

  @ParameterizedTest
  @MethodSource("unaries")
  void unary(NodeKind kind, String operator) throws DelegateException {
    var p = new PayloadBuilder();
    Node node = only(lift(p.node(kind, p.input(2, 3), p.output(2, 3), 0)));
    assertEquals("aten::" + operator, node.name());
    switch (kind) {
      case SOFTMAX -> assertEquals(1, node.integer("dim"));
      case SQUARE -> assertEquals(2, node.integer("exponent"));
      case GELU -> assertEquals("none", node.text("approximate", ""));
      default -> {}
    }
  }

  @ParameterizedTest
  @MethodSource("unaries")
  void unaryUnderTransposition(NodeKind kind, String operator) throws DelegateException {
    var p = new PayloadBuilder();
    int x = p.input(1, 3, 4, 5);
    int nhwc = p.inside(1, 4, 5, 3);
    int y = p.inside(1, 4, 5, 3);
    p.node(STATIC_TRANSPOSE, 4, TO_NHWC, x, nhwc, 0);
    p.node(kind, nhwc, y, 0);
    p.node(STATIC_TRANSPOSE, 4, TO_NCHW, y, p.output(1, 3, 4, 5), 0);
    Node node = only(lift(p));
    assertEquals("aten::" + operator, node.name());
    if (kind == SOFTMAX) {
      assertEquals(1, node.integer("dim"));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"ADD", "SUBTRACT", "MULTIPLY", "DIV", "MINIMUM", "MAXIMUM"})
  void binary(NodeKind kind) throws DelegateException {
    var p = new PayloadBuilder();
    Node node = only(lift(p.node(kind, p.input(2, 3), p.input(3), p.output(2, 3), 0)));
    assertEquals(kind.operator(), node.name());
  }

  static Stream<Arguments> bounds() {
    return Stream.of(
        Arguments.of(0f, INFINITY, "relu"),
        Arguments.of(0f, 6f, "hardtanh"),
        Arguments.of(-INFINITY, 2f, "clamp"),
        Arguments.of(-1f, INFINITY, "clamp"));
  }

  @ParameterizedTest
  @MethodSource("bounds")
  void outputsAreClamped(float min, float max, String operator) throws DelegateException {
    var p = new PayloadBuilder();
    p.clamped(ADD, min, max, p.input(2), p.input(2), p.output(2), 0);
    assertEquals(List.of("add.Tensor", operator), names(lift(p)));
    var clamp = new PayloadBuilder();
    clamp.clamped(CLAMP, min, max, clamp.input(2), clamp.output(2), 0);
    assertEquals(List.of(operator), names(lift(clamp)));
  }

  @Test
  void minimumIsNotClamped() throws DelegateException {
    var p = new PayloadBuilder();
    p.clamped(MINIMUM, 0, 1, p.input(2), p.input(2), p.output(2), 0);
    assertEquals(List.of("minimum"), names(lift(p)));
  }

  @Test
  void impossibleBounds() {
    var p = new PayloadBuilder();
    p.clamped(CLAMP, 1, 0, p.input(2), p.output(2), 0);
    refused(p, Kind.BAD_PAYLOAD);
    var nan = new PayloadBuilder();
    nan.clamped(CLAMP, Float.NaN, 0, nan.input(2), nan.output(2), 0);
    refused(nan, Kind.BAD_PAYLOAD);
  }

  @Test
  void constantsFollowTransposedOperands() throws DelegateException {
    var p = new PayloadBuilder();
    int x = p.input(1, 3, 4, 5);
    int nhwc = p.inside(1, 4, 5, 3);
    int y = p.inside(1, 4, 5, 3);
    int z = p.inside(1, 4, 5, 3);
    p.node(STATIC_TRANSPOSE, 4, TO_NHWC, x, nhwc, 0);
    p.node(ADD, nhwc, p.constant(3), y, 0);
    p.node(MULTIPLY, p.constant(1, 4, 5, 3), y, z, 0);
    p.node(STATIC_TRANSPOSE, 4, TO_NCHW, z, p.output(1, 3, 4, 5), 0);
    Graph graph = lift(p);
    assertEquals(List.of("add.Tensor", "mul.Tensor"), names(graph));
    assertEquals(Shape.of(1, 3, 1, 1), graph.nodes().get(0).tensor("other").shape());
    Constant full = graph.nodes().get(1).tensor("self").constant();
    assertEquals(Shape.of(1, 3, 4, 5), full.type().shape());
    assertArrayEquals(new long[] {60, 1, 15, 3}, full.strides());
  }

  @Test
  void theSmallerOperandIsTransposed() throws DelegateException {
    var p = new PayloadBuilder();
    int x = p.input(1, 3, 4, 5);
    int other = p.input(1, 1, 1, 3);
    int nhwc = p.inside(1, 4, 5, 3);
    int y = p.inside(1, 4, 5, 3);
    p.node(STATIC_TRANSPOSE, 4, TO_NHWC, x, nhwc, 0);
    p.node(ADD, nhwc, other, y, 0);
    p.node(STATIC_TRANSPOSE, 4, TO_NCHW, y, p.output(1, 3, 4, 5), 0);
    Graph graph = lift(p);
    assertEquals(List.of("permute_copy", "add.Tensor"), names(graph));
    assertEquals(Shape.of(1, 3, 1, 1), graph.nodes().get(0).result().shape());
  }

  @Test
  void transposedOutputsAreMadeOnce() throws DelegateException {
    var p = new PayloadBuilder();
    int x = p.input(2, 3);
    int t = p.inside(3, 2);
    p.node(STATIC_TRANSPOSE, 2, new int[] {1, 0}, x, t, 0);
    p.node(STATIC_RESHAPE, 1, new int[] {0}, t, p.output(6), 0);
    p.node(STATIC_RESHAPE, 2, new int[] {6, 1}, t, p.output(6, 1), 0);
    assertEquals(List.of("permute_copy", "view_copy", "view_copy"), names(lift(p)));
  }

  @Test
  void scalarsOfTheProgramStayScalars() throws DelegateException {
    var p = new PayloadBuilder();
    p.node(ADD, p.input(1), p.constant(1), p.output(1), 0);
    var into = p.build().lift(new RecordingGraphBuilder(2, Map.of(0, TensorType.of(DType.FLOAT))));
    assertEquals(Shape.SCALAR, into.outputs().get(1).shape());
  }

  @Test
  void constantsOfTheProgramMayBeInputs() throws DelegateException {
    var p = new PayloadBuilder();
    int x = p.input(1, 3, 4, 5);
    int weight = p.input(3);
    int nhwc = p.inside(1, 4, 5, 3);
    int y = p.inside(1, 4, 5, 3);
    p.node(STATIC_TRANSPOSE, 4, TO_NHWC, x, nhwc, 0);
    p.node(MULTIPLY, nhwc, weight, y, 0);
    p.node(STATIC_TRANSPOSE, 4, TO_NCHW, y, p.output(1, 3, 4, 5), 0);
    var into = new RecordingGraphBuilder(3, Map.of(0, TensorType.of(DType.FLOAT, 1, 3, 4, 5)));
    MemorySegment bytes = Arena.ofAuto().allocate(12, 4);
    into.constantInput(1, Constant.of(bytes, TensorType.of(DType.FLOAT, 3)));
    Graph graph = p.build().lift(into).graph();
    assertEquals(Shape.of(1, 3, 1, 1), only(graph).tensor("other").shape());
    assertEquals(bytes.address(), only(graph).tensor("other").constant().data().address());
  }

  /**
   * Padding, kernel, stride, dilation, groups, adjustment: a 3×3 convolution of 4 to 6 channels.
   */
  private static Object[] convolution(
      int[] padding, int groups, int in, int out, int adjustment, int... ids) {
    return Stream.concat(
            IntStream.of(
                    padding[0],
                    padding[1],
                    padding[2],
                    padding[3],
                    3,
                    3,
                    2,
                    2,
                    1,
                    1,
                    in,
                    out,
                    groups,
                    adjustment,
                    adjustment)
                .boxed(),
            IntStream.concat(IntStream.of(ids), IntStream.of(0)).boxed())
        .toArray();
  }

  @Test
  void convolutionOfAnNhwcInput() throws DelegateException {
    var p = new PayloadBuilder();
    int[] ids = {p.input(1, 9, 9, 4), p.constant(6, 3, 3, 2), p.constant(6), p.output(1, 5, 5, 6)};
    p.node(CONV_2D, convolution(new int[] {1, 1, 1, 1}, 2, 2, 3, 0, ids));
    Graph graph = lift(p);
    assertEquals(List.of("permute_copy", "convolution", "permute_copy"), names(graph));
    Node node = graph.nodes().get(1);
    assertArrayEquals(new long[] {1, 1}, node.integers("padding"));
    assertArrayEquals(new long[] {2, 2}, node.integers("stride"));
    assertEquals(2, node.integer("groups"));
    assertEquals(Shape.of(6, 2, 3, 3), node.tensor("weight").shape());
    assertArrayEquals(new long[] {18, 1, 6, 2}, node.tensor("weight").constant().strides());
  }

  @Test
  void unevenPaddingIsWrittenApart() throws DelegateException {
    var p = new PayloadBuilder();
    int[] ids = {p.input(1, 8, 8, 4), p.constant(6, 3, 3, 4), -1, p.output(1, 4, 4, 6)};
    p.node(CONV_2D, convolution(new int[] {0, 1, 1, 0}, 1, 4, 6, 0, ids));
    Graph graph = lift(p);
    assertEquals(
        List.of("permute_copy", "constant_pad_nd", "convolution", "permute_copy"), names(graph));
    assertArrayEquals(new long[] {0, 1, 0, 1}, graph.nodes().get(1).integers("pad"));
    assertTrue(graph.nodes().get(2).isNone("bias"));
  }

  @Test
  void depthwiseConvolution() throws DelegateException {
    var p = new PayloadBuilder();
    int[] ids = {p.input(1, 9, 9, 3), p.constant(1, 3, 3, 6), p.constant(6), p.output(1, 5, 5, 6)};
    p.node(DEPTHWISE_CONV_2D, convolution(new int[] {1, 1, 1, 1}, 3, 1, 2, 0, ids));
    Node node = lift(p).nodes().get(1);
    assertEquals(3, node.integer("groups"));
    assertEquals(Shape.of(6, 1, 3, 3), node.tensor("weight").shape());
    assertArrayEquals(new long[] {1, 54, 18, 6}, node.tensor("weight").constant().strides());
  }

  @Test
  void transposedConvolution() throws DelegateException {
    var p = new PayloadBuilder();
    int[] ids = {p.input(1, 4, 4, 4), p.constant(6, 3, 3, 4), p.constant(6), p.output(1, 8, 8, 6)};
    p.node(CONV_TRANSPOSE_2D, convolution(new int[] {1, 1, 1, 1}, 1, 4, 6, 1, ids));
    Node node = lift(p).nodes().get(1);
    assertTrue(node.bool("transposed"));
    assertArrayEquals(new long[] {1, 1}, node.integers("output_padding"));
    assertEquals(Shape.of(4, 6, 3, 3), node.tensor("weight").shape());
    assertArrayEquals(new long[] {1, 36, 12, 4}, node.tensor("weight").constant().strides());
  }

  @Test
  void transposedConvolutionIsCroppedUnevenly() throws DelegateException {
    var p = new PayloadBuilder();
    int[] ids = {p.input(1, 4, 4, 4), p.constant(6, 3, 3, 4), -1, p.output(1, 8, 8, 6)};
    p.node(CONV_TRANSPOSE_2D, convolution(new int[] {0, 0, 1, 1}, 1, 4, 6, 0, ids));
    Graph graph = lift(p);
    assertEquals(
        List.of(
            "permute_copy",
            "convolution",
            "slice_copy.Tensor",
            "slice_copy.Tensor",
            "permute_copy"),
        names(graph));
    assertEquals(-1, graph.nodes().get(2).integer("end"));
    assertEquals(1, graph.nodes().get(3).integer("start"));
    assertEquals(Shape.of(1, 8, 8, 6), graph.nodes().getLast().result().shape());
  }

  @Test
  void groupedTransposedConvolution() throws DelegateException {
    int groups = 2;
    int in = 2;
    int out = 3;
    var p = new PayloadBuilder();
    int[] ids = {p.input(1, 4, 4, 4), p.constant(6, 3, 3, 2), -1, p.output(1, 7, 7, 6)};
    p.node(CONV_TRANSPOSE_2D, convolution(new int[] {1, 1, 1, 1}, groups, in, out, 0, ids));
    Constant weight = lift(p).nodes().get(1).tensor("weight").constant();
    assertEquals(Shape.of(4, 3, 3, 3), weight.type().shape());
    long[] strides = weight.strides();
    for (int c = 0; c < groups * in; c++) {
      for (int o = 0; o < out; o++) {
        for (int k = 0; k < 9; k++) {
          float expected = ((c / in * out + o) * 9 + k) * in + c % in;
          long at = c * strides[0] + o * strides[1] + k / 3 * strides[2] + k % 3 * strides[3];
          assertEquals(expected, weight.data().getAtIndex(ValueLayout.JAVA_FLOAT, at));
        }
      }
    }
  }

  @Test
  void channelwiseTransposedConvolutionKeepsItsBytes() throws DelegateException {
    var p = new PayloadBuilder();
    int[] ids = {p.input(1, 4, 4, 2), p.constant(6, 3, 3, 1), -1, p.output(1, 7, 7, 6)};
    p.node(CONV_TRANSPOSE_2D, convolution(new int[] {1, 1, 1, 1}, 2, 1, 3, 0, ids));
    Constant weight = lift(p).nodes().get(1).tensor("weight").constant();
    assertEquals(Shape.of(2, 3, 3, 3), weight.type().shape());
    assertTrue(weight.isContiguous());
  }

  @Test
  void filtersThatDoNotFit() {
    var p = new PayloadBuilder();
    int[] ids = {p.input(1, 9, 9, 4), p.constant(6, 3, 3, 4), -1, p.output(1, 5, 5, 6)};
    p.node(CONV_2D, convolution(new int[] {1, 1, 1, 1}, 2, 2, 3, 0, ids));
    String message = refused(p, Kind.BAD_PAYLOAD).getMessage();
    assertTrue(message.contains("node 0 (XNNConv2d)"), message);
    assertTrue(message.contains("[6, 3, 3, 2]"), message);
  }

  private static Object[] pooling(int[] padding, int kernel, int stride, int in, int out) {
    return new Object[] {
      padding[0],
      padding[1],
      padding[2],
      padding[3],
      kernel,
      kernel,
      stride,
      stride,
      1,
      1,
      in,
      out,
      0x40
    };
  }

  @Test
  void maxPooling() throws DelegateException {
    var p = new PayloadBuilder();
    p.node(
        MAX_POOLING_2D,
        pooling(new int[] {1, 1, 1, 1}, 3, 2, p.input(1, 8, 8, 2), p.output(1, 4, 4, 2)));
    Node node = lift(p).nodes().get(1);
    assertEquals("aten::max_pool2d_with_indices", node.name());
    assertArrayEquals(new long[] {1, 1}, node.integers("padding"));
  }

  @Test
  void ceilModeIsRecovered() throws DelegateException {
    for (NodeKind kind : List.of(MAX_POOLING_2D, AVG_POOLING_2D)) {
      var p = new PayloadBuilder();
      p.node(
          kind, pooling(new int[] {0, 1, 1, 0}, 3, 2, p.input(1, 8, 8, 2), p.output(1, 4, 4, 2)));
      Graph graph = lift(p);
      assertEquals(3, graph.nodes().size());
      assertTrue(graph.nodes().get(1).bool("ceil_mode"));
      assertEquals(Shape.of(1, 4, 4, 2), graph.nodes().get(2).result().shape());
    }
  }

  @Test
  void otherUnevenPooling() throws DelegateException {
    var p = new PayloadBuilder();
    p.node(
        MAX_POOLING_2D,
        pooling(new int[] {2, 0, 0, 0}, 3, 1, p.input(1, 8, 8, 2), p.output(1, 8, 6, 2)));
    Graph graph = lift(p);
    assertEquals("aten::constant_pad_nd", graph.nodes().get(1).name());
    assertEquals(Double.NEGATIVE_INFINITY, graph.nodes().get(1).number("value"));
    var average = new PayloadBuilder();
    average.node(
        AVG_POOLING_2D,
        pooling(
            new int[] {2, 0, 0, 0}, 3, 1, average.input(1, 8, 8, 2), average.output(1, 8, 6, 2)));
    Graph averaged = lift(average);
    assertEquals(
        List.of(
            "permute_copy",
            "constant_pad_nd",
            "avg_pool2d",
            "mul.Tensor",
            "mul.Tensor",
            "permute_copy"),
        names(averaged));
    assertEquals(Shape.of(8, 1), averaged.nodes().get(3).tensor("other").shape());
  }

  @Test
  void averagePooling() throws DelegateException {
    var p = new PayloadBuilder();
    p.node(
        AVG_POOLING_2D,
        pooling(new int[] {1, 1, 1, 1}, 3, 2, p.input(1, 8, 8, 2), p.output(1, 4, 4, 2)));
    Node node = lift(p).nodes().get(1);
    assertEquals("aten::avg_pool2d", node.name());
    assertEquals(false, node.bool("count_include_pad"));
  }

  @Test
  void globalAverage() throws DelegateException {
    var p = new PayloadBuilder();
    p.node(GLOBAL_AVG_POOLING_2D, p.input(1, 8, 9, 2), p.output(1, 1, 1, 2), 0x40);
    Node node = only(lift(p));
    assertArrayEquals(new long[] {1, 2}, node.integers("dim"));
    assertTrue(node.bool("keepdim"));
    var flat = new PayloadBuilder();
    flat.node(GLOBAL_AVG_POOLING_2D, flat.input(1, 8, 9, 2), flat.output(1, 2), 0);
    assertEquals(Shape.of(1, 2), only(lift(flat)).result().shape());
  }

  @Test
  void argMaxPooling() throws DelegateException {
    var p = new PayloadBuilder();
    int x = p.input(1, 4, 6, 2);
    p.node(
        ARG_MAX_POOLING_2D,
        0,
        0,
        0,
        0,
        2,
        3,
        x,
        p.output(1, 2, 2, 2),
        p.output(Type.INT32, 1, 2, 2, 2),
        0);
    RecordingGraphBuilder lifted = p.build().lift();
    assertEquals(Shape.of(1, 2, 2, 2), lifted.outputs().get(2).shape());
    assertEquals(DType.INT32, lifted.outputs().get(2).dtype());
    assertTrue(names(lifted.graph()).contains("remainder.Scalar"));
    var values = new PayloadBuilder();
    values.node(
        ARG_MAX_POOLING_2D,
        0,
        0,
        0,
        0,
        2,
        3,
        values.input(1, 4, 6, 2),
        values.output(1, 2, 2, 2),
        values.inside(1, 2, 2, 2),
        0);
    assertEquals(
        List.of("permute_copy", "max_pool2d_with_indices", "permute_copy"), names(lift(values)));
  }

  @Test
  void resize() throws DelegateException {
    var p = new PayloadBuilder();
    p.node(STATIC_RESIZE_BILINEAR_2D, 8, 9, p.input(1, 4, 4, 2), p.output(1, 8, 9, 2), 0x8);
    Node node = lift(p).nodes().get(1);
    assertArrayEquals(new long[] {8, 9}, node.integers("output_size"));
    assertTrue(node.bool("align_corners"));
    var legacy = new PayloadBuilder();
    legacy.node(
        STATIC_RESIZE_BILINEAR_2D, 8, 9, legacy.input(1, 4, 4, 2), legacy.output(1, 8, 9, 2), 0x4);
    assertEquals(2, names(lift(legacy)).stream().filter(n -> n.equals("lerp.Tensor")).count());
    var both = new PayloadBuilder();
    both.node(
        STATIC_RESIZE_BILINEAR_2D, 8, 9, both.input(1, 4, 4, 2), both.output(1, 8, 9, 2), 0xc);
    refused(both, Kind.BAD_PAYLOAD);
  }

  @Test
  void fullyConnected() throws DelegateException {
    var p = new PayloadBuilder();
    p.node(FULLY_CONNECTED, p.input(2, 4), p.constant(3, 4), p.constant(3), p.output(2, 3), 0);
    assertEquals("aten::linear", only(lift(p)).name());
    var transposed = new PayloadBuilder();
    transposed.node(
        FULLY_CONNECTED,
        transposed.input(2, 4),
        transposed.constant(4, 3),
        -1,
        transposed.output(2, 3),
        1);
    Node node = only(lift(transposed));
    assertTrue(node.isNone("bias"));
    assertArrayEquals(new long[] {1, 3}, node.tensor("weight").constant().strides());
    var computed = new PayloadBuilder();
    computed.node(
        FULLY_CONNECTED, computed.input(2, 4), computed.input(4, 3), -1, computed.output(2, 3), 1);
    assertEquals(List.of("permute_copy", "linear"), names(lift(computed)));
  }

  @Test
  void mixedPrecisionIsComputedInSinglePrecision() throws DelegateException {
    var p = new PayloadBuilder();
    p.node(
        FULLY_CONNECTED,
        p.input(Type.FP16, 2, 4),
        p.constant(3, 4),
        -1,
        p.output(Type.FP16, 2, 3),
        0);
    Graph graph = lift(p);
    assertEquals(List.of("_to_copy", "linear", "_to_copy"), names(graph));
    assertEquals(DType.HALF, graph.nodes().getLast().result().dtype());
  }

  @Test
  void matrixProducts() throws DelegateException {
    var p = new PayloadBuilder();
    p.node(BATCH_MATRIX_MULTIPLY, p.input(2, 3, 4), p.input(2, 4, 5), p.output(2, 3, 5), 0);
    assertEquals("aten::bmm", only(lift(p)).name());
    var transposed = new PayloadBuilder();
    transposed.node(
        BATCH_MATRIX_MULTIPLY,
        transposed.input(2, 3, 4),
        transposed.input(2, 5, 4),
        transposed.output(2, 3, 5),
        1);
    assertEquals(List.of("permute_copy", "bmm"), names(lift(transposed)));
    var broad = new PayloadBuilder();
    broad.node(
        BATCH_MATRIX_MULTIPLY,
        broad.input(1, 2, 3, 4),
        broad.input(2, 4, 5),
        broad.output(1, 2, 3, 5),
        0);
    assertEquals("aten::matmul", only(lift(broad)).name());
  }

  @Test
  void attention() throws DelegateException {
    var p = new PayloadBuilder();
    p.node(
        SCALED_DOT_PRODUCT_ATTENTION,
        p.input(1, 2, 3, 4),
        p.input(1, 2, 5, 4),
        p.input(1, 2, 5, 4),
        p.constant(4),
        p.input(3, 5),
        p.output(1, 2, 3, 4),
        0);
    Graph graph = lift(p);
    assertEquals(List.of("mul.Tensor", "scaled_dot_product_attention"), names(graph));
    assertEquals(1.0, graph.nodes().get(1).number("scale"));
  }

  @Test
  void activations() throws DelegateException {
    var elu = new PayloadBuilder();
    elu.node(ELU, 0.5f, elu.input(2), elu.output(2), 0);
    assertEquals(0.5, only(lift(elu)).number("alpha"));
    var leaky = new PayloadBuilder();
    leaky.node(LEAKY_RELU, 0.25f, leaky.input(2), leaky.output(2), 0);
    assertEquals(0.25, only(lift(leaky)).number("negative_slope"));
  }

  @Test
  void prelu() throws DelegateException {
    var p = new PayloadBuilder();
    p.node(PRELU, p.input(1, 4, 5, 3), p.constant(3), p.output(1, 4, 5, 3), 0);
    Graph graph = lift(p);
    assertEquals(List.of("permute_copy", "prelu", "permute_copy"), names(graph));
    assertArrayEquals(new long[] {0, 3, 1, 2}, graph.nodes().getFirst().integers("dims"));
    assertArrayEquals(new long[] {0, 2, 3, 1}, graph.nodes().getLast().integers("dims"));
    var row = new PayloadBuilder();
    row.node(PRELU, row.input(3), row.constant(3), row.output(3), 0);
    assertEquals(List.of("unsqueeze_copy", "prelu", "squeeze_copy.dim"), names(lift(row)));
  }

  @Test
  void concatenations() throws DelegateException {
    List<NodeKind> kinds = List.of(CONCATENATE_2, CONCATENATE_3, CONCATENATE_4, CONCATENATE_5);
    for (NodeKind kind : kinds) {
      int count = kinds.indexOf(kind) + 2;
      var p = new PayloadBuilder();
      int[] in = IntStream.range(0, 5).map(i -> i < count ? p.input(1, 4, 5, 3) : -1).toArray();
      int[] nhwc = IntStream.range(0, 5).map(i -> p.inside(1, 5, 3, 4)).toArray();
      for (int i = 0; i < count; i++) {
        p.node(STATIC_TRANSPOSE, 4, TO_NHWC, in[i], nhwc[i], 0);
      }
      int y = p.inside(1, 5, 3, 4 * count);
      p.node(kind, 3, nhwc[0], nhwc[1], nhwc[2], nhwc[3], y, 0, nhwc[4]);
      p.node(STATIC_TRANSPOSE, 4, TO_NCHW, y, p.output(1, 4 * count, 5, 3), 0);
      Node node = only(lift(p));
      assertEquals(count, node.tensors("tensors").size());
      assertEquals(1, node.integer("dim"));
    }
  }

  @Test
  void slices() throws DelegateException {
    var p = new PayloadBuilder();
    int x = p.input(1, 6, 4, 5);
    int nhwc = p.inside(1, 4, 5, 6);
    int y = p.inside(1, 4, 2, 3);
    p.node(STATIC_TRANSPOSE, 4, TO_NHWC, x, nhwc, 0);
    p.node(STATIC_SLICE, 4, new int[] {0, 0, 1, 3}, new int[] {1, 4, 2, 3}, nhwc, y, 0);
    p.node(STATIC_TRANSPOSE, 4, TO_NCHW, y, p.output(1, 3, 4, 2), 0);
    Graph graph = lift(p);
    assertEquals(List.of("slice_copy.Tensor", "slice_copy.Tensor"), names(graph));
    assertEquals(3, graph.nodes().get(0).integer("dim"));
    assertEquals(1, graph.nodes().get(1).integer("dim"));
    assertEquals(6, graph.nodes().get(1).integer("end"));
    var beyond = new PayloadBuilder();
    beyond.node(
        STATIC_SLICE, 1, new int[] {5}, new int[] {2}, beyond.input(4), beyond.output(2), 0);
    refused(beyond, Kind.BAD_PAYLOAD);
  }

  @Test
  void pads() throws DelegateException {
    var p = new PayloadBuilder();
    int x = p.input(1, 3, 4, 5);
    int nhwc = p.inside(1, 4, 5, 3);
    int y = p.inside(1, 4, 7, 4);
    p.node(STATIC_TRANSPOSE, 4, TO_NHWC, x, nhwc, 0);
    p.node(STATIC_CONSTANT_PAD, new int[] {0, 0, 2, 1}, new int[] {0, 0, 0, 0}, 1.5f, nhwc, y, 0);
    p.node(STATIC_TRANSPOSE, 4, TO_NCHW, y, p.output(1, 4, 4, 7), 0);
    Node node = only(lift(p));
    assertArrayEquals(new long[] {2, 0, 0, 0, 1, 0}, node.integers("pad"));
    assertEquals(1.5, node.number("value"));
  }

  @Test
  void reshapesWithUnknownSizes() throws DelegateException {
    var p = new PayloadBuilder();
    p.node(STATIC_RESHAPE, 2, new int[] {0, 4}, p.input(2, 3, 4), p.output(6, 4), 0);
    assertArrayEquals(new long[] {-1, 4}, only(lift(p)).integers("size"));
    var two = new PayloadBuilder();
    two.node(STATIC_RESHAPE, 2, new int[] {0, 0}, two.input(2, 3, 4), two.output(6, 4), 0);
    refused(two, Kind.BAD_PAYLOAD);
  }

  @Test
  void conversions() throws DelegateException {
    var p = new PayloadBuilder();
    int q = p.inside(PayloadBuilder.perTensor(0.5f, 3), Type.QINT8, 2, 3);
    p.node(CONVERT, p.input(2, 3), q, 0);
    p.node(CONVERT, q, p.output(2, 3), 0);
    Graph graph = lift(p);
    assertEquals(List.of("quantize_per_tensor", "dequantize_per_tensor"), names(graph));
    assertEquals(0.5, graph.nodes().get(0).number("scale"));
    assertEquals(3, graph.nodes().get(0).integer("zero_point"));
    var half = new PayloadBuilder();
    half.node(CONVERT, half.input(2), half.output(Type.FP16, 2), 0);
    assertEquals("aten::_to_copy", only(lift(half)).name());
  }

  @Test
  void quantizedOutputsKeepTheirIntegers() throws DelegateException {
    var p = new PayloadBuilder();
    var parameters = PayloadBuilder.perTensor(0.5f, 3);
    int q = p.inside(parameters, Type.QINT8, 2, 3);
    p.node(CONVERT, p.input(2, 3), q, 0);
    p.node(STATIC_TRANSPOSE, 2, new int[] {1, 0}, q, p.output(parameters, Type.QINT8, 3, 2), 0);
    RecordingGraphBuilder lifted = p.build().lift();
    assertEquals(List.of("quantize_per_tensor", "permute_copy"), names(lifted.graph()));
    assertEquals(DType.INT8, lifted.outputs().get(1).dtype());
  }

  @Test
  void quantizedOperator() throws DelegateException {
    var p = new PayloadBuilder();
    int a = p.inside(PayloadBuilder.perTensor(0.5f, 3), Type.QINT8, 2);
    int b = p.inside(PayloadBuilder.perTensor(0.25f, 0), Type.QUINT8, 2);
    int c = p.inside(PayloadBuilder.perTensor(0.125f, 1), Type.QINT8, 2);
    p.node(CONVERT, p.input(2), a, 0);
    p.node(CONVERT, p.input(2), b, 0);
    p.clamped(ADD, 0, INFINITY, a, b, c, 0);
    p.node(CONVERT, c, p.output(2), 0);
    Graph graph = lift(p);
    assertEquals(
        List.of(
            "quantize_per_tensor",
            "quantize_per_tensor",
            "dequantize_per_tensor",
            "dequantize_per_tensor",
            "add.Tensor",
            "relu",
            "quantize_per_tensor",
            "dequantize_per_tensor"),
        names(graph));
    assertEquals(255, graph.nodes().get(1).integer("quant_max"));
  }

  @Test
  void int4Channels() throws DelegateException {
    var p = new PayloadBuilder();
    int filter = p.constant(PayloadBuilder.perChannel(0, 1, 2, 3), Type.QCINT4, 6, 3, 4);
    p.node(FULLY_CONNECTED, p.input(2, 4), filter, -1, p.output(2, 3), 0);
    Node node = lift(p).nodes().getFirst();
    assertEquals("quantized_decomposed::dequantize_per_channel", node.name());
    Constant stored = node.tensor("input").constant();
    assertEquals(Packing.INT4_NIBBLES, stored.packing());
    Constant zeroPoints = node.tensor("zero_points").constant();
    assertEquals(8, zeroPoints.data().getAtIndex(ValueLayout.JAVA_INT, 2));
    Constant scales = node.tensor("scales").constant();
    assertEquals(3f, scales.data().getAtIndex(ValueLayout.JAVA_FLOAT, 2));
  }

  @Test
  void int4Groups() throws DelegateException {
    var p = new PayloadBuilder();
    var groups = p.perGroup(32, (short) 0x3f80, (short) 0x4000, (short) 0x4040, (short) 0x4080);
    int filter = p.constant(groups, Type.QBINT4, 64, 2, 64);
    int q = p.inside(PayloadBuilder.perToken(1), Type.QDINT8, 3, 64);
    p.node(CONVERT, p.input(3, 64), q, 0);
    p.node(FULLY_CONNECTED, q, filter, -1, p.output(3, 2), 0);
    Graph graph = lift(p);
    assertEquals(
        List.of(
            "choose_qparams_per_token_asymmetric",
            "quantize_per_token",
            "dequantize_per_token",
            "dequantize_per_channel_group",
            "linear"),
        names(graph));
    Constant scales = graph.nodes().get(3).tensor("scales").constant();
    assertEquals(Shape.of(2, 2), scales.type().shape());
    assertEquals(4f, scales.data().getAtIndex(ValueLayout.JAVA_FLOAT, 3));
    assertEquals(
        8,
        graph.nodes().get(3).tensor("zero_points").constant().data().get(ValueLayout.JAVA_INT, 4));
  }

  @Test
  void imagesQuantizedWhole() throws DelegateException {
    var p = new PayloadBuilder();
    int nhwc = p.inside(1, 8, 8, 4);
    int q = p.inside(PayloadBuilder.perToken(3), Type.QDINT8, 1, 4, 8, 8);
    int filter =
        p.constant(PayloadBuilder.perChannel(0, 1, 1, 1, 1, 1, 1), Type.QCINT8, 216, 6, 3, 3, 4);
    p.node(STATIC_TRANSPOSE, 4, TO_NHWC, p.input(1, 4, 8, 8), nhwc, 0);
    p.node(CONVERT, nhwc, q, 0);
    int[] ids = {q, filter, -1, p.output(1, 4, 4, 6)};
    p.node(CONV_2D, convolution(new int[] {1, 1, 1, 1}, 1, 4, 6, 0, ids));
    Graph graph = lift(p);
    assertEquals(
        List.of(
            "choose_qparams.tensor",
            "quantize_per_tensor.tensor",
            "dequantize_per_tensor.tensor",
            "dequantize_per_channel",
            "convolution",
            "permute_copy"),
        names(graph));
  }

  @Test
  void severalImagesQuantizedEach() throws DelegateException {
    var p = new PayloadBuilder();
    int q = p.inside(PayloadBuilder.perToken(3), Type.QDINT8, 2, 4, 4, 3);
    p.node(CONVERT, p.input(2, 4, 4, 3), q, 0);
    p.node(CONVERT, q, p.output(2, 4, 4, 3), 0);
    assertEquals(
        List.of(
            "view_copy",
            "choose_qparams_per_token_asymmetric",
            "quantize_per_token",
            "dequantize_per_token",
            "view_copy"),
        names(lift(p)));
  }

  @Test
  void everyUnsupportedNodeIsNamed() {
    var p = new PayloadBuilder();
    int a = p.inside(2);
    int b = p.inside(2);
    p.node(200, 0, p.input(2), a, 0);
    p.node(ABS, a, b, 0);
    p.node(ABS, p.input(2), p.output(2), 0x4);
    p.node(NEGATE, b, p.output(2), 0);
    String message = refused(p, Kind.UNSUPPORTED).getMessage();
    assertTrue(message.contains("node 0 is of kind 200"), message);
    assertTrue(message.contains("node 2 (XNNAbs) has the unknown flags 0x4"), message);
    assertTrue(!message.contains("XNNNegate"), message);
  }

  @Test
  void valuesOutOfOrder() {
    var early = new PayloadBuilder();
    int a = early.inside(2);
    early.node(ABS, a, early.output(2), 0);
    early.node(ABS, early.input(2), a, 0);
    refused(early, Kind.BAD_PAYLOAD);
    var twice = new PayloadBuilder();
    int y = twice.output(2);
    int x = twice.input(2);
    twice.node(ABS, x, y, 0).node(ABS, x, y, 0);
    refused(twice, Kind.BAD_PAYLOAD);
    var never = new PayloadBuilder();
    never.output(2);
    refused(never, Kind.BAD_PAYLOAD);
    var absent = new PayloadBuilder();
    absent.node(ABS, 77, absent.output(2), 0);
    refused(absent, Kind.BAD_PAYLOAD);
  }

  @Test
  void channelsLastArgumentsNeedNoTransposition() throws DelegateException {
    var p = new PayloadBuilder();
    p.node(ABS, p.input(1, 4, 5, 3), p.output(1, 4, 5, 3), 0);
    TestPayload payload = p.build();
    var into = new RecordingGraphBuilder(2, Map.of(0, TensorType.of(DType.FLOAT, 1, 3, 4, 5)));
    into.order(0, DimOrder.channelsLast(4));
    into.order(1, DimOrder.channelsLast(4));
    payload.lift(into);
    assertEquals(List.of("aten::abs"), into.graph().nodes().stream().map(Node::name).toList());
    assertEquals(Shape.of(1, 3, 4, 5), into.outputs().get(1).shape());
  }

  @Test
  void otherDimensionsThanTheProgramsAreDamage() throws DelegateException {
    var p = new PayloadBuilder();
    p.node(ABS, p.input(1, 4, 5, 3), p.output(1, 4, 5, 3), 0);
    TestPayload payload = p.build();
    var into = new RecordingGraphBuilder(2, Map.of(0, TensorType.of(DType.FLOAT, 1, 3, 4, 5)));
    DelegateException e = assertThrows(DelegateException.class, () -> payload.lift(into));
    assertEquals(Kind.BAD_PAYLOAD, e.kind());
  }

  @Test
  void missingNamedData() {
    TestPayload payload = TestPayload.sample("digits-xnn");
    payload.named().clear();
    DelegateException e = assertThrows(DelegateException.class, payload::lift);
    assertEquals(Kind.BAD_PAYLOAD, e.kind());
    assertTrue(e.remedy().contains(".ptd"), e.remedy());
  }

  @Test
  void bareTables() throws DelegateException {
    byte[] whole = TestPayload.resource("add-xnn");
    TestPayload bare = TestPayload.of(java.util.Arrays.copyOfRange(whole, 32, whole.length));
    assertEquals(List.of("add.Tensor"), names(bare.lift().graph()));
  }

  @Test
  void outputsMayBeInputs() throws DelegateException {
    var p = new PayloadBuilder();
    int x = p.input(2, 3);
    int t = p.inside(3, 2);
    p.node(STATIC_TRANSPOSE, 2, new int[] {1, 0}, x, t, 0);
    p.node(STATIC_TRANSPOSE, 2, new int[] {1, 0}, t, p.output(2, 3), 0);
    RecordingGraphBuilder lifted = p.build().lift();
    Value output = lifted.outputs().get(1);
    assertEquals(lifted.input(0), output);
  }
}
