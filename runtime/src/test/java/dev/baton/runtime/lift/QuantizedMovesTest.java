package dev.baton.runtime.lift;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuantizedMovesTest {
  private static final String QUANTIZE = "quantized_decomposed::quantize_per_tensor";
  private static final String DEQUANTIZE = "quantized_decomposed::dequantize_per_tensor";
  private static final String VIEW = "aten::view_copy";
  private static final String PERMUTE = "aten::permute_copy";

  private final Graphs g = new Graphs();
  private final Value integers = g.input(TensorType.of(DType.INT8, 2, 6));

  private Value quantize(Value x, double scale, long min) {
    return convert(QUANTIZE, DType.INT8, x, scale, min);
  }

  private Value dequantize(Value x, double scale, long min) {
    return convert(DEQUANTIZE, DType.FLOAT, x, scale, min);
  }

  private Value convert(String operator, DType to, Value x, double scale, long min) {
    return g.node(
        operator,
        TensorType.of(to, x.shape().sizes()),
        x,
        Argument.of(scale),
        Argument.of(3L),
        Argument.of(min),
        Argument.of(127L),
        Argument.of(DType.INT8));
  }

  private Value view(Value x, int... sizes) {
    return g.node(VIEW, Graphs.floats(sizes), x, Argument.ints(sizes));
  }

  private Value turned(Value x) {
    int[] sizes = x.shape().sizes();
    return g.node(PERMUTE, Graphs.floats(sizes[1], sizes[0]), x, Argument.ints(1, 0));
  }

  private Value relu(Value x) {
    return g.node("aten::relu", x.tensorType(), x);
  }

  private Value tanh(Value x) {
    return g.node("aten::tanh", x.tensorType(), x);
  }

  private List<String> names(Value... results) {
    return Graphs.names(QuantizedMoves.apply(g.block(results)));
  }

  @Test
  void viewsBetweenAPairAreOfIntegers() {
    Value moved = turned(view(dequantize(integers, 0.5, -128), 3, 4));
    Block block = QuantizedMoves.apply(g.block(quantize(moved, 0.5, -128)));
    assertEquals(List.of(VIEW, PERMUTE), Graphs.names(block));
    Value result = block.graph().results().get(0);
    assertEquals(TensorType.of(DType.INT8, 4, 3), result.tensorType());
  }

  @Test
  void aPairThatChangesNumbersStays() {
    Value moved = turned(dequantize(integers, 0.5, -128));
    assertEquals(List.of(DEQUANTIZE, QUANTIZE, PERMUTE), names(quantize(moved, 0.25, -128)));
    Value cut = turned(dequantize(integers, 0.5, -127));
    assertEquals(List.of(DEQUANTIZE, QUANTIZE, PERMUTE), names(quantize(cut, 0.5, -127)));
  }

  @Test
  void whatComputesIsNextToWhatQuantizes() {
    Value computed = tanh(view(dequantize(integers, 0.5, -128), 3, 4));
    Value y = quantize(relu(view(computed, 12)), 0.25, -128);
    Block block = QuantizedMoves.apply(g.block(y));
    assertEquals(
        List.of(VIEW, DEQUANTIZE, "aten::tanh", "aten::relu", QUANTIZE, VIEW), Graphs.names(block));
    List<Node> nodes = block.graph().nodes();
    assertEquals(Graphs.floats(3, 4), nodes.get(3).result().tensorType());
    assertEquals(TensorType.of(DType.INT8, 3, 4), nodes.get(4).result().tensorType());
    assertEquals(TensorType.of(DType.INT8, 12), nodes.get(5).result().tensorType());
  }

  @Test
  void viewsGoBeforeTheChoiceOfParameters() {
    Value x = g.input(Graphs.floats(2, 6));
    String choice = "quantized_decomposed::choose_qparams.tensor";
    List<Value> chosen =
        g.builder
            .node(
                Operators.get(choice),
                List.of(
                    x,
                    Argument.of(-128L),
                    Argument.of(127L),
                    Argument.of(1e-7),
                    Argument.of(DType.INT8)),
                List.of(TensorType.of(DType.DOUBLE, 1), TensorType.of(DType.INT64, 1)),
                Origin.HOST)
            .results();
    Value y = dynamic(QUANTIZE, DType.INT8, x, chosen);
    Value moved = turned(view(dynamic(DEQUANTIZE, DType.FLOAT, y, chosen), 3, 4));
    assertEquals(
        List.of(VIEW, PERMUTE, choice, QUANTIZE + ".tensor", DEQUANTIZE + ".tensor", "aten::tanh"),
        names(tanh(moved)));
  }

  private Value dynamic(String operator, DType to, Value x, List<Value> chosen) {
    return g.node(
        operator + ".tensor",
        TensorType.of(to, x.shape().sizes()),
        x,
        chosen.get(0),
        chosen.get(1),
        Argument.of(-128L),
        Argument.of(127L),
        Argument.of(DType.INT8));
  }

  @Test
  void fewerElementsAreDequantized() {
    Value row =
        g.node(
            "aten::select_copy.int",
            Graphs.floats(6),
            dequantize(integers, 0.5, -128),
            Argument.of(0),
            Argument.of(1));
    assertEquals(List.of("aten::select_copy.int", DEQUANTIZE), names(tanh(row)).subList(0, 2));
  }

  @Test
  void realNumbersThatOthersUseAreMovedAsTheyAre() {
    Value real = dequantize(integers, 0.5, -128);
    assertEquals(List.of(DEQUANTIZE, PERMUTE), names(turned(real), real));
    Value moved = turned(tanh(g.input(Graphs.floats(2, 6))));
    assertEquals(List.of("aten::tanh", PERMUTE, QUANTIZE), names(quantize(moved, 1, -128), moved));
  }
}
