package dev.frozen;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Bindings;
import dev.baton.delegate.BufferRequirements;
import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Cost;
import dev.baton.delegate.Decline;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.RunContext;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.DelegateState;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.HostContext;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.Payload;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Adds, multiplies and negates vectors of floats. Small, and yet it uses most of what the SPI
 * offers.
 */
public final class FrozenDelegate implements Delegate {
  static final Set<String> OPERATORS =
      Set.of("aten::add.Tensor", "aten::mul.Scalar", "aten::neg");

  public FrozenDelegate() {}

  @Override
  public String name() {
    return "frozen";
  }

  @Override
  public int priority() {
    return 7;
  }

  @Override
  public Set<String> payloadIds() {
    return Set.of("FrozenOpaque");
  }

  @Override
  public Availability availability() {
    return Boolean.getBoolean("frozen.absent")
        ? Availability.unavailable(
            Availability.Reason.DISABLED,
            "It was switched off.",
            "Take -Dfrozen.absent away.",
            List.of("frozen.absent: true"))
        : Availability.available("as ever");
  }

  @Override
  public DelegateSession open(OpenContext context) throws DelegateException {
    if (context.options().containsKey("refuse")) {
      throw new DelegateException(
          DelegateException.Kind.UNAVAILABLE, "asked to refuse", "Ask otherwise.", null);
    }
    greet(context);
    return new Session();
  }

  private static void greet(HostContext context) {
    context.warn("opened with " + context.threads() + " threads");
    context.progress("opening", 1);
    if (context.isCancelled()
        || context.remainingNanos().orElse(1) < 0
        || context.cacheDirectory().map(p -> p.toString().isEmpty()).orElse(false)) {
      throw new IllegalStateException("no time or place left");
    }
  }

  private static final class Session implements DelegateSession {
    @Override
    public void claim(GraphView graph, Claims claims) {
      for (Node node : graph.nodes()) {
        if (!OPERATORS.contains(node.operator().name())) {
          claims.decline(node, Decline.of(Decline.Kind.OPERATOR, "it is not among the three"));
        } else if (node.result().dtype() != DType.FLOAT) {
          claims.decline(
              node, Decline.of(Decline.Kind.DTYPE, node.result().dtype() + " is not FLOAT"));
        } else if (node.name().equals("aten::mul.Scalar") && !node.isLiteral("other")) {
          claims.decline(node, Decline.of(Decline.Kind.ARGUMENT, "the factor varies"));
        } else if (graph.users(node.result()).isEmpty() && !graph.isOutput(node.result())) {
          claims.take(List.of(node), Cost.takes(0));
        } else if (node.name().equals("aten::neg")) {
          claims.take(node);
        } else {
          claims.take(List.of(node), Cost.takes(1));
        }
      }
    }

    @Override
    public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
        throws DelegateException {
      if (subgraph.name().isEmpty() || context.method().isEmpty()) {
        throw new DelegateException(DelegateException.Kind.FAILED, "nameless");
      }
      return new Compiled(subgraph.nodes(), subgraph.inputs(), subgraph.outputs());
    }

    @Override
    public CompiledSubgraph load(Payload payload, CompileContext context)
        throws DelegateException {
      byte[] factor = payload.compileSpecs().get("factor");
      if (factor == null
          || payload.inputs().size() != 1
          || payload.outputs().size() != 1
          || !payload.method().equals(context.method())
          || payload.namedData("absent").isPresent()) {
        throw new DelegateException(DelegateException.Kind.BAD_PAYLOAD, "not as it was written");
      }
      TensorType type = payload.inputs().get(0);
      if (type.dtype() != DType.FLOAT || type.byteSize() != 4 * type.shape().numel()) {
        throw new DelegateException(DelegateException.Kind.BAD_PAYLOAD, "type " + type);
      }
      return new Loaded(factor[0], payload.bytes().get(ValueLayout.JAVA_BYTE, 0));
    }

    @Override
    public void close() {}
  }

  private record Compiled(List<Node> nodes, List<Value> inputs, List<Value> outputs)
      implements CompiledSubgraph {
    @Override
    public DelegateExecution newExecution(ExecutionContext context) {
      return new Execution(this);
    }

    @Override
    public BufferRequirements buffers() {
      return BufferRequirements.of(32, 16);
    }

    @Override
    public long memoryBytes() {
      return 42;
    }

    @Override
    public void close() {}
  }

  private static final class Execution implements DelegateExecution {
    private final Compiled compiled;
    private Bindings io;

    Execution(Compiled compiled) {
      this.compiled = compiled;
    }

    @Override
    public void bind(Bindings bindings) throws DelegateException {
      if (bindings.inputCount() != compiled.inputs().size()
          || bindings.outputCount() != compiled.outputs().size()) {
        throw new DelegateException(DelegateException.Kind.UNSUPPORTED, "another count");
      }
      io = bindings;
    }

    @Override
    public void run(RunContext context) throws DelegateException {
      Map<Value, float[]> values = new HashMap<>();
      for (int i = 0; i < io.inputCount(); i++) {
        values.put(compiled.inputs().get(i), floats(io.input(i), io.inputShape(i)));
      }
      for (Node node : compiled.nodes()) {
        values.put(node.result(), compute(node, values));
      }
      for (int i = 0; i < io.outputCount(); i++) {
        float[] result = values.get(compiled.outputs().get(i));
        if (io.outputShape(i).numel() != result.length) {
          throw new DelegateException(DelegateException.Kind.FAILED, "another size");
        }
        MemorySegment.copy(result, 0, io.output(i), ValueLayout.JAVA_FLOAT, 0, result.length);
      }
    }

    private static float[] floats(MemorySegment bytes, Shape shape) {
      float[] floats = bytes.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
      if (floats.length != shape.numel()) {
        throw new IllegalStateException(shape + ", " + bytes);
      }
      return floats;
    }

    private static float[] read(Value value, Map<Value, float[]> values) {
      if (value.isConstant()) {
        Constant constant = value.constant();
        if (!constant.isContiguous()) {
          throw new IllegalStateException("strides " + List.of(constant.strides()));
        }
        return floats(constant.data().asSlice(0, value.tensorType().byteSize()), value.shape());
      }
      return values.get(value);
    }

    private static float[] compute(Node node, Map<Value, float[]> values) {
      float[] self = read(node.tensor("self"), values);
      float[] result = new float[self.length];
      float[] other =
          node.argument(node.operator().parameters().size() > 1 ? "other" : "self")
                  instanceof Value v
              ? read(v, values)
              : null;
      for (int i = 0; i < result.length; i++) {
        result[i] =
            switch (node.name()) {
              case "aten::neg" -> -self[i];
              case "aten::mul.Scalar" -> (float) (self[i] * node.number("other"));
              case "aten::add.Tensor" ->
                  (float) (self[i] + node.number("alpha") * other[i % other.length]);
              default -> throw new IllegalStateException(node + " " + Argument.none());
            };
      }
      return result;
    }

    @Override
    public void close() {}
  }

  /** Multiplies by the factor, and adds the offset times the number of runs. */
  private record Loaded(int factor, int offset) implements CompiledSubgraph {
    @Override
    public Optional<List<Shape>> outputShapes(List<Shape> inputs) {
      List<Shape> shapes = new ArrayList<>();
      inputs.forEach(s -> shapes.add(Shape.of(s.sizes())));
      return Optional.of(shapes);
    }

    @Override
    public DelegateExecution newExecution(ExecutionContext context) {
      return new LoadedExecution(this);
    }

    @Override
    public void close() {}
  }

  private static final class LoadedExecution implements DelegateExecution, DelegateState {
    private final Loaded loaded;
    private Bindings io;
    private int runs;

    LoadedExecution(Loaded loaded) {
      this.loaded = loaded;
    }

    @Override
    public void bind(Bindings bindings) {
      io = bindings;
    }

    @Override
    public void run(RunContext context) {
      runs++;
      float[] x = io.input(0).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
      for (int i = 0; i < x.length; i++) {
        io.output(0)
            .setAtIndex(
                ValueLayout.JAVA_FLOAT, i, loaded.factor() * x[i] + loaded.offset() * runs);
      }
    }

    @Override
    public Optional<DelegateState> state() {
      return Optional.of(this);
    }

    @Override
    public long byteSize() {
      return Integer.BYTES;
    }

    @Override
    public void reset() {
      runs = 0;
    }

    @Override
    public void snapshot(MemorySegment into) {
      into.set(ValueLayout.JAVA_INT_UNALIGNED, 0, runs);
    }

    @Override
    public void restore(MemorySegment from) {
      runs = from.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    }

    @Override
    public void close() {}
  }
}
