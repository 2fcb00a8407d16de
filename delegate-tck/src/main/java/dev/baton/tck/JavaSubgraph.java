package dev.baton.tck;

import dev.baton.delegate.Bindings;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.RunContext;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.BoundNodeCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.Kernel;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Step;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A subgraph that the reference kernels run, node by node. */
final class JavaSubgraph implements CompiledSubgraph {
  private static final long ALIGNMENT = 64;

  private final List<Node> nodes;
  private final List<Value> inputs;
  private final List<Value> outputs;
  private final Kernels kernels;
  private final Arena arena;
  private final Map<Value, MemorySegment> constants = new HashMap<>();
  private long copied;
  private boolean closed;

  JavaSubgraph(
      List<Node> nodes,
      List<Value> inputs,
      List<Value> outputs,
      Kernels kernels,
      CompileContext context)
      throws DelegateException {
    if (context.threads() < 1) {
      throw new IllegalArgumentException("threads: " + context.threads());
    }
    this.nodes = nodes;
    this.inputs = inputs;
    this.outputs = outputs;
    this.kernels = kernels;
    this.arena = context.newArena();
    try {
      nodes.forEach(this::copyConstants);
    } catch (OutOfMemoryError e) {
      arena.close();
      throw outOfMemory(e);
    }
  }

  private void copyConstants(Node node) {
    for (Value value : node.inputs()) {
      if (value.isConstant() && !constants.containsKey(value)) {
        constants.put(value, ConstantCopy.contiguous(value.constant(), arena));
        copied += value.constant().isContiguous() ? 0 : value.tensorType().byteSize();
      }
    }
  }

  private static DelegateException outOfMemory(OutOfMemoryError cause) {
    return new DelegateException(
        DelegateException.Kind.RESOURCES,
        String.valueOf(cause.getMessage()),
        "Give the process more memory.",
        cause);
  }

  @Override
  public synchronized DelegateExecution newExecution(ExecutionContext context) {
    if (closed) {
      throw new IllegalStateException("the subgraph is closed");
    }
    return new Execution(context);
  }

  @Override
  public long memoryBytes() {
    return copied;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      arena.close();
    }
  }

  private final class Execution implements DelegateExecution {
    private final ExecutionContext context;
    private @Nullable Bound bound;
    private boolean executionClosed;

    Execution(ExecutionContext context) {
      this.context = context;
    }

    @Override
    public void bind(Bindings io) throws DelegateException {
      if (executionClosed) {
        throw new IllegalStateException("the execution is closed");
      }
      free();
      try {
        bound = new Bound(io, context.newArena());
      } catch (OutOfMemoryError e) {
        throw outOfMemory(e);
      } catch (KernelException e) {
        throw new DelegateException(
            DelegateException.Kind.UNSUPPORTED, String.valueOf(e.getMessage()));
      }
    }

    @Override
    public void run(RunContext context) throws DelegateException {
      Bound present = bound;
      if (present == null) {
        throw new IllegalStateException("run before bind");
      }
      try {
        present.steps.forEach(Step::run);
      } catch (KernelException e) {
        throw new DelegateException(DelegateException.Kind.FAILED, String.valueOf(e.getMessage()));
      }
    }

    @Override
    public void close() {
      executionClosed = true;
      free();
    }

    private void free() {
      Bound present = bound;
      bound = null;
      if (present != null) {
        present.memory.close();
      }
    }
  }

  /** The nodes at the shapes of one bind, each value with memory. */
  private final class Bound implements NodeCall.Facts, BoundNodeCall.Buffers {
    final Arena memory;
    final List<Step> steps = new ArrayList<>();
    private final Map<Value, Operand> operands = new HashMap<>();

    Bound(Bindings io, Arena memory) {
      this.memory = memory;
      try {
        for (int i = 0; i < inputs.size(); i++) {
          put(inputs.get(i), io.input(i), io.inputShape(i));
        }
        for (int i = 0; i < outputs.size(); i++) {
          put(outputs.get(i), io.output(i), io.outputShape(i));
        }
        nodes.forEach(this::bind);
      } catch (RuntimeException | OutOfMemoryError e) {
        memory.close();
        throw e;
      }
    }

    @Override
    public void heap(long bytes) {} // arrays of the JVM, which nothing bounds here

    private void put(Value value, MemorySegment bytes, Shape shape) {
      operands.put(value, new Operand(bytes, value.dtype(), shape));
    }

    private void bind(Node node) {
      Kernel kernel = kernels.find(node.name());
      if (kernel == null) {
        throw new KernelException("no kernel for " + node);
      }
      NodeCall call = new NodeCall(node, this);
      List<TensorType> types = kernel.infer(call);
      for (int r = 0; r < types.size(); r++) {
        Value result = node.results().get(r);
        Operand given = operands.get(result);
        if (given == null) {
          put(
              result,
              memory
                  .allocate(Math.max(types.get(r).byteSize(), 1), ALIGNMENT)
                  .asSlice(0, types.get(r).byteSize()),
              types.get(r).shape());
        } else if (!given.shape().equals(types.get(r).shape())) {
          throw new KernelException(
              node + " gives " + types.get(r) + ", the host has room for " + given.shape());
        }
      }
      if (kernel.isView(call)) {
        MemorySegment from = operand(node.inputs().get(0)).data();
        MemorySegment to = operand(node.result()).data();
        steps.add(() -> to.copyFrom(from));
      } else {
        steps.add(kernel.bind(new BoundNodeCall(node, this, this)));
      }
    }

    @Override
    public Operand operand(Value value) {
      if (value.isConstant()) {
        MemorySegment bytes = constants.get(value);
        if (bytes != null) {
          return new Operand(bytes, value.dtype(), value.shape());
        }
      }
      Operand operand = operands.get(value);
      if (operand == null) {
        throw new IllegalStateException(value + " is given by nothing");
      }
      return operand;
    }

    @Override
    public TensorType type(Value value) {
      return new TensorType(value.dtype(), operand(value).shape(), false);
    }

    @Override
    public Call.Number scalar(Value value) {
      throw new KernelException("the scalar " + value + " is computed by the program");
    }

    @Override
    public MemorySegment scratch(long bytes) {
      return memory.allocate(Math.max(bytes, 1), ALIGNMENT).asSlice(0, bytes);
    }

    @Override
    public void resize(Value result, int... sizes) {
      throw new KernelException("the sizes of " + result + " depend on data");
    }
  }
}
