package dev.baton.coreml.lift;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.baton.coreml.mil.MilProgram.NamedType;
import dev.baton.coreml.mil.MilProgram.Operation;
import dev.baton.coreml.mil.MilType;
import dev.baton.coreml.mil.MilType.Element;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.DimOrder;
import dev.baton.graph.Graph;
import dev.baton.graph.GraphBuilder;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Operations that exporters write seldom, or never. */
final class OperationsTest {
  private final Graph.Builder graph = new Graph.Builder();
  private final Map<String, List<Operand>> arguments = new LinkedHashMap<>();

  /** Operators with their arguments, as they were written. */
  private final List<String> written = new ArrayList<>();

  private OperationsTest with(String name, Literal literal) {
    arguments.put(name, List.of(Operand.of(literal)));
    return this;
  }

  private OperationsTest with(String name, DType dtype, int... sizes) {
    arguments.put(name, List.of(Operand.of(graph.input(TensorType.of(dtype, sizes)))));
    return this;
  }

  private static Literal bytes(Element element, Shape shape, int... bytes) {
    byte[] data = new byte[bytes.length];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) bytes[i];
    }
    return new Literal(element, shape, MemorySegment.ofArray(data), List.of(), "a literal");
  }

  private void write(String operator, int... declared) throws Exception {
    MilType type =
        new MilType.Tensor(Element.FP32, Arrays.stream(declared).mapToObj(Long::valueOf).toList());
    Operation operation =
        new Operation(operator, Map.of(), List.of(new NamedType("y", type)), Map.of());
    OperatorWriter writer = MilOperators.find(operator);
    assertNotNull(writer, operator);
    GraphBuilder into = new Recording(declared);
    writer.write(
        new OperationCall(
            operation, "CoreML7", arguments, into, new ConstantMemory(into, 1 << 10)));
  }

  private void refused(String operator, int... declared) {
    DelegateException e = assertThrows(DelegateException.class, () -> write(operator, declared));
    assertEquals(DelegateException.Kind.BAD_PAYLOAD, e.kind(), e::toString);
  }

  @ParameterizedTest
  @ValueSource(ints = {7, -2, 0})
  void whatIsTakenFromTheStartIgnoresTheBeginning(int begin) throws Exception {
    with("x", DType.FLOAT, 10).with("end", DType.INT32, 1).with("begin", Literal.integers(begin));
    with("begin_mask", Literal.integers(1)).write("slice_by_index", 4);
    assertEquals(List.of("aten::slice_copy.Tensor 0 0 4 1"), written);
  }

  @ParameterizedTest
  @ValueSource(ints = {7, -3})
  void beginningsAreCountedFromTheEndToo(int begin) throws Exception {
    with("x", DType.FLOAT, 10).with("end", DType.INT32, 1).with("begin", Literal.integers(begin));
    write("slice_by_index", 2);
    assertEquals(List.of("aten::slice_copy.Tensor 0 7 9 1"), written);
  }

  @Test
  void aDimensionThatGoesIsTakenFromTheStart() throws Exception {
    with("x", DType.FLOAT, 10, 3).with("begin", Literal.integers(7, 0));
    with("end", Literal.integers(8, 3)).with("begin_mask", Literal.integers(1, 1));
    with("end_mask", Literal.integers(0, 1)).with("squeeze_mask", Literal.integers(1, 0));
    write("slice_by_index", 3);
    assertEquals(List.of("aten::select_copy.int 0 0"), written);
  }

  @Test
  void placesBeforeATableAreRefused() {
    with("indices", bytes(Element.INT8, Shape.of(1), -1));
    with("lut", bytes(Element.INT8, Shape.of(1, 2, 1), 3, 4));
    refused("constexpr_lut_to_dense", 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"instance_norm", "local_response_norm"})
  void normalisationsNeedChannels(String operator) {
    with("x", DType.FLOAT, 10).with("size", Literal.integers(3));
    refused(operator, 10);
  }

  @Test
  void vectorsAreNotResized() {
    with("x", DType.FLOAT, 10).with("scale_factor_height", Literal.integers(2));
    assertThrows(UnsupportedOperation.class, () -> write("upsample_nearest_neighbor", 10));
  }

  /** Writes down what is called; its results are of the declared type. */
  private final class Recording implements GraphBuilder {
    private final int[] sizes;

    Recording(int[] sizes) {
      this.sizes = sizes;
    }

    @Override
    public List<Value> call(String operator, Argument... arguments) {
      StringBuilder text = new StringBuilder(operator);
      for (Argument argument : arguments) {
        if (argument instanceof Argument.Int number) {
          text.append(' ').append(number.value());
        }
      }
      written.add(text.toString());
      return List.of(graph.input(TensorType.of(DType.FLOAT, sizes)));
    }

    @Override
    public Value constant(Constant constant) {
      return graph.constant(constant);
    }

    @Override
    public int argumentCount() {
      return 0;
    }

    @Override
    public Value input(int argument) {
      throw new UnsupportedOperationException();
    }

    @Override
    public DimOrder dimOrder(int argument) {
      throw new UnsupportedOperationException();
    }

    @Override
    public TensorType declaredType(int argument) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void output(int argument, Value value) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Value state(String name, TensorType type) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void updateState(String name, Value value) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void at(int payloadNode) {}
  }
}
