package dev.baton.runtime.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.Event;
import dev.baton.runtime.kernel.Fusion;
import dev.baton.runtime.kernel.Kernel;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.KernelProvider;
import dev.baton.runtime.kernel.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JavaUnitsTest {
  private static final String Q = "quantized_decomposed::";

  private final Graph.Builder builder = new Graph.Builder();
  private final Value x = builder.input(TensorType.of(DType.INT8, 2, 3));

  private Value apply(String operator, TensorType type, Argument... arguments) {
    return builder
        .node(Operators.get(operator), List.of(arguments), List.of(type), Origin.HOST)
        .result();
  }

  private Value dequantized(Value value, double scale) {
    return apply(
        Q + "dequantize_per_tensor",
        new TensorType(DType.FLOAT, value.shape(), false),
        value,
        Argument.of(scale),
        Argument.of(0),
        Argument.of(-128),
        Argument.of(127),
        Argument.of(DType.INT8));
  }

  private Value quantized(Value value, double scale) {
    return apply(
        Q + "quantize_per_tensor",
        new TensorType(DType.INT8, value.shape(), false),
        value,
        Argument.of(scale),
        Argument.of(0),
        Argument.of(-128),
        Argument.of(127),
        Argument.of(DType.INT8));
  }

  private Value linear(Value value) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[12]);
    Value weight = builder.constant(Constant.of(bytes, TensorType.of(DType.INT8, 4, 3)));
    return apply(
        "aten::linear",
        TensorType.of(DType.FLOAT, 2, 4),
        value,
        dequantized(weight, 0.5),
        Argument.none());
  }

  private Value relu(Value value) {
    return apply("aten::relu", value.tensorType(), value);
  }

  private List<Unit> units(Kernels kernels, Value... results) {
    Graph graph = builder.build(List.of(results));
    return JavaUnits.of(graph, graph.nodes(), kernels);
  }

  private List<Unit> units(Value... results) {
    return units(Kernels.reference(), results);
  }

  private static List<String> names(Unit unit) {
    return unit.nodes().stream().map(n -> n.name().replaceAll(".*::", "")).toList();
  }

  @Test
  void aGroupRunsFromItsIntegersToItsIntegers() {
    Value y = quantized(relu(linear(dequantized(x, 0.1))), 0.2);

    List<Unit> units = units(y);

    assertEquals(1, units.size());
    Unit.Fused fused = assertInstanceOf(Unit.Fused.class, units.get(0));
    assertEquals(
        List.of(
            "dequantize_per_tensor",
            "dequantize_per_tensor",
            "linear",
            "relu",
            "quantize_per_tensor"),
        names(fused));
    assertEquals(List.of(x), fused.inputs());
    assertEquals(List.of(y), fused.outputs());
    assertEquals("reference", fused.provider());
  }

  @Test
  void aValueThatIsUsedOutsideEndsTheGroup() {
    Value between = linear(dequantized(x, 0.1));
    Value y = quantized(relu(between), 0.2);

    List<Unit> units = units(y, between);

    assertEquals(
        List.of("dequantize_per_tensor", "dequantize_per_tensor", "linear"), names(units.get(0)));
    assertEquals(List.of(between), units.get(0).outputs());
    assertEquals(List.of("relu"), names(units.get(1)));
    assertEquals(List.of("quantize_per_tensor"), names(units.get(2)));
    assertEquals(3, units.size());
  }

  @Test
  void aDequantizedValueThatIsAResultIsNotHidden() {
    Value real = dequantized(x, 0.1);

    List<Unit> units = units(quantized(relu(real), 0.2), real);

    assertTrue(units.stream().allMatch(Unit.OnJava.class::isInstance), units::toString);
    assertEquals(3, units.size());
  }

  @Test
  void eachGroupHasItsOwnNodes() {
    Value middle = quantized(linear(dequantized(x, 0.1)), 0.2);
    Value y = quantized(relu(dequantized(middle, 0.2)), 0.2);

    List<Unit> units = units(y, middle);

    assertEquals(2, units.size());
    assertTrue(units.stream().allMatch(Unit.Fused.class::isInstance));
    assertEquals(List.of(middle), units.get(1).inputs());
    assertEquals(
        List.of("dequantize_per_tensor", "relu", "quantize_per_tensor"), names(units.get(1)));
  }

  @Test
  void movesBetweenDifferentScalesStayReal() {
    TensorType type = TensorType.of(DType.FLOAT, 3, 2);
    Argument order = Argument.ints(1, 0);
    Value same = apply("aten::permute_copy", type, dequantized(x, 0.1), order);
    Value other = apply("aten::permute_copy", type, dequantized(x, 0.1), order);

    List<Unit> units = units(quantized(same, 0.1), quantized(other, 0.2));

    assertEquals(1, units.stream().filter(Unit.Fused.class::isInstance).count());
    assertEquals(4, units.size());
  }

  @Test
  void aFusionThatTakesWhatOthersNeedIsRefused() {
    Value inner = relu(dequantized(x, 0.1));
    Value y = relu(inner);
    Fusion greedy =
        (last, view) ->
            last == y.producer()
                ? new Fusion.Group(List.of(node(inner), node(y)), (facts, buffers) -> () -> {})
                : null;

    IllegalStateException refused =
        assertThrows(
            IllegalStateException.class,
            () -> units(Kernels.of(List.of(provider(greedy))), y, inner));

    assertTrue(refused.getMessage().contains("'greedy' fuse nodes that others need"));
  }

  @Test
  void aFusionThatRefusesFindsNoGroup() {
    Fusion refusing =
        (last, view) -> {
          throw new KernelException("refused");
        };
    KernelProvider provider = provider(refusing);
    Kernels kernels = Kernels.of(List.of(provider));

    List<Event> events = new ArrayList<>();
    Graph graph = builder.build(List.of(relu(dequantized(x, 0.1))));
    List<Unit> units = JavaUnits.of(graph, graph.nodes(), kernels, events::add);

    assertEquals(List.of("relu"), names(units.getLast()));
    Event.FusionRefused first = assertInstanceOf(Event.FusionRefused.class, events.getFirst());
    assertEquals("refused", first.reason());
    assertTrue(first.operator().contains("aten::relu"), first.operator());
  }

  /** One step of the result is more than 2^20 steps of a lowered sum's operands. */
  @Test
  void aLoweredSumOfScalesFarApartStaysReal() {
    Origin lowered = new Origin(0, "Some", 0);
    for (double scale : new double[] {1e-7, 1e8}) {
      Value a = dequantized(x, scale);
      Value b = dequantized(x, scale);
      Value sum =
          builder
              .node(
                  Operators.get("aten::add.Tensor"),
                  List.of(a, b, Argument.of(1)),
                  List.of(a.type()),
                  lowered)
              .result();
      List<Unit> units = units(quantized(sum, 1));
      assertTrue(units.stream().allMatch(Unit.OnJava.class::isInstance), units::toString);
    }
  }

  /** What a kernel refuses is refused where it runs, not while groups are searched. */
  @Test
  void aTableThatCannotBeFilledIsNoGroup() {
    Value real = dequantized(x, 0.1);
    Value gelu = apply("aten::gelu", real.tensorType(), real, new Argument.Text("other"));
    List<Unit> units = units(quantized(gelu, 0.2));
    assertTrue(units.stream().allMatch(Unit.OnJava.class::isInstance), units::toString);
  }

  @Test
  void aProductOverNoElementsIsNoGroup() {
    Value none = builder.input(TensorType.of(DType.INT8, 2, 0));
    MemorySegment bytes = MemorySegment.ofArray(new byte[0]);
    Value weight = builder.constant(Constant.of(bytes, TensorType.of(DType.INT8, 4, 0)));
    Value y =
        apply(
            "aten::linear",
            TensorType.of(DType.FLOAT, 2, 4),
            dequantized(none, 0.1),
            dequantized(weight, 0.5),
            Argument.none());
    List<Unit> units = units(quantized(y, 0.2));
    assertTrue(units.stream().allMatch(Unit.OnJava.class::isInstance), units::toString);
  }

  private static Node node(Value value) {
    Node node = value.producer();
    if (node == null) {
      throw new IllegalStateException(value + " is computed by no node");
    }
    return node;
  }

  private static KernelProvider provider(Fusion fusion) {
    return new KernelProvider() {
      @Override
      public String name() {
        return "greedy";
      }

      @Override
      public @Nullable Kernel find(String operator) {
        return null;
      }

      @Override
      public List<Fusion> fusions() {
        return List.of(fusion);
      }
    };
  }
}
