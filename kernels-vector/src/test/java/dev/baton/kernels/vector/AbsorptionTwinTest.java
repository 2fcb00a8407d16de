package dev.baton.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.delegate.BufferRequirements;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Packer;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.Step;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.placement.JavaUnits;
import dev.baton.runtime.placement.Unit;
import dev.baton.runtime.plan.BlockPlan;
import dev.baton.runtime.plan.BoundPlan;
import dev.baton.runtime.profile.Profile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Plans with steps that absorb what follows a convolution: the steps that there should be, and what
 * the reference kernels give node by node.
 */
class AbsorptionTwinTest {
  private static final int L = Lanes.COUNT;
  private static final String BATCH_NORM = "aten::_native_batch_norm_legit_no_training";

  /** Builds the values that a plan gives. */
  private interface Body {
    List<Value> build(Build b);
  }

  /**
   * A graph and its steps.
   *
   * @param terms how many products make up an element of the result
   * @param steps the operators of each, in order, without their namespace
   */
  record Case(String name, long terms, List<List<String>> steps, Body body) {
    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * A convolution.
   *
   * @param input (batch, channels, …), or without a batch
   */
  private record Kind(
      boolean transposed,
      boolean hasBias,
      int[] input,
      int out,
      int[] kernel,
      int groups,
      int stride,
      int padding) {
    int channels() {
      return input[input.length - kernel.length - 1];
    }

    long terms() {
      return (long) channels() / groups * Arrays.stream(kernel).reduce(1, (a, b) -> a * b);
    }

    int[] weight() {
      int[] first =
          transposed ? new int[] {channels(), out / groups} : new int[] {out, channels() / groups};
      return IntStream.concat(Arrays.stream(first), Arrays.stream(kernel)).toArray();
    }

    int[] result() {
      int[] sizes = input.clone();
      int spatial = input.length - kernel.length;
      sizes[spatial - 1] = out;
      for (int d = 0; d < kernel.length; d++) {
        int size = input[spatial + d];
        sizes[spatial + d] =
            transposed
                ? (size - 1) * stride - 2 * padding + kernel[d]
                : (size + 2 * padding - kernel[d]) / stride + 1;
      }
      return sizes;
    }

    @Override
    public String toString() {
      return (transposed ? "transposed " : "")
          + Arrays.toString(input)
          + " by "
          + Arrays.toString(weight())
          + (groups > 1 ? ", " + groups + " groups" : "")
          + (stride > 1 ? ", stride " + stride : "")
          + (hasBias ? ", bias" : "");
    }
  }

  /** A graph with random inputs and constants. */
  private static final class Build {
    final Graph.Builder builder = new Graph.Builder();
    final List<Operand> inputs = new ArrayList<>();
    final Map<Value, Operand> constants = new HashMap<>();
    private final Arena arena;
    private final Random random;

    Build(Arena arena, Case c) {
      this.arena = arena;
      this.random = new Random(c.name.hashCode());
    }

    Value input(float from, int... sizes) {
      inputs.add(TwinTest.random(sizes, random, from, arena));
      return builder.input(TensorType.of(DType.FLOAT, sizes));
    }

    Value constant(float from, int... sizes) {
      Operand o = TwinTest.random(sizes, random, from, arena);
      Value value = builder.constant(Constant.of(o.data(), TensorType.of(DType.FLOAT, sizes)));
      constants.put(value, o);
      return value;
    }

    private List<Value> node(String operator, List<TensorType> types, Argument... arguments) {
      return builder
          .node(Operators.get(operator), Arrays.asList(arguments), types, Origin.HOST)
          .results();
    }

    /** Of a result like the first argument. */
    Value apply(String operator, Value x, Argument... others) {
      Argument[] all = new Argument[others.length + 1];
      all[0] = x;
      System.arraycopy(others, 0, all, 1, others.length);
      return node(operator, List.of(x.tensorType()), all).get(0);
    }

    Value add(Value self, Value other) {
      return apply("aten::add.Tensor", self, other, Argument.of(1));
    }

    Value convolution(Kind k) {
      return convolution(k, input(-2, k.input));
    }

    Value convolution(Kind k, Value x) {
      return node(
              "aten::convolution",
              List.of(TensorType.of(DType.FLOAT, k.result())),
              x,
              constant(-2, k.weight()),
              k.hasBias ? constant(-2, k.out) : Argument.none(),
              repeat(k.stride, k.kernel.length),
              repeat(k.padding, k.kernel.length),
              repeat(1, k.kernel.length),
              Argument.of(k.transposed),
              repeat(0, k.kernel.length),
              Argument.of(k.groups))
          .get(0);
    }

    Value batchNorm(Value x) {
      int channels = x.shape().size(1);
      return batchNorm(x, constant(-2, channels), constant(0.5f, channels)).get(0);
    }

    List<Value> batchNorm(Value x, Value mean, Value variance) {
      int channels = x.shape().size(1);
      TensorType saved = TensorType.of(DType.FLOAT, 0);
      return node(
          BATCH_NORM,
          List.of(x.tensorType(), saved, saved),
          x,
          channels % 3 == 0 ? Argument.none() : constant(-2, channels),
          channels % 3 == 1 ? Argument.none() : constant(-2, channels),
          mean,
          variance,
          Argument.of(0.1),
          Argument.of(1e-3));
    }

    Value hardtanh(Value x) {
      return apply("aten::hardtanh", x, Argument.of(-1.5), Argument.of(2.5));
    }

    Value relu(Value x) {
      return apply("aten::relu", x);
    }
  }

  private static Argument repeat(int value, int times) {
    List<Argument> items = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      items.add(Argument.of(value));
    }
    return new Argument.Items(items);
  }

  private static int[] of(int... sizes) {
    return sizes;
  }

  /** What has a path of its own in the kernel, with and without a bias. */
  private static List<Kind> kinds() {
    List<Kind> kinds = new ArrayList<>();
    int[] one = {1, 1};
    int[] square = {3, 3};
    for (int size : new int[] {1, 2, 7, L - 1, L, L + 1, 2 * L + 5}) {
      boolean bias = size % 2 == 1;
      kinds.add(new Kind(false, bias, of(1, 5, size, size), 7, one, 1, 1, 0));
      kinds.add(new Kind(false, !bias, of(2, 6, size, size + 1), 4, one, 2, 2, 0));
      kinds.add(new Kind(false, bias, of(2, 3, size, size + 1), 5, square, 1, 1, 1));
      kinds.add(new Kind(false, !bias, of(2, 6, size, size), 8, square, 2, 2, 1));
      kinds.add(new Kind(false, bias, of(2, 5, size, size + 1), 5, square, 5, 1, 1));
      kinds.add(new Kind(false, !bias, of(1, 3, size, size), 6, square, 3, 2, 1));
      kinds.add(new Kind(false, bias, of(2, 4, size), 6, of(5), 2, 1, 2));
      kinds.add(new Kind(true, bias, of(1, 3, size, size + 1), 5, square, 1, 2, 1));
      kinds.add(new Kind(true, !bias, of(2, 4, size, size), 6, square, 2, 2, 1));
      kinds.add(new Kind(true, bias, of(2, 4, size, size), 4, square, 4, 3, 1));
    }
    kinds.add(new Kind(false, false, of(1, 70, 9, 9), 20, square, 1, 1, 1)); // blocks of k
    kinds.add(new Kind(false, true, of(1, 600, 6, 6), 9, one, 1, 1, 0));
    kinds.add(new Kind(false, true, of(0, 2, 5, 5), 3, square, 1, 1, 1));
    return kinds;
  }

  private static Case joined(String tail, Kind kind, List<String> operators, Body body) {
    List<String> all = new ArrayList<>(List.of("convolution"));
    all.addAll(operators);
    return new Case(kind + tail, kind.terms(), List.of(all), body);
  }

  static Stream<Case> norms() {
    String norm = BATCH_NORM.substring("aten::".length());
    List<Case> cases = new ArrayList<>();
    for (Kind k : kinds()) {
      cases.add(joined(", norm", k, List.of(norm), b -> List.of(b.batchNorm(b.convolution(k)))));
      cases.add(
          joined(
              ", norm, relu",
              k,
              List.of(norm, "relu"),
              b -> List.of(b.relu(b.batchNorm(b.convolution(k))))));
      cases.add(
          joined(
              ", norm, hardtanh, silu",
              k,
              List.of(norm, "hardtanh", "silu"),
              b -> List.of(b.apply("aten::silu", b.hardtanh(b.batchNorm(b.convolution(k)))))));
      cases.add(
          joined(
              ", hardtanh, norm",
              k,
              List.of("hardtanh", norm),
              b -> List.of(b.batchNorm(b.hardtanh(b.convolution(k))))));
      cases.add(
          joined(
              ", norm, sum, relu",
              k,
              List.of(norm, "add.Tensor", "relu"),
              b -> {
                Value x = b.batchNorm(b.convolution(k));
                return List.of(b.relu(b.add(b.input(-2, k.result()), x)));
              }));
      cases.add(
          joined(", hardtanh", k, List.of("hardtanh"), b -> List.of(b.hardtanh(b.convolution(k)))));
    }
    return cases.stream();
  }

  /** What must stay a step of its own, and graphs of several steps. */
  static Stream<Case> others() {
    String norm = BATCH_NORM.substring("aten::".length());
    Kind kind = new Kind(false, true, of(2, 3, 6, L + 2), 5, of(3, 3), 1, 1, 1);
    Kind alone = new Kind(false, true, of(3, 6, L + 2), 6, of(3, 3), 1, 1, 1);
    Kind second = new Kind(false, false, kind.result(), 5, of(1, 1), 1, 1, 0);
    List<List<String>> apart = List.of(List.of("convolution"), List.of(norm));
    return Stream.of(
        new Case(
            "saved statistics are a result",
            kind.terms(),
            apart,
            b -> {
              Value x = b.convolution(kind);
              List<Value> results = b.batchNorm(x, b.constant(-2, 5), b.constant(0.5f, 5));
              return List.of(results.get(0), results.get(1));
            }),
        new Case(
            "the mean is an input",
            kind.terms(),
            apart,
            b -> {
              Value x = b.convolution(kind);
              return b.batchNorm(x, b.input(-2, 5), b.constant(0.5f, 5)).subList(0, 1);
            }),
        new Case(
            "the variance is an input",
            kind.terms(),
            apart,
            b -> {
              Value x = b.convolution(kind);
              return b.batchNorm(x, b.constant(-2, 5), b.input(0.5f, 5)).subList(0, 1);
            }),
        new Case(
            "the convolution's result is one too",
            kind.terms(),
            apart,
            b -> {
              Value x = b.convolution(kind);
              return List.of(x, b.batchNorm(x));
            }),
        new Case(
            "channels of an image without a batch are a batch",
            alone.terms(),
            apart,
            b -> List.of(b.batchNorm(b.convolution(alone)))),
        new Case(
            "the columns of a product are channels",
            6,
            List.of(List.of("linear"), List.of(norm)),
            b -> {
              TensorType type = TensorType.of(DType.FLOAT, 4, L + 1);
              Value x =
                  b.node(
                          "aten::linear",
                          List.of(type),
                          b.input(-2, 4, 6),
                          b.constant(-2, L + 1, 6),
                          Argument.none())
                      .get(0);
              return List.of(b.batchNorm(x));
            }),
        new Case(
            "two branches and their sum",
            kind.terms() * second.terms(),
            List.of(
                List.of("convolution", norm, "relu"),
                List.of("convolution", norm),
                List.of("convolution", norm, "add.Tensor", "relu")),
            b -> {
              Value x = b.relu(b.batchNorm(b.convolution(kind)));
              Value left = b.batchNorm(b.convolution(second, x));
              Value right = b.batchNorm(b.convolution(second, x));
              return List.of(b.relu(b.add(left, right)));
            }));
  }

  static Stream<Case> all() {
    return Stream.concat(norms(), others());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("all")
  void asReference(Case c) throws DelegateException {
    try (Arena arena = Arena.ofShared()) {
      Build b = new Build(arena, c);
      List<Value> results = c.body.build(b);
      Graph graph = b.builder.build(results);
      Memory reference = new Memory(graph, b, Parallel.SERIAL, arena);
      run(graph, reference, Kernels.reference());
      Kernels vector = Kernels.of(List.of(new VectorKernels()));
      List<Operand> first = List.of();
      for (int threads = 1; threads <= 3; threads++) {
        Memory memory = new Memory(graph, b, TwinTest.backwards(threads), arena);
        BoundPlan plan = run(graph, memory, vector);
        assertEquals(Set.copyOf(c.steps), Set.copyOf(steps(plan)));
        assertEquals(c.steps.size(), plan.stepCount());
        List<Operand> actual = memory.results();
        for (int i = 0; i < actual.size(); i++) {
          TwinTest.check(reference.results().get(i), actual.get(i), c.terms);
          // What parts a step has may depend on the threads, what it computes may not.
          if (threads > 1) {
            assertEquals(-1, first.get(i).data().mismatch(actual.get(i).data()), "threads");
          }
        }
        first = threads == 1 ? actual : first;
      }
    }
  }

  private static List<List<String>> steps(BoundPlan plan) {
    return IntStream.range(0, plan.stepCount())
        .mapToObj(i ->
            plan.describe(i, i, node -> 0).operations().stream()
                .map(Profile.Operation::name)
                .map(name -> name.substring("aten::".length()))
                .toList())
        .toList();
  }

  private static BoundPlan run(Graph graph, Memory memory, Kernels kernels)
      throws DelegateException {
    BlockPlan plan =
        BlockPlan.make(
            graph,
            JavaUnits.of(graph, graph.nodes(), kernels),
            memory.reads,
            memory.writes,
            Set.of(),
            memory,
            kernels,
            1 << 30);
    BoundPlan bound = BoundPlan.bind(plan, memory);
    bound.run();
    bound.run();
    return bound;
  }

  /** What a plan is bound to. */
  private static final class Memory implements BoundPlan.Host, BlockPlan.Inputs {
    final List<Variable> reads = new ArrayList<>();
    final List<Variable> writes = new ArrayList<>();
    private final List<Operand> variables = new ArrayList<>();
    private final Map<Value, Operand> constants;
    private final Parallel parallel;
    private final Arena arena;

    Memory(Graph graph, Build b, Parallel parallel, Arena arena) {
      this.constants = b.constants;
      this.parallel = parallel;
      this.arena = arena;
      for (int i = 0; i < b.inputs.size(); i++) {
        reads.add(variable(graph.inputs().get(i), Variable.Kind.INPUT, b.inputs.get(i)));
      }
      for (Value result : graph.results()) {
        TensorType type = result.tensorType();
        Operand to = new Operand(undefined(type.byteSize()), type.dtype(), type.shape());
        writes.add(variable(result, Variable.Kind.OUTPUT, to));
      }
    }

    @Override
    public String method() {
      return "forward";
    }

    private Variable variable(Value value, Variable.Kind kind, Operand operand) {
      variables.add(operand);
      int index = variables.size() - 1;
      return new Variable(index, kind.name() + index, kind, value.type(), null, null);
    }

    private MemorySegment undefined(long bytes) {
      return arena.allocate(bytes, 64).fill((byte) 0xA5);
    }

    List<Operand> results() {
      return variables.subList(reads.size(), variables.size());
    }

    @Override
    public Shape shape(Variable variable) {
      return variables.get(variable.index()).shape();
    }

    @Override
    public Call.@Nullable Number scalar(Variable variable) {
      return null;
    }

    @Override
    public MemorySegment variable(Variable variable, long bytes) {
      return variables.get(variable.index()).data().asSlice(0, bytes);
    }

    @Override
    public Operand constant(Value value) {
      return constants.get(value);
    }

    @Override
    public Operand constant(Value value, BufferRequirements requirements) {
      return constants.get(value);
    }

    @Override
    public MemorySegment arena(long bytes, int alignment) {
      return undefined(bytes);
    }

    @Override
    public MemorySegment scratch(long bytes) {
      return undefined(bytes);
    }

    @Override
    public void checkCancelled() {}

    @Override
    public Parallel parallel() {
      return parallel;
    }

    @Override
    public MemorySegment packed(Value constant, Packer packer) {
      MemorySegment into = arena.allocate(Math.max(1, packer.byteSize()), 64);
      packer.pack(constants.get(constant), into, parallel);
      return into;
    }

    @Override
    public Step delegate(
        Unit.OnDelegate unit, NodeCall.Facts facts, List<Operand> inputs, List<Operand> outputs) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void shape(Variable variable, Shape shape) {}

    @Override
    public void scalar(Variable variable, Call.Number number) {}
  }
}
