package dev.baton.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.QuantizedOperator.Operand;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuantizedOperatorTest {
  private static final String Q = "quantized_decomposed::";
  private static final Quantization.PerTensor INPUT =
      new Quantization.PerTensor(0.5, 3, -128, 127, DType.INT8);
  private static final Quantization.PerTensor OUTPUT =
      new Quantization.PerTensor(0.25, -1, -128, 127, DType.INT8);

  private final Graph.Builder builder = new Graph.Builder();

  private Node node(String name, TensorType type, Argument... arguments) {
    return builder.node(Operators.get(name), List.of(arguments), List.of(type), Origin.HOST);
  }

  private Value int8(int... sizes) {
    return builder.input(TensorType.of(DType.INT8, sizes));
  }

  private Value real(int... sizes) {
    return builder.input(TensorType.of(DType.FLOAT, sizes));
  }

  private static TensorType floats(Shape shape) {
    return TensorType.of(DType.FLOAT, shape.sizes());
  }

  private Value dequantize(Value x, Quantization.PerTensor q) {
    return node(
            Q + "dequantize_per_tensor",
            floats(x.shape()),
            x,
            Argument.of(q.scale()),
            Argument.of(q.zeroPoint()),
            Argument.of(q.min()),
            Argument.of(q.max()),
            Argument.of(q.dtype()))
        .result();
  }

  private Value quantize(Value x, Quantization.PerTensor q) {
    return node(
            Q + "quantize_per_tensor",
            TensorType.of(q.dtype(), x.shape().sizes()),
            x,
            Argument.of(q.scale()),
            Argument.of(q.zeroPoint()),
            Argument.of(q.min()),
            Argument.of(q.max()),
            Argument.of(q.dtype()))
        .result();
  }

  private Value constant(float... values) {
    return builder.constant(
        Constant.of(MemorySegment.ofArray(values), TensorType.of(DType.FLOAT, values.length)));
  }

  private Value weights(int... sizes) {
    byte[] zeros = new byte[Math.toIntExact(Shape.of(sizes).numel())];
    return builder.constant(
        Constant.of(MemorySegment.ofArray(zeros), TensorType.of(DType.INT8, sizes)));
  }

  private Value dequantizeChannels(Value x, Value scales, long axis) {
    return node(
            Q + "dequantize_per_channel",
            floats(x.shape()),
            x,
            scales,
            Argument.none(),
            Argument.of(axis),
            Argument.of(-127L),
            Argument.of(127L),
            Argument.of(DType.INT8))
        .result();
  }

  private Node linear(Value x, Value weight, int... sizes) {
    return node("aten::linear", TensorType.of(DType.FLOAT, sizes), x, weight);
  }

  private static QuantizedOperator matched(Graph graph, Node node) {
    QuantizedOperator match = QuantizedOperator.match(graph, node);
    assertNotNull(match);
    return match;
  }

  @Test
  void findsOperandsClampAndResultOfAStaticLayer() {
    Value x = int8(2, 3);
    Value w = weights(4, 3);
    Value scales = constant(1, 2, 3, 4);
    Node linear = linear(dequantize(x, INPUT), dequantizeChannels(w, scales, -2), 2, 4);
    Node relu = node("aten::relu", floats(linear.result().shape()), linear.result());
    Value y = quantize(relu.result(), OUTPUT);
    Graph graph = builder.build(List.of(y));

    QuantizedOperator match = matched(graph, linear);

    Operand input = match.operand("input");
    assertEquals(x, input.source());
    assertEquals(INPUT, input.quantization());
    assertEquals(w, match.operand("weight").source());
    assertEquals(
        new Quantization.PerChannel(scales.constant(), null, 0, -127, 127, DType.INT8),
        match.operand("weight").quantization());
    assertEquals(relu, match.clamp());
    assertEquals(y.producer(), match.quantize());
    assertEquals(OUTPUT, match.output());
    assertEquals(y, match.result());
    assertEquals(graph.nodes(), match.nodes());
  }

  @Test
  void leavesTheResultRealWhereMoreThanTheQuantizationUsesIt() {
    Node relu = node("aten::relu", TensorType.of(DType.FLOAT, 2), dequantize(int8(2), INPUT));
    Value y = quantize(relu.result(), OUTPUT);
    Graph graph = builder.build(List.of(y, relu.result()));

    QuantizedOperator match = matched(graph, relu);

    assertNull(match.quantize());
    assertNull(match.output());
    assertEquals(relu.result(), match.result());
    assertEquals(2, match.nodes().size());
  }

  @Test
  void aClampIsAnOperatorOfItsOwnAfterAnother() {
    Node relu = node("aten::relu", TensorType.of(DType.FLOAT, 2), dequantize(int8(2), INPUT));
    Node relu6 = node("aten::relu6", TensorType.of(DType.FLOAT, 2), relu.result());
    Graph graph = builder.build(List.of(quantize(relu6.result(), OUTPUT)));

    assertNull(matched(graph, relu).quantize());
    assertNull(QuantizedOperator.match(graph, relu6));
  }

  @Test
  void matchesWhatMovesDataAndListsOfTensors() {
    Value a = int8(1, 2);
    Value b = int8(1, 3);
    Node cat =
        node(
            "aten::cat",
            TensorType.of(DType.FLOAT, 1, 5),
            Argument.list(List.of(dequantize(a, INPUT), dequantize(b, OUTPUT))),
            Argument.of(1L));
    Graph graph = builder.build(List.of(quantize(cat.result(), OUTPUT)));

    QuantizedOperator match = matched(graph, cat);

    assertEquals(List.of(a, b), match.operands().stream().map(Operand::source).toList());
    assertEquals(INPUT, match.operands().get(0).quantization());
    assertEquals(OUTPUT, match.operands().get(1).quantization());
    assertEquals(OUTPUT, match.output());
    assertEquals(4, match.nodes().size());
  }

  @Test
  void anOperandThatIsUsedElsewhereIsReal() {
    Value x = dequantize(int8(2), INPUT);
    Node relu = node("aten::relu", TensorType.of(DType.FLOAT, 2), x);
    Graph graph = builder.build(List.of(relu.result(), x));

    assertNull(QuantizedOperator.match(graph, relu));
  }

  @Test
  void findsAnOperandThatIsQuantizedRowByRow() {
    Value x = real(2, 3);
    Node choice =
        builder.node(
            Operators.get(Q + "choose_qparams_per_token_asymmetric"),
            List.of(x, Argument.of(DType.INT8)),
            List.of(TensorType.of(DType.DOUBLE, 2, 1), TensorType.of(DType.INT64, 2, 1)),
            Origin.HOST);
    Value scales = choice.results().get(0);
    Value zeroPoints = choice.results().get(1);
    Node quantized =
        node(
            Q + "quantize_per_token",
            TensorType.of(DType.INT8, 2, 3),
            x,
            scales,
            zeroPoints,
            Argument.of(-128L),
            Argument.of(127L),
            Argument.of(DType.INT8));
    Node back =
        node(
            Q + "dequantize_per_token",
            TensorType.of(DType.FLOAT, 2, 3),
            quantized.result(),
            scales,
            zeroPoints,
            Argument.of(-128L),
            Argument.of(127L),
            Argument.of(DType.INT8),
            Argument.of(DType.FLOAT));
    Node linear = linear(back.result(), real(4, 3), 2, 4);
    Graph graph = builder.build(List.of(linear.result()));

    QuantizedOperator match = matched(graph, linear);

    assertEquals(x, match.operand("input").source());
    assertEquals(
        new Quantization.Dynamic(true, false, -128, 127, DType.INT8),
        match.operand("input").quantization());
    assertFalse(match.operand("weight").isQuantized());
    assertEquals(List.of(choice, quantized, back, linear), match.nodes());
  }

  @Test
  void readsParametersFromConstantsOfOneElement() {
    Value x = int8(2);
    Value scale = constant(0.5f);
    Value zeroPoint =
        builder.constant(
            Constant.of(MemorySegment.ofArray(new long[] {3}), TensorType.of(DType.INT64, 1)));
    Node dequantize =
        node(
            Q + "dequantize_per_tensor.tensor",
            TensorType.of(DType.FLOAT, 2),
            x,
            scale,
            zeroPoint,
            Argument.of(-128L),
            Argument.of(127L),
            Argument.of(DType.INT8));

    assertEquals(INPUT, Quantization.of(dequantize));
    assertTrue(QuantizedOperator.isQuantizing(dequantize));
  }

  @Test
  void readsGroups() {
    Value scales =
        builder.constant(
            Constant.of(
                MemorySegment.ofArray(new float[] {1, 2, 3, 4}), TensorType.of(DType.FLOAT, 2, 2)));
    Node dequantize =
        node(
            Q + "dequantize_per_channel_group",
            TensorType.of(DType.FLOAT, 2, 64),
            weights(2, 64),
            scales,
            Argument.none(),
            Argument.of(-8L),
            Argument.of(7L),
            Argument.of(DType.INT8),
            Argument.of(32L),
            Argument.of(DType.FLOAT));

    assertEquals(
        new Quantization.PerGroup(scales.constant(), null, 32, -8, 7, DType.INT8),
        Quantization.of(dequantize));
  }

  @Test
  void computedParametersOfAQuantizationAreNone() {
    Node dequantize =
        node(
            Q + "dequantize_per_tensor.tensor",
            TensorType.of(DType.FLOAT, 2),
            int8(2),
            real(1),
            builder.input(TensorType.of(DType.INT64, 1)),
            Argument.of(-128L),
            Argument.of(127L),
            Argument.of(DType.INT8));
    Node relu = node("aten::relu", TensorType.of(DType.FLOAT, 2), dequantize.result());
    Graph graph = builder.build(List.of(relu.result()));

    assertNull(Quantization.of(dequantize));
    assertNull(QuantizedOperator.match(graph, relu));
    assertNull(QuantizedOperator.match(graph, dequantize));
  }
}
