package dev.baton.runtime.kernel;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operator;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Runs one operator on one kernel: a graph of one node, buffers of its own. Arguments are {@link
 * Operand}s, lists of them (with nulls), numbers, bools, strings, lists of numbers, or null.
 */
public final class KernelHarness {
  private static final long GUARD = 256;
  private static final byte UNDEFINED = (byte) 0xA5;

  private final Arena arena;
  private final Operator operator;
  private final Kernel kernel;
  private Set<String> constants = Set.of();
  private Origin origin = Origin.HOST;
  private Parallel parallel = Parallel.SERIAL;
  private List<TensorType> declared = List.of();
  private final List<MemorySegment> guarded = new ArrayList<>();
  private long mostBytes = Long.MAX_VALUE;
  private boolean refusedForSize;
  private long scratchBytes;
  private long arrayBytes;

  public KernelHarness(Arena arena, String operator, Kernel kernel) {
    this.arena = arena;
    this.operator = Operators.get(operator);
    this.kernel = kernel;
  }

  /** Makes tensors constants, by the names of their parameters. */
  public KernelHarness withConstants(String... parameters) {
    constants = Set.of(parameters);
    return this;
  }

  /** Where the node comes from; the program itself, if this is not called. */
  public KernelHarness withOrigin(Origin of) {
    origin = of;
    return this;
  }

  /** What the program says of the results: bounds, where data decide their sizes. */
  public KernelHarness withDeclared(List<TensorType> results) {
    declared = List.copyOf(results);
    return this;
  }

  public KernelHarness withParallel(Parallel threads) {
    parallel = threads;
    return this;
  }

  /** Bytes of scratch that bound steps asked for, so far. */
  public long scratchBytes() {
    return scratchBytes;
  }

  /** Bytes of the arrays that bound steps asked for, so far. */
  public long arrayBytes() {
    return arrayBytes;
  }

  /** Refuses calls whose results, or whose scratch and arrays, are larger. */
  public KernelHarness withMostBytes(long bytes) {
    mostBytes = bytes;
    return this;
  }

  /**
   * What a run gave, and how the kernel described itself.
   *
   * @param provider whose step ran: {@code reference}, or the faster one's
   */
  public record Run(List<Operand> results, boolean view, String provider) {}

  /** True if a call has been refused by {@link #withMostBytes}. */
  public boolean refusedForSize() {
    return refusedForSize;
  }

  /** A tensor with undefined contents that a kernel must not rely on. */
  public Operand tensor(DType dtype, Shape shape) {
    long bytes = shape.numel() * dtype.byteSize();
    MemorySegment all = arena.allocate(bytes + 2 * GUARD, 64);
    all.fill(UNDEFINED);
    guarded.add(all);
    return new Operand(all.asSlice(GUARD, bytes), dtype, shape);
  }

  /** Fails if something was written just before or behind a tensor. */
  public void requireNothingWrittenBeyondTensors() {
    for (MemorySegment all : guarded) {
      for (long i = 0; i < GUARD; i++) {
        if (all.get(ValueLayout.JAVA_BYTE, i) != UNDEFINED
            || all.get(ValueLayout.JAVA_BYTE, all.byteSize() - 1 - i) != UNDEFINED) {
          throw new AssertionError(
              "written outside of a tensor of " + (all.byteSize() - 2 * GUARD) + " bytes");
        }
      }
    }
  }

  public Operand copy(Operand operand) {
    Operand copy = tensor(operand.dtype(), operand.shape());
    copy.data().copyFrom(operand.data());
    return copy;
  }

  /** Infers, binds to new buffers and runs; twice, since a step is run many times. */
  public Run run(List<?> arguments) {
    Bound call = new Bound(arguments);
    List<TensorType> types = kernel.infer(call);
    call.allocate(types);
    Step step = kernel.bind(call);
    step.run();
    step.run();
    return new Run(call.results(), kernel.isView(call), provider(call));
  }

  private String provider(Call call) {
    return kernel instanceof AcceleratedKernel faster ? faster.provider(call) : "reference";
  }

  /** As {@link #run}, with the first result in the memory of the argument that it may overwrite. */
  public Run runInPlace(List<?> arguments) {
    String overwritten = kernel.overwrites();
    if (overwritten == null) {
      throw new IllegalStateException(operator + " overwrites nothing");
    }
    Bound call = new Bound(arguments);
    call.allocate(kernel.infer(call));
    Operand base = call.input(overwritten);
    call.outputs.set(0, new Operand(base.data(), call.output(0).dtype(), call.output(0).shape()));
    kernel.bind(call).run();
    return new Run(call.results(), false, provider(call));
  }

  /** True if the first result fits exactly where the kernel would overwrite an argument. */
  public boolean canRunInPlace(List<?> arguments) {
    String overwritten = kernel.overwrites();
    if (overwritten == null) {
      return false;
    }
    Bound call = new Bound(arguments);
    if (!(call.node.argument(overwritten) instanceof Value)) {
      return false;
    }
    TensorType base = call.type(overwritten);
    TensorType result = kernel.infer(call).get(0);
    return result.dtype() == base.dtype() && result.shape().equals(base.shape());
  }

  /**
   * An argument as graphs hold it.
   *
   * @param tensor the value of a tensor
   */
  public static Argument argument(Object argument, Function<Operand, Value> tensor) {
    return switch (argument) {
      case null -> Argument.none();
      case Operand o -> tensor.apply(o);
      case Boolean b -> Argument.of(b);
      case Integer i -> Argument.of(i.longValue());
      case Long l -> Argument.of(l);
      case Double d -> Argument.of(d);
      case String s -> new Argument.Text(s);
      case DType d -> Argument.of(d);
      case List<?> list -> {
        List<Argument> items = new ArrayList<>();
        for (Object item : list) {
          items.add(argument(item, tensor));
        }
        yield new Argument.Items(items);
      }
      default -> throw new IllegalArgumentException("argument " + argument);
    };
  }

  private void requireFew(long bytes) {
    if (bytes > mostBytes) {
      refusedForSize = true;
      throw new KernelException(bytes + " bytes are more than " + mostBytes);
    }
  }

  private final class Bound implements BoundCall {
    private final Node node;
    private final Map<Value, Operand> operands = new HashMap<>();
    private final List<Operand> outputs = new ArrayList<>();
    private final Map<Integer, int[]> resized = new HashMap<>();

    Bound(List<?> arguments) {
      Graph.Builder builder = new Graph.Builder();
      List<Argument> all = new ArrayList<>();
      for (int i = 0; i < arguments.size(); i++) {
        boolean constant = constants.contains(operator.parameters().get(i).name());
        all.add(
            constant && arguments.get(i) instanceof Operand o
                ? constant(builder, o)
                : argument(builder, arguments.get(i)));
      }
      node = builder.node(operator, all, declared, origin);
    }

    private Value constant(Graph.Builder builder, Operand o) {
      Value value =
          builder.constant(Constant.of(o.data(), new TensorType(o.dtype(), o.shape(), false)));
      operands.put(value, o);
      return value;
    }

    private Argument argument(Graph.Builder builder, Object argument) {
      return KernelHarness.argument(
          argument,
          o -> {
            Value value = builder.input(new TensorType(o.dtype(), o.shape(), false));
            operands.put(value, o);
            return value;
          });
    }

    void allocate(List<TensorType> types) {
      for (TensorType type : types) {
        requireFew(type.byteSize());
      }
      for (TensorType type : types) {
        outputs.add(tensor(type.dtype(), type.shape()));
      }
    }

    List<Operand> results() {
      List<Operand> results = new ArrayList<>();
      for (int i = 0; i < outputs.size(); i++) {
        Operand bound = outputs.get(i);
        int[] sizes = resized.get(i);
        if (sizes != null) {
          Shape shape = Shape.of(sizes);
          MemorySegment data = bound.data().asSlice(0, shape.numel() * bound.dtype().byteSize());
          bound = new Operand(data, bound.dtype(), shape);
        }
        results.add(bound);
      }
      return Collections.unmodifiableList(results);
    }

    @Override
    public Node node() {
      return node;
    }

    @Override
    public TensorType type(String parameter) {
      return switch (node.argument(parameter)) {
        case Value v -> v.tensorType();
        default -> throw new KernelException("argument '" + parameter + "' is no tensor");
      };
    }

    @Override
    public List<TensorType> types(String parameter) {
      List<TensorType> types = new ArrayList<>();
      if (node.argument(parameter) instanceof Argument.Items list) {
        for (Argument item : list.items()) {
          if (item instanceof Value v) {
            types.add(v.tensorType());
          }
        }
      }
      return types;
    }

    @Override
    public boolean isNone(String parameter) {
      return node.isNone(parameter);
    }

    @Override
    public long integer(String parameter) {
      return node.integer(parameter);
    }

    @Override
    public long[] integers(String parameter) {
      return node.integers(parameter);
    }

    @Override
    public double number(String parameter) {
      return node.number(parameter);
    }

    @Override
    public double[] numbers(String parameter) {
      return switch (node.argument(parameter)) {
        case Argument.Items list ->
            list.items().stream().mapToDouble(item -> number(item).real()).toArray();
        case Argument.None none -> new double[0];
        case Argument other -> new double[] {number(other).real()};
      };
    }

    @Override
    public boolean bool(String parameter) {
      return node.bool(parameter);
    }

    @Override
    public String text(String parameter, String orElse) {
      return node.text(parameter, orElse);
    }

    @Override
    public Number scalar(String parameter) {
      return number(node.argument(parameter));
    }

    private static Number number(Argument argument) {
      return switch (argument) {
        case Argument.Bool b -> new Number(Number.Kind.BOOL, b.value() ? 1 : 0, b.value() ? 1 : 0);
        case Argument.Int i -> new Number(Number.Kind.INTEGER, i.value(), i.value());
        case Argument.Real r -> new Number(Number.Kind.REAL, (long) r.value(), r.value());
        default -> throw new KernelException(argument + " is no number");
      };
    }

    @Override
    public Operand input(String parameter) {
      return operands.get(node.tensor(parameter));
    }

    @Override
    public Operand inputOrNull(String parameter) {
      Value value = node.tensorOrNull(parameter);
      return value == null ? null : operands.get(value);
    }

    @Override
    public List<Operand> inputs(String parameter) {
      List<Operand> inputs = new ArrayList<>();
      if (node.argument(parameter) instanceof Argument.Items list) {
        for (Argument item : list.items()) {
          inputs.add(item instanceof Value v ? operands.get(v) : null);
        }
      }
      return inputs;
    }

    @Override
    public Operand output(int result) {
      return outputs.get(result);
    }

    @Override
    public int outputCount() {
      return outputs.size();
    }

    @Override
    public MemorySegment scratch(long bytes) {
      scratchBytes += bytes;
      requireFew(scratchBytes);
      MemorySegment scratch = arena.allocate(bytes, 64);
      scratch.fill((byte) 0x5A);
      return scratch;
    }

    @Override
    public void heap(long bytes) {
      arrayBytes += bytes;
      requireFew(arrayBytes);
    }

    @Override
    public Parallel parallel() {
      return parallel;
    }

    @Override
    public MemorySegment packed(String parameter, Packer packer) {
      Value value = node.tensorOrNull(parameter);
      if (value == null || !value.isConstant()) {
        return null;
      }
      MemorySegment into = arena.allocate(Math.max(packer.byteSize(), 1), 64);
      packer.pack(operands.get(value), into, parallel);
      return into;
    }

    @Override
    public void resize(int result, int... sizes) {
      resized.put(result, sizes.clone());
    }
  }
}
