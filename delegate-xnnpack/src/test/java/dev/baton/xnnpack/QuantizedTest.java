package dev.baton.xnnpack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.Decline;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateSession;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.graph.ValueType;
import dev.baton.xnnpack.Cases.Data;
import dev.baton.xnnpack.ffi.XnnNode;
import dev.baton.xnnpack.ffi.XnnType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of quantized operators. Numbers are small enough to be checked by hand. */
class QuantizedTest {
  private static final String Q = "quantized_decomposed::";

  private final Arena arena = Arena.ofConfined();
  private final Graph.Builder builder = new Graph.Builder();

  @AfterEach
  void close() {
    arena.close();
    Rig.assertNothingLives();
  }

  private List<Value> call(String name, List<? extends ValueType> types, Argument... arguments) {
    return builder.node(Operators.get(name), List.of(arguments), types, Origin.HOST).results();
  }

  private Value call(String name, Shape shape, Argument... arguments) {
    return call(name, List.of(TensorType.of(DType.FLOAT, shape.sizes())), arguments).get(0);
  }

  private Value real(int... sizes) {
    return builder.input(TensorType.of(DType.FLOAT, sizes));
  }

  private Value int8(int... sizes) {
    return builder.input(TensorType.of(DType.INT8, sizes));
  }

  private Value quantize(Value x, double scale, long zero) {
    return quantize(x, scale, zero, -128);
  }

  private Value quantize(Value x, double scale, long zero, long min) {
    return call(
            Q + "quantize_per_tensor",
            List.of(TensorType.of(DType.INT8, x.shape().sizes())),
            x,
            Argument.of(scale),
            Argument.of(zero),
            Argument.of(min),
            Argument.of(127L),
            Argument.of(DType.INT8))
        .get(0);
  }

  private Value dequantize(Value q, double scale, long zero) {
    return call(
        Q + "dequantize_per_tensor",
        q.shape(),
        q,
        Argument.of(scale),
        Argument.of(zero),
        Argument.of(-128L),
        Argument.of(127L),
        Argument.of(DType.INT8));
  }

  private Value constant(float... values) {
    return builder.constant(Cases.constant(arena, values, values.length));
  }

  private Value weights(byte[] values, int... sizes) {
    MemorySegment data = arena.allocate(values.length + 128L, 64);
    MemorySegment.copy(values, 0, data, ValueLayout.JAVA_BYTE, 0, values.length);
    return builder.constant(Constant.of(data, TensorType.of(DType.INT8, sizes)));
  }

  private Value channels(Value q, long axis, float... scales) {
    return call(
        Q + "dequantize_per_channel",
        q.shape(),
        q,
        constant(scales),
        Argument.none(),
        Argument.of(axis),
        Argument.of(-127L),
        Argument.of(127L),
        Argument.of(DType.INT8));
  }

  /** Weights [2, 3]: 1, 2, 3 and −1, 0, 2 with the scales 0.5 and 0.25. */
  private Value matrix() {
    return channels(weights(new byte[] {1, 2, 3, -1, 0, 2}, 2, 3), 0, 0.5f, 0.25f);
  }

  private Value linear(Value x, Value weight, Argument bias) {
    return call(
        "aten::linear", Shape.of(x.shape().size(0), weight.shape().size(0)), x, weight, bias);
  }

  /** A real row, quantized where it is used. */
  private Value perToken(Value x, String choice) {
    TensorType rows = TensorType.of(DType.DOUBLE, x.shape().size(0), 1);
    List<Value> chosen =
        call(
            Q + choice,
            List.of(rows, TensorType.of(DType.INT64, x.shape().size(0), 1)),
            x,
            Argument.of(DType.INT8));
    Value quantized =
        call(
                Q + "quantize_per_token",
                List.of(TensorType.of(DType.INT8, x.shape().sizes())),
                x,
                chosen.get(0),
                chosen.get(1),
                Argument.of(-128L),
                Argument.of(127L),
                Argument.of(DType.INT8))
            .get(0);
    return call(
        Q + "dequantize_per_token",
        x.shape(),
        quantized,
        chosen.get(0),
        chosen.get(1),
        Argument.of(-128L),
        Argument.of(127L),
        Argument.of(DType.INT8),
        Argument.of(DType.FLOAT));
  }

  private static <T extends XnnNode> List<T> nodes(XnnpackSubgraph compiled, Class<T> kind) {
    return compiled.graph().nodes().stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  private static XnnType type(XnnpackSubgraph compiled, int value) {
    return compiled.graph().values().get(value).type();
  }

  @Test
  void aStaticLayerIsOneNodeOfIntegers() throws DelegateException {
    Value x = quantize(real(1, 3), 0.5, -1);
    Value y = linear(dequantize(x, 0.5, -1), matrix(), constant(1, -2));
    Value relu = call("aten::relu", y.shape(), y);
    Value out = dequantize(quantize(relu, 0.25, 3), 0.25, 3);
    Graph graph = builder.build(List.of(out));
    try (DelegateSession session = Rig.open();
        XnnpackSubgraph compiled = Rig.compile(session, graph);
        DelegateExecution execution = compiled.newExecution(Rig.Context.ONE_THREAD)) {
      XnnNode.FullyConnected layer = nodes(compiled, XnnNode.FullyConnected.class).getFirst();
      assertEquals(
          new XnnType.PerTensor(XnnType.Code.QINT8, 0.5f, -1), type(compiled, layer.input()));
      assertEquals(
          new XnnType.PerTensor(XnnType.Code.QINT8, 0.25f, 3), type(compiled, layer.output()));
      assertEquals(XnnType.Code.QCINT8, type(compiled, layer.filter()).code());
      assertEquals(XnnType.Code.QCINT32, type(compiled, layer.bias()).code());
      assertEquals(2, nodes(compiled, XnnNode.Unary.class).size());
      // 0.5·(1 + 2·2 + 3·−1.5) + 1 = 1.25; 0.25·(−1 + 2·−1.5) − 2 = −3, cut to 0
      Data row = new Data(Shape.of(1, 3), new float[] {1, 2, -1.5f});
      assertArrayEquals(
          new float[] {1.25f, 0}, Rig.run(execution, List.of(row), List.of(Shape.of(1, 2))).get(0));
    }
  }

  @Test
  void aLayerWhoseRealResultIsUsedComputesWithRealNumbers() throws DelegateException {
    Value x = int8(1, 3);
    Value y = linear(dequantize(x, 0.5, -1), matrix(), Argument.none());
    Graph graph = builder.build(List.of(quantize(y, 0.25, 3), y));
    try (DelegateSession session = Rig.open();
        XnnpackSubgraph compiled = Rig.compile(session, graph)) {
      XnnNode.FullyConnected layer = nodes(compiled, XnnNode.FullyConnected.class).getFirst();
      assertEquals(XnnType.Plain.FLOAT, type(compiled, layer.input()));
      assertEquals(XnnType.Plain.FLOAT, type(compiled, layer.output()));
      assertEquals(2, nodes(compiled, XnnNode.Unary.class).size());
    }
  }

  /** XNNPACK would multiply the bias with the scales of the weights, were it the layer's. */
  @Test
  void theBiasOfRealRowsAndInt8WeightsIsAddedAfterwards() throws DelegateException {
    Value x = real(2, 3);
    Value y = call("aten::relu", Shape.of(2, 2), linear(x, matrix(), constant(1, -2)));
    Graph graph = builder.build(List.of(y));
    try (DelegateSession session = Rig.open();
        XnnpackSubgraph compiled = Rig.compile(session, graph);
        DelegateExecution execution = compiled.newExecution(Rig.Context.ONE_THREAD)) {
      XnnNode.FullyConnected layer = nodes(compiled, XnnNode.FullyConnected.class).getFirst();
      assertEquals(XnnType.Code.QCINT8, type(compiled, layer.filter()).code());
      // 0.5·(1 + 2·2 + 3·−1.5) + 1, 0.25·(−1 + 2·−1.5) − 2, and of twice the row with its sign
      Data rows = new Data(Shape.of(2, 3), new float[] {1, 2, -1.5f, -2, -4, 3});
      assertArrayEquals(
          new float[] {1.25f, 0, 0.5f, 0},
          Rig.run(execution, List.of(rows), List.of(Shape.of(2, 2))).get(0));
    }
  }

  @Test
  void aLineOfIntegersIsConvolved() throws DelegateException {
    Value x = dequantize(quantize(real(1, 2, 3), 0.5, -1), 0.5, -1);
    Value filter = channels(weights(new byte[] {1, 2, 3, 4}, 2, 2, 1), 0, 0.5f, 0.25f);
    Value y =
        call(
            "aten::convolution",
            Shape.of(1, 2, 3),
            x,
            filter,
            constant(1, -2),
            Argument.ints(1),
            Argument.ints(0),
            Argument.ints(1),
            Argument.of(false),
            Argument.ints(0),
            Argument.of(1L));
    Graph graph = builder.build(List.of(dequantize(quantize(y, 0.25, 3), 0.25, 3)));
    try (DelegateSession session = Rig.open();
        XnnpackSubgraph compiled = Rig.compile(session, graph);
        DelegateExecution execution = compiled.newExecution(Rig.Context.ONE_THREAD)) {
      XnnNode.Convolution layer = nodes(compiled, XnnNode.Convolution.class).getFirst();
      assertEquals(XnnType.Code.QCINT8, type(compiled, layer.filter()).code());
      Data line = new Data(Shape.of(1, 2, 3), new float[] {1, 2, 3, -1, 0, 1});
      assertArrayEquals(
          new float[] {0.5f, 2, 3.5f, -2.25f, -0.5f, 1.25f},
          Rig.run(execution, List.of(line), List.of(Shape.of(1, 2, 3))).get(0));
    }
  }

  @Test
  void weightsThatAreQuantizedAlongInputsBecomeReal() throws DelegateException {
    Value x = quantize(real(1, 2), 0.5, 0);
    Value weight = channels(weights(new byte[] {1, 2, 3, 4}, 2, 2), 1, 1, 10);
    Value y = linear(dequantize(x, 0.5, 0), weight, Argument.none());
    Graph graph = builder.build(List.of(dequantize(quantize(y, 1, 0), 1, 0)));
    try (DelegateSession session = Rig.open();
        XnnpackSubgraph compiled = Rig.compile(session, graph);
        DelegateExecution execution = compiled.newExecution(Rig.Context.ONE_THREAD)) {
      Data row = new Data(Shape.of(1, 2), new float[] {1, 2});
      assertArrayEquals(
          new float[] {1 + 40, 3 + 80},
          Rig.run(execution, List.of(row), List.of(Shape.of(1, 2))).get(0));
    }
  }

  @Test
  void sumsAndMovesKeepIntegers() throws DelegateException {
    Value a = int8(2, 2);
    Value sum =
        call("aten::add.Tensor", a.shape(), dequantize(a, 1, 0), dequantize(int8(2, 2), 2, 1));
    Value turned =
        call(
            "aten::permute_copy",
            Shape.of(2, 2),
            dequantize(quantize(sum, 3, 2), 3, 2),
            Argument.ints(1, 0));
    Graph graph = builder.build(List.of(quantize(turned, 3, 2)));
    try (DelegateSession session = Rig.open();
        XnnpackSubgraph compiled = Rig.compile(session, graph)) {
      assertEquals(2, compiled.graph().nodes().size());
      assertTrue(
          compiled.graph().values().stream().allMatch(v -> v.type() instanceof XnnType.PerTensor));
    }
  }

  @Test
  void integersAreMovedWithoutConversion() throws DelegateException {
    TensorType turnedType = TensorType.of(DType.INT8, 3, 2);
    Value q = quantize(real(2, 3), 0.5, -1);
    Value turned = call("aten::permute_copy", List.of(turnedType), q, Argument.ints(1, 0)).get(0);
    TensorType flatType = TensorType.of(DType.INT8, 6);
    Value flat = call("aten::view_copy", List.of(flatType), turned, Argument.ints(6)).get(0);
    Graph graph = builder.build(List.of(dequantize(flat, 0.5, -1)));
    try (DelegateSession session = Rig.open();
        XnnpackSubgraph compiled = Rig.compile(session, graph);
        DelegateExecution execution = compiled.newExecution(Rig.Context.ONE_THREAD)) {
      XnnNode.Transpose transpose = nodes(compiled, XnnNode.Transpose.class).getFirst();
      XnnType quantized = new XnnType.PerTensor(XnnType.Code.QINT8, 0.5f, -1);
      assertEquals(quantized, type(compiled, transpose.input()));
      assertEquals(quantized, type(compiled, transpose.output()));
      assertEquals(2, nodes(compiled, XnnNode.Unary.class).size());
      Data rows = new Data(Shape.of(2, 3), new float[] {1, 2, 3, 4, 5, 6});
      assertArrayEquals(
          new float[] {1, 4, 2, 5, 3, 6},
          Rig.run(execution, List.of(rows), List.of(Shape.of(6))).get(0));
    }
  }

  @Test
  void integersOfUnknownMeaningAreNotMoved() throws DelegateException {
    TensorType type = TensorType.of(DType.INT8, 3, 2);
    Value turned =
        call("aten::permute_copy", List.of(type), int8(2, 3), Argument.ints(1, 0)).get(0);
    assertEquals(Decline.Kind.DTYPE, declined(builder.build(List.of(turned)), producer(turned)));
  }

  @Test
  void whatIsConcatenatedFromDifferentScalesIsReal() throws DelegateException {
    Value joined =
        call(
            "aten::cat",
            Shape.of(2, 2),
            Argument.list(List.of(dequantize(int8(1, 2), 1, 0), dequantize(int8(1, 2), 2, 0))),
            Argument.of(0L));
    Graph graph = builder.build(List.of(quantize(joined, 2, 0)));
    try (DelegateSession session = Rig.open();
        XnnpackSubgraph compiled = Rig.compile(session, graph)) {
      assertEquals(3, nodes(compiled, XnnNode.Unary.class).size());
    }
  }

  @Test
  void rowsAreQuantizedOnceForSeveralLayers() throws DelegateException {
    Value x = real(2, 3);
    String choice = "choose_qparams_per_token_asymmetric";
    Value a = linear(perToken(x, choice), matrix(), constant(1, -2));
    Value b = linear(perToken(x, choice), matrix(), Argument.none());
    Graph graph = builder.build(List.of(a, b));
    try (DelegateSession session = Rig.open();
        XnnpackSubgraph compiled = Rig.compile(session, graph);
        DelegateExecution execution = compiled.newExecution(Rig.Context.ONE_THREAD)) {
      assertEquals(1, nodes(compiled, XnnNode.Unary.class).size());
      assertEquals(2, nodes(compiled, XnnNode.FullyConnected.class).size());
      // Rows from −128 to 127, and from −1 to 254/255 of it, have whole numbers as their elements.
      Data rows = new Data(Shape.of(2, 3), new float[] {127, -128, 1, 254, -256, 2});
      assertArrayEquals(
          new float[] {-63 + 1, -31.25f - 2, -126 + 1, -62.5f - 2},
          Rig.run(execution, List.of(rows), List.of(Shape.of(2, 2), Shape.of(2, 2))).get(0));
    }
  }

  /** A real tensor that is quantized with one scale where it is used. */
  private Value alike(Value x) {
    TensorType one = TensorType.of(DType.DOUBLE, 1);
    List<Value> chosen =
        call(
            Q + "choose_qparams.tensor",
            List.of(one, TensorType.of(DType.INT64, 1)),
            x,
            Argument.of(-128L),
            Argument.of(127L),
            Argument.of(1e-7),
            Argument.of(DType.INT8));
    Value quantized =
        call(
                Q + "quantize_per_tensor.tensor",
                List.of(TensorType.of(DType.INT8, x.shape().sizes())),
                x,
                chosen.get(0),
                chosen.get(1),
                Argument.of(-128L),
                Argument.of(127L),
                Argument.of(DType.INT8))
            .get(0);
    return call(
        Q + "dequantize_per_tensor.tensor",
        x.shape(),
        quantized,
        chosen.get(0),
        chosen.get(1),
        Argument.of(-128L),
        Argument.of(127L),
        Argument.of(DType.INT8));
  }

  @Test
  void rowsThatAreQuantizedAlikeAreAnImage() throws DelegateException {
    Value x = real(2, 4);
    Value weight = channels(weights(new byte[] {1, 2, 3, 4, -1, 0, 2, 8}, 2, 4), 0, 0.5f, 0.25f);
    Value y = linear(alike(x), weight, constant(1, -2));
    Graph graph = builder.build(List.of(call("aten::relu", y.shape(), y)));
    try (DelegateSession session = Rig.open();
        XnnpackSubgraph compiled = Rig.compile(session, graph);
        DelegateExecution execution = compiled.newExecution(Rig.Context.ONE_THREAD)) {
      XnnNode.Convolution layer = nodes(compiled, XnnNode.Convolution.class).getFirst();
      assertEquals(new XnnType.Dynamic(3), type(compiled, layer.input()));
      // From −128 to 127, so the step is 1: 0.4 is 0, 1.6 is 2, in the second row as well.
      Data rows = new Data(Shape.of(2, 4), new float[] {127, -128, 0.4f, 1, 0.4f, 1.6f, 2, 0});
      assertArrayEquals(
          new float[] {0, 0, 0.5f * (4 + 6) + 1, 0},
          Rig.run(execution, List.of(rows), List.of(Shape.of(2, 2))).get(0));
    }
  }

  private Decline.Kind declined(Graph graph, Node node) throws DelegateException {
    try (DelegateSession session = Rig.open()) {
      Rig.Record record = Rig.claim(session, graph);
      return record.declined.get(node).kind();
    }
  }

  private static Node producer(Value value) {
    Node node = value.producer();
    assertTrue(node != null);
    return node;
  }

  @Test
  void symmetricRowsAreDeclined() throws DelegateException {
    Value dequantized = perToken(real(2, 3), "choose_qparams_per_token");
    Value y = linear(dequantized, matrix(), Argument.none());
    Graph graph = builder.build(List.of(y));
    assertEquals(Decline.Kind.OPERATOR, declined(graph, producer(dequantized)));
  }

  @Test
  void integersOfOtherRangesAreDeclined() throws DelegateException {
    Value q = quantize(real(2), 0.5, 0, -127);
    assertEquals(Decline.Kind.DTYPE, declined(builder.build(List.of(q)), producer(q)));
  }

  @Test
  void integersThatTwoReadDifferentlyAreDeclined() throws DelegateException {
    Value q = quantize(real(2), 0.5, 0);
    Value other = dequantize(q, 0.25, 0);
    assertEquals(Decline.Kind.DTYPE, declined(builder.build(List.of(q, other)), producer(other)));
  }

  @Test
  void constantsOfOtherOperatorsAreLeftToTheHost() throws DelegateException {
    Value weight = channels(weights(new byte[] {1, 2}, 2), 0, 1, 2);
    Value sum = call("aten::add.Tensor", Shape.of(2), real(2), weight);
    Graph graph = builder.build(List.of(sum));
    assertEquals(Decline.Kind.OPERATOR, declined(graph, producer(weight)));
  }
}
