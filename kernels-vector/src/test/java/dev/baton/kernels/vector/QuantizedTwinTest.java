package dev.baton.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.BoundNodeCall;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Packer;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.Step;
import dev.baton.runtime.placement.JavaUnits;
import dev.baton.runtime.placement.Unit;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Groups on int8: the same bits as the reference kernels give, whatever the threads. */
class QuantizedTwinTest {
  private static final String Q = "quantized_decomposed::";
  private static final int L = Lanes.COUNT;

  /** Builds the value that a group gives. */
  private interface Body {
    Value build(Build b);
  }

  record Case(String name, boolean lowered, Body body) {
    @Override
    public String toString() {
      return name + (lowered ? ", lowered" : "");
    }
  }

  /** A graph with random inputs and constants. */
  private static final class Build {
    final Graph.Builder builder = new Graph.Builder();
    final Map<Value, Operand> operands = new HashMap<>();
    private final Arena arena;
    private final Random random;
    private final Origin origin;

    Build(Arena arena, Case c) {
      this.arena = arena;
      this.random = new Random(c.toString().hashCode());
      this.origin = c.lowered ? new Origin(0, "payload", 0) : Origin.HOST;
    }

    private Operand operand(DType dtype, int low, int high, int... sizes) {
      Shape shape = Shape.of(sizes);
      MemorySegment data = arena.allocate(Math.max(1, shape.numel() * dtype.byteSize()), 64);
      for (long i = 0; i < shape.numel(); i++) {
        int value = random.nextInt(low, high + 1);
        switch (dtype) {
          case INT8 -> data.set(ValueLayout.JAVA_BYTE, i, (byte) value);
          case INT32 -> data.setAtIndex(ValueLayout.JAVA_INT, i, value);
          case INT64 -> data.setAtIndex(ValueLayout.JAVA_LONG, i, value);
          default -> data.setAtIndex(ValueLayout.JAVA_FLOAT, i, value + random.nextFloat());
        }
      }
      return new Operand(data.asSlice(0, shape.numel() * dtype.byteSize()), dtype, shape);
    }

    Value input(DType dtype, int... sizes) {
      Value value = builder.input(TensorType.of(dtype, sizes));
      operands.put(value, operand(dtype, -128, 127, sizes));
      return value;
    }

    Value constant(DType dtype, int low, int high, int... sizes) {
      Operand o = operand(dtype, low, high, sizes);
      Value value = builder.constant(Constant.of(o.data(), TensorType.of(dtype, sizes)));
      operands.put(value, o);
      return value;
    }

    /** Numbers from 0.002 on. */
    Value scales(int... sizes) {
      Value value = constant(DType.FLOAT, 0, 3, sizes);
      MemorySegment data = operands.get(value).data();
      for (long i = 0; i < value.shape().numel(); i++) {
        float scale = 0.002f + data.getAtIndex(ValueLayout.JAVA_FLOAT, i) * 0.003f;
        data.setAtIndex(ValueLayout.JAVA_FLOAT, i, scale);
      }
      return value;
    }

    Value apply(String operator, DType dtype, Shape shape, Argument... arguments) {
      TensorType type = new TensorType(dtype, shape, false);
      return builder
          .node(Operators.get(operator), Arrays.asList(arguments), List.of(type), origin)
          .result();
    }

    Value dequantized(Value value, double scale, int zero) {
      return apply(
          Q + "dequantize_per_tensor",
          DType.FLOAT,
          value.shape(),
          value,
          Argument.of(scale),
          Argument.of(zero),
          Argument.of(value.dtype() == DType.INT8 ? -128 : Integer.MIN_VALUE),
          Argument.of(value.dtype() == DType.INT8 ? 127 : Integer.MAX_VALUE),
          Argument.of(value.dtype()));
    }

    Value dequantizedByChannel(Value value, int axis, boolean zeros) {
      int n = value.shape().size(axis);
      return apply(
          Q + "dequantize_per_channel",
          DType.FLOAT,
          value.shape(),
          value,
          scales(n),
          zeros ? constant(DType.INT64, -128, 127, n) : Argument.none(),
          Argument.of(axis),
          Argument.of(-128),
          Argument.of(127),
          Argument.of(DType.INT8));
    }

    Value quantized(Value value, double scale, int zero) {
      return apply(
          Q + "quantize_per_tensor",
          DType.INT8,
          value.shape(),
          value,
          Argument.of(scale),
          Argument.of(zero),
          Argument.of(-128),
          Argument.of(127),
          Argument.of(DType.INT8));
    }

    /** Quantized anew in each run. */
    Value dynamic(Value x) {
      String choose = Q + "choose_qparams_per_token_asymmetric";
      int[] sizes = x.shape().sizes();
      sizes[sizes.length - 1] = 1;
      List<TensorType> types =
          List.of(TensorType.of(DType.DOUBLE, sizes), TensorType.of(DType.INT64, sizes));
      List<Value> chosen =
          builder
              .node(Operators.get(choose), List.of(x, Argument.of(DType.INT8)), types, origin)
              .results();
      Argument min = Argument.of(-128);
      Argument max = Argument.of(127);
      Argument dtype = Argument.of(DType.INT8);
      Value q =
          apply(
              Q + "quantize_per_token",
              DType.INT8,
              x.shape(),
              x,
              chosen.get(0),
              chosen.get(1),
              min,
              max,
              dtype);
      return apply(
          Q + "dequantize_per_token",
          DType.FLOAT,
          x.shape(),
          q,
          chosen.get(0),
          chosen.get(1),
          min,
          max,
          dtype,
          Argument.of(DType.FLOAT));
    }

    Argument bias(int n) {
      return origin == Origin.HOST
          ? constant(DType.FLOAT, -4, 4, n)
          : dequantized(constant(DType.INT32, -5000, 5000, n), 0.001, 0);
    }
  }

  private static Argument repeat(int value, int times) {
    List<Argument> items = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      items.add(Argument.of(value));
    }
    return new Argument.Items(items);
  }

  /**
   * @param numbers groups, stride, padding, dilation
   */
  private static Stream<Case> convolution(
      boolean transposed, int[] input, int out, int[] kernel, int... numbers) {
    int groups = numbers[0];
    int[] first =
        transposed ? new int[] {input[1], out / groups} : new int[] {out, input[1] / groups};
    int[] weight = new int[kernel.length + 2];
    System.arraycopy(first, 0, weight, 0, 2);
    System.arraycopy(kernel, 0, weight, 2, kernel.length);
    int[] result = input.clone();
    result[1] = out;
    for (int d = 0; d < kernel.length; d++) {
      long reach = (long) numbers[3] * (kernel[d] - 1);
      result[d + 2] =
          Math.toIntExact(
              transposed
                  ? (input[d + 2] - 1L) * numbers[1] - 2L * numbers[2] + reach + 1
                  : (input[d + 2] + 2L * numbers[2] - reach - 1) / numbers[1] + 1);
    }
    Body body =
        b -> {
          Value x = b.dequantized(b.input(DType.INT8, input), 0.02, 17);
          Value w = b.constant(DType.INT8, -128, 127, weight);
          boolean byChannel = !(transposed && groups > 1);
          Value y =
              b.apply(
                  "aten::convolution",
                  DType.FLOAT,
                  Shape.of(result),
                  x,
                  byChannel
                      ? b.dequantizedByChannel(w, transposed ? 1 : 0, input[1] % 2 == 1)
                      : b.dequantized(w, 0.01, -9),
                  b.bias(out),
                  repeat(numbers[1], kernel.length),
                  repeat(numbers[2], kernel.length),
                  repeat(numbers[3], kernel.length),
                  Argument.of(transposed),
                  repeat(0, kernel.length),
                  Argument.of(groups));
          return b.quantized(b.apply("aten::relu", DType.FLOAT, y.shape(), y), 0.3, -20);
        };
    String name =
        (transposed ? "transposed " : "")
            + Arrays.toString(input)
            + out
            + Arrays.toString(kernel)
            + Arrays.toString(numbers);
    return Stream.of(new Case(name, false, body), new Case(name, true, body));
  }

  static Stream<Case> convolutions() {
    List<Stream<Case>> all = new ArrayList<>();
    int[] square = {3, 3};
    for (int size : new int[] {1, 2, 5, 7, L - 1, L, L + 1, 2 * L + 5}) {
      for (int stride : new int[] {1, 2, 3}) {
        all.add(convolution(false, of(1, 3, size, size + 1), 5, square, 1, stride, 1, 1));
        all.add(convolution(false, of(2, 4, size, size + 1), 4, square, 4, stride, 1, 1));
        all.add(convolution(true, of(1, 3, size, size + 1), 5, square, 1, stride, 1, 1));
      }
      all.add(convolution(false, of(2, 5, size, size), 7, of(1, 1), 1, 1, 0, 1));
    }
    all.add(convolution(false, of(1, 6, 9, 11), 4, of(3, 2), 2, 1, 2, 2));
    all.add(convolution(false, of(1, 4, 20), 6, of(5), 2, 2, 2, 1));
    all.add(convolution(false, of(1, 71, 9, 9), 20, square, 1, 1, 1, 1));
    all.add(convolution(false, of(1, 600, 6, 6), 9, of(1, 1), 1, 1, 0, 1));
    all.add(convolution(false, of(1, 2, 20, 20), 2, of(17, 17), 2, 1, 8, 1));
    all.add(convolution(true, of(2, 4, 5, 6), 6, of(4, 3), 2, 2, 1, 1));
    all.add(convolution(true, of(1, 4, 7, 3), 4, square, 4, 3, 2, 2));
    // Strides, paddings and dilations far beyond the image.
    for (int groups : new int[] {1, 2}) {
      for (int stride : new int[] {40_000, 65_536, Integer.MAX_VALUE}) {
        all.add(convolution(false, of(1, 2, 2, 2), 2, of(2, 2), groups, stride, 0, 1));
      }
      int far = 1_000_000_000;
      all.add(convolution(false, of(1, 2, 2, 2), 2, of(2, 2), groups, far, far / 2 * 3, 1));
      all.add(convolution(true, of(1, 2, 3), 2, of(1), groups, 2 * far, 2 * far, 1));
      all.add(convolution(true, of(1, 2, 1), 2, of(2), groups, 1, far / 2, far));
    }
    return all.stream().flatMap(s -> s);
  }

  private static int[] of(int... sizes) {
    return sizes;
  }

  /**
   * @param group elements of a group of int4 weights; 0 for int8 by channel
   */
  private static Stream<Case> linear(int tokens, int k, int n, int group, boolean dynamic) {
    Body body =
        b -> {
          Value x =
              dynamic
                  ? b.dynamic(b.input(DType.FLOAT, tokens, k))
                  : b.dequantized(b.input(DType.INT8, tokens, k), 0.02, -3);
          Value w;
          if (group == 0) {
            w = b.dequantizedByChannel(b.constant(DType.INT8, -128, 127, n, k), 0, k % 2 == 1);
          } else {
            Value q = b.constant(DType.INT8, -8, 7, n, k);
            w =
                b.apply(
                    Q + "dequantize_per_channel_group",
                    DType.FLOAT,
                    q.shape(),
                    q,
                    b.scales(n, k / group),
                    n % 2 == 0 ? Argument.none() : b.constant(DType.INT64, -8, 7, n, k / group),
                    Argument.of(-8),
                    Argument.of(7),
                    Argument.of(DType.INT8),
                    Argument.of(group),
                    Argument.of(DType.FLOAT));
          }
          Value y = b.apply("aten::linear", DType.FLOAT, Shape.of(tokens, n), x, w, b.bias(n));
          return dynamic ? y : b.quantized(y, 0.4, 5);
        };
    String name = tokens + "×" + k + "×" + n + " group " + group + (dynamic ? ", dynamic" : "");
    return Stream.of(new Case(name, false, body), new Case(name, true, body));
  }

  static Stream<Case> products() {
    List<Stream<Case>> all = new ArrayList<>();
    for (int n : new int[] {1, 2, L - 1, L, L + 1, 3 * L, 3 * L + 1, 7 * L + 3}) {
      for (int tokens : new int[] {1, 3, 4, 5, 13}) {
        all.add(linear(tokens, 19, n, 0, false));
        all.add(linear(tokens, 32, n, 0, true));
        all.add(linear(tokens, 64, n, 32, true));
      }
    }
    for (int k : new int[] {1, 255, 256, 257, 1025}) {
      all.add(linear(6, k, 37, 0, false));
      all.add(linear(6, k, 37, 0, true));
    }
    for (int group : new int[] {1, 5, 32, 64, 128, 256}) {
      all.add(linear(7, 3 * group, 23, group, true));
      all.add(linear(2, group, 24, group, false));
    }
    return all.stream().flatMap(s -> s);
  }

  private static Stream<Case> binary(String operator, int[] left, int[] right, int[] result) {
    Body body =
        b -> {
          Value x = b.dequantized(b.input(DType.INT8, left), 0.03, 11);
          Value z = b.dequantized(b.input(DType.INT8, right), 0.05, -7);
          boolean product = operator.equals("aten::mul.Tensor");
          Argument[] arguments =
              product ? new Argument[] {x, z} : new Argument[] {x, z, Argument.of(1)};
          Value y = b.apply(operator, DType.FLOAT, Shape.of(result), arguments);
          return b.quantized(y, 0.06, 3);
        };
    String name = operator + Arrays.toString(left) + Arrays.toString(right);
    return Stream.of(new Case(name, false, body), new Case(name, true, body));
  }

  static Stream<Case> elementwise() {
    List<Stream<Case>> all = new ArrayList<>();
    for (int n : new int[] {1, L - 1, L, L + 1, 3 * L + 2, 10_007}) {
      for (String operator : List.of("aten::add.Tensor", "aten::sub.Tensor", "aten::mul.Tensor")) {
        all.add(binary(operator, of(2, n), of(2, n), of(2, n)));
        all.add(binary(operator, of(2, n), of(2, 1), of(2, n)));
        all.add(binary(operator, of(n), of(3, n), of(3, n)));
        all.add(binary(operator, of(1), of(n), of(n)));
      }
      for (String function : List.of("aten::sigmoid", "aten::relu", "aten::hardswish")) {
        for (int zero : new int[] {11, 12}) {
          Body body =
              b -> {
                Value x = b.dequantized(b.input(DType.INT8, n), 0.03, 11);
                return b.quantized(b.apply(function, DType.FLOAT, x.shape(), x), 0.03, zero);
              };
          all.add(Stream.of(new Case(function + n + " to " + zero, false, body)));
        }
      }
    }
    return all.stream().flatMap(s -> s);
  }

  static Stream<Case> all() {
    return Stream.of(convolutions(), products(), elementwise()).flatMap(s -> s);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("all")
  void asReference(Case c) {
    try (Arena arena = Arena.ofShared()) {
      Build b = new Build(arena, c);
      Value result = c.body.build(b);
      Graph graph = b.builder.build(List.of(result));
      Operand expected = run(graph, b, Kernels.reference(), "reference", Parallel.SERIAL, arena);
      Kernels vector = Kernels.of(List.of(new VectorKernels()));
      for (int threads = 1; threads <= 3; threads++) {
        Operand actual = run(graph, b, vector, "vector", TwinTest.backwards(threads), arena);
        assertEquals(-1, expected.data().mismatch(actual.data()), threads + " threads");
      }
    }
  }

  /** A product of 8 bits by 9 is what sums are exact of. */
  @ParameterizedTest
  @ValueSource(ints = {-129, 128, 300, 1 << 24})
  void weightsWithZeroPointsOfMoreThanTheirBitsAreNotFused(int zero) {
    Case c =
        new Case(
            "zero point " + zero,
            false,
            b -> {
              Value x = b.dequantized(b.input(DType.INT8, 2, 8), 0.02, -3);
              Value w = b.dequantized(b.constant(DType.INT8, -128, 127, 4, 8), 0.01, zero);
              Shape shape = Shape.of(2, 4);
              return b.quantized(
                  b.apply("aten::linear", DType.FLOAT, shape, x, w, Argument.none()), 0.4, 5);
            });
    try (Arena arena = Arena.ofShared()) {
      Build b = new Build(arena, c);
      Graph graph = b.builder.build(List.of(c.body.build(b)));
      for (Kernels kernels :
          List.of(Kernels.reference(), Kernels.of(List.of(new VectorKernels())))) {
        assertEquals(4, JavaUnits.of(graph, graph.nodes(), kernels).size());
      }
    }
  }

  private static Operand run(
      Graph graph, Build b, Kernels kernels, String provider, Parallel parallel, Arena arena) {
    List<Unit> units = JavaUnits.of(graph, graph.nodes(), kernels);
    assertEquals(1, units.size());
    Unit.Fused fused = assertInstanceOf(Unit.Fused.class, units.get(0));
    assertEquals(provider, fused.provider());
    Value result = fused.outputs().get(0);
    TensorType type = result.tensorType();
    MemorySegment data = arena.allocate(type.byteSize(), 64).fill((byte) 0xA5);
    Operand to = new Operand(data, type.dtype(), type.shape());
    BoundNodeCall.Buffers buffers =
        new BoundNodeCall.Buffers() {
          @Override
          public Operand operand(Value value) {
            Operand known = b.operands.get(value);
            return known != null ? known : to;
          }

          @Override
          public MemorySegment scratch(long bytes) {
            return arena.allocate(Math.max(1, bytes), 64).fill((byte) 0xA5);
          }

          @Override
          public void heap(long bytes) {}

          @Override
          public Parallel parallel() {
            return parallel;
          }

          @Override
          public MemorySegment packed(Value value, Packer packer) {
            MemorySegment into = arena.allocate(Math.max(1, packer.byteSize()), 64);
            packer.pack(operand(value), into, parallel);
            return into;
          }

          @Override
          public void resize(Value value, int... sizes) {
            throw new UnsupportedOperationException();
          }
        };
    Step step = fused.kernel().bind(NodeCall.declaredTypes(), buffers);
    step.run();
    step.run();
    return to;
  }
}
