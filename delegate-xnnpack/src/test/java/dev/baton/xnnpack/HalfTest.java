package dev.baton.xnnpack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateSession;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.xnnpack.Cases.Data;
import dev.baton.xnnpack.ffi.XnnType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Numbers of 16 bits. Buffers of the rig are of floats: each of the first half holds two. */
class HalfTest {
  private final Graph.Builder builder = new Graph.Builder();

  @AfterEach
  void close() {
    Rig.assertNothingLives();
  }

  private Value node(String operator, DType dtype, Shape shape, Argument... arguments) {
    return builder
        .node(
            Operators.get(operator),
            List.of(arguments),
            List.of(TensorType.of(dtype, shape.sizes())),
            Origin.HOST)
        .result();
  }

  private Value halves(float[] numbers, int... sizes) {
    short[] bits = new short[numbers.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToFloat16(numbers[i]);
    }
    return constant(bits, DType.HALF, sizes);
  }

  private Value constant(short[] bits, DType dtype, int... sizes) {
    return builder.constant(Constant.of(MemorySegment.ofArray(bits), TensorType.of(dtype, sizes)));
  }

  /** Two numbers in each float; zeros after them. */
  private static float[] pairs(float... numbers) {
    float[] pairs = new float[numbers.length];
    for (int i = 0; i < pairs.length / 2; i++) {
      int low = Float.floatToFloat16(numbers[2 * i]) & 0xffff;
      int high = Float.floatToFloat16(numbers[2 * i + 1]) << Short.SIZE;
      pairs[i] = Float.intBitsToFloat(high | low);
    }
    return pairs;
  }

  @Test
  void halvesAreConvertedWhereTheyEnterAndLeave() throws DelegateException {
    Value x = builder.input(TensorType.of(DType.HALF, 2, 2));
    Value weight = halves(new float[] {1, 2, -3, 0.5f}, 2, 2);
    Value y =
        node("aten::linear", DType.HALF, Shape.of(2, 2), x, weight, halves(new float[] {1, 0}, 2));
    Value relu = node("aten::relu", DType.HALF, Shape.of(2, 2), y);
    Graph graph = builder.build(List.of(relu));
    try (DelegateSession session = Rig.open();
        XnnpackSubgraph compiled = Rig.compile(session, graph);
        DelegateExecution execution = compiled.newExecution(Rig.Context.ONE_THREAD)) {
      List<XnnType> types = compiled.graph().values().stream().map(v -> v.type()).toList();
      assertEquals(XnnType.Plain.HALF, types.get(0));
      assertEquals(XnnType.Plain.HALF, types.get(1));
      assertEquals(2, types.stream().filter(XnnType.Plain.HALF::equals).count());
      Data rows = new Data(Shape.of(2, 2), pairs(1, 2, -1, 4));
      // 1 + 4 + 1, −3 + 1; −1 + 8 + 1, 3 + 2
      assertArrayEquals(
          pairs(6, 0, 8, 5), Rig.run(execution, List.of(rows), List.of(Shape.of(2, 2))).get(0));
    }
  }

  @Test
  void inputsThatAreOutputsToo() throws DelegateException {
    Value x = builder.input(TensorType.of(DType.HALF, 1, 2));
    Value same = node("aten::view_copy", DType.HALF, Shape.of(2), x, Argument.ints(2));
    Value wide = node("aten::_to_copy", DType.FLOAT, Shape.of(1, 2), x, Argument.of(DType.FLOAT));
    Graph graph = builder.build(List.of(same, wide));
    try (DelegateSession session = Rig.open();
        XnnpackSubgraph compiled = Rig.compile(session, graph);
        DelegateExecution execution = compiled.newExecution(Rig.Context.ONE_THREAD)) {
      List<float[]> results =
          Rig.run(
              execution,
              List.of(new Data(Shape.of(1, 2), pairs(0.1f, -7))),
              List.of(Shape.of(2), Shape.of(1, 2)));
      assertArrayEquals(pairs(0.1f, -7), results.get(0));
      float tenth = Float.float16ToFloat(Float.floatToFloat16(0.1f));
      assertArrayEquals(new float[] {tenth, -7}, results.get(1));
    }
  }

  @Test
  void bfloat16WeightsOfFloatRowsAreWidened() throws DelegateException {
    Value x = builder.input(TensorType.of(DType.FLOAT, 1, 2));
    short[] bits = new short[4];
    float[] numbers = {1, 2, -3, 0.5f};
    for (int i = 0; i < bits.length; i++) {
      bits[i] = (short) (Float.floatToRawIntBits(numbers[i]) >>> Short.SIZE);
    }
    Value transposed = constant(bits, DType.BFLOAT16, 2, 2);
    Value y = node("aten::mm", DType.FLOAT, Shape.of(1, 2), x, transposed);
    Graph graph = builder.build(List.of(y));
    try (DelegateSession session = Rig.open();
        XnnpackSubgraph compiled = Rig.compile(session, graph);
        DelegateExecution execution = compiled.newExecution(Rig.Context.ONE_THREAD)) {
      Data row = new Data(Shape.of(1, 2), new float[] {1, 2});
      assertArrayEquals(
          new float[] {1 - 6, 2 + 1},
          Rig.run(execution, List.of(row), List.of(Shape.of(1, 2))).get(0));
    }
  }
}
