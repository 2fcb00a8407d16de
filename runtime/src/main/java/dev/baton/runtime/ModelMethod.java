package dev.baton.runtime;

import dev.baton.graph.DimOrder;
import dev.baton.graph.TensorType;
import dev.baton.runtime.execute.CompiledMethod;
import dev.baton.runtime.execute.SharedState;
import dev.baton.runtime.flight.CloseEvent;
import dev.baton.runtime.flight.Flight;
import dev.baton.runtime.lift.LiftedMethod;
import dev.baton.runtime.lift.UnopenedPayloads;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.placement.Closing;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.TensorSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A method of a program, compiled: lifted to one graph, placed on delegates and Java kernels, its
 * subgraphs compiled. Shared by all callers; each concurrent caller runs an {@link Execution} of
 * its own. Safe for use by several threads.
 */
public final class ModelMethod implements AutoCloseable {
  private final CompiledMethod compiled;
  private final Model model;
  private final Set<Execution> executions = ConcurrentHashMap.newKeySet();
  private final Object freeing = new Object();
  private boolean closed;
  private boolean freed;

  ModelMethod(CompiledMethod compiled, Model model) {
    this.compiled = compiled;
    this.model = model;
  }

  /**
   * Compiles a method, with delegates of its own. {@link Model#load} gives the methods of a program
   * what they can share.
   *
   * @param program may be closed at once: its bytes stay mapped until the last method of it is
   *     closed
   * @param method its name, such as {@code forward}
   * @throws IllegalArgumentException if the program has no such method
   * @throws MissingOperatorException if operators have nobody to run them
   * @throws DelegateUnavailableException if a delegate that must work cannot
   * @throws BatonException if the method cannot be loaded for another reason
   */
  public static ModelMethod load(Program program, String method, LoadOptions options) {
    return load(program, method, options, Runtimes.delegates());
  }

  /** As {@link #load(Program, String, LoadOptions)}, with delegates that no service file names. */
  public static ModelMethod load(
      Program program, String method, LoadOptions options, Delegates delegates) {
    try (Model model = Model.of(program, options, delegates)) {
      return model.load(method);
    }
  }

  /**
   * Who would run each operator of a method on this host, and why; also where it could not run,
   * which {@link Placement#problems} then says. Opens delegates and compiles, as a load does, and
   * closes all of it.
   *
   * @throws IllegalArgumentException if the program has no such method
   * @throws BatonException if the method cannot be read as a graph, or a delegate that must work
   *     cannot
   */
  @SuppressWarnings("try") // the lease is held, not asked
  public static Placement explain(
      Program program, String method, LoadOptions options, Delegates delegates) {
    try (Program.Lease lease = program.lease()) {
      return CompiledMethod.explain(program, method, Runtimes.kernels(options), delegates, options);
    }
  }

  /**
   * Why payloads of a method stay closed: each is opened by its lifter, and thrown away. Opens no
   * delegate, compiles nothing.
   *
   * @return a sentence for each reason; empty if Baton opens all payloads
   * @throws IllegalArgumentException if the program has no such method
   */
  @SuppressWarnings("try") // the lease is held, not asked
  public static List<String> unopenedPayloads(
      Program program, String method, LoadOptions options, Delegates delegates) {
    try (Program.Lease lease = program.lease()) {
      return UnopenedPayloads.of(
          program,
          program.method(method),
          Runtimes.kernels(options),
          delegates.lifters(),
          options.maxMemoryBytes());
    }
  }

  public String name() {
    return compiled.lifted().name();
  }

  /** The graphs that the method became, in the order in which a run first meets them. */
  public List<MethodBlock> blocks() {
    return compiled.methodBlocks();
  }

  /** Who runs each operator, and why. */
  public Placement placement() {
    return compiled.placement();
  }

  CompiledMethod compiled() {
    return compiled;
  }

  public int inputCount() {
    return compiled.lifted().inputs().size();
  }

  public int outputCount() {
    return compiled.lifted().outputs().size();
  }

  /** What an input is; empty if it is a plain value that was fixed when the model was exported. */
  public Optional<TensorInfo> input(int index) {
    return compiled.lifted().inputs().get(index) instanceof LiftedMethod.TensorInput in
        ? Optional.of(info((TensorType) in.variable().type(), in.dimOrder()))
        : Optional.empty();
  }

  /** What an output is; empty if it is no tensor. */
  public Optional<TensorInfo> output(int index) {
    return compiled.lifted().outputs().get(index) instanceof LiftedMethod.VariableOutput out
            && out.variable().type() instanceof TensorType type
        ? Optional.of(info(type, DimOrder.contiguous(type.shape().rank())))
        : Optional.empty();
  }

  private static TensorInfo info(TensorType type, DimOrder order) {
    return new TensorInfo(
        type.dtype(),
        Arrays.stream(type.shape().sizes()).asLongStream().toArray(),
        type.dynamic(),
        order);
  }

  /**
   * Backend ids of the payloads that were opened and written out as operators, one entry a call.
   */
  public List<String> liftedPayloads() {
    return compiled.lifted().lifted();
  }

  /**
   * Bytes of constants that had to be copied from the file: folded, stored in another order than
   * kernels read, or packed.
   */
  public long constantBytes() {
    return compiled.constantBytes();
  }

  /**
   * An execution for one caller at a time, with state of its own. Closed by the caller, or with
   * this method.
   *
   * @throws IllegalStateException if this is closed
   */
  public Execution newExecution() {
    return execution(null);
  }

  /**
   * An execution that shares state with one of another method: the mutable buffers that the program
   * was exported with for all its methods ({@code share_mutable_buffers}). Such executions run in
   * turn; the state lives until the last of them is closed.
   *
   * @param other of the same {@link Model}
   * @throws IllegalArgumentException if it is of another model, or the methods have no state in
   *     common
   * @throws IllegalStateException if this or the other is closed
   */
  public Execution newExecution(Execution other) {
    requireOfModel(other);
    if (places().noneMatch(p -> other.method().places().anyMatch(p::equals))) {
      throw new IllegalArgumentException(
          "the methods '%s' and '%s' have no state in common: they do if they were exported with share_mutable_buffers=True"
              .formatted(other.method().name(), name()));
    }
    return execution(other.shared());
  }

  /**
   * An execution that shares with others what state there is to share, as {@link
   * #newExecution(Execution)} does; one with state of its own if there is none.
   *
   * @param others of the same {@link Model}; of those with shared state, all share it already
   * @throws IllegalArgumentException if one is of another model
   * @throws IllegalStateException if this or one of them is closed
   */
  public Execution newExecution(Collection<Execution> others) {
    others.forEach(this::requireOfModel);
    return execution(
        others.stream()
            .filter(o -> o.method().sharesState())
            .findFirst()
            .map(Execution::shared)
            .orElse(null));
  }

  private void requireOfModel(Execution other) {
    if (other.method().model != model) {
      throw new IllegalArgumentException(
          "the execution of method '%s' is of another model: Model.load gives methods of one"
              .formatted(other.method().name()));
    }
    if (other.isClosed()) {
      throw new IllegalStateException("the execution to share state with is closed");
    }
  }

  /** True if it has state that methods of the program can share. */
  public boolean sharesState() {
    return places().findAny().isPresent();
  }

  /** Of what it can share, in the program's memory plan. */
  private Stream<TensorSpec.Allocation> places() {
    return compiled.lifted().variables().stream().map(Variable::shared).filter(Objects::nonNull);
  }

  /**
   * @param sharing null for state of its own
   */
  private synchronized Execution execution(@Nullable SharedState sharing) {
    if (closed) {
      throw new IllegalStateException("the method '" + name() + "' is closed");
    }
    Execution execution = new Execution(this, sharing);
    executions.add(execution);
    return execution;
  }

  void forget(Execution execution) {
    executions.remove(execution);
  }

  /**
   * Waits for runs in flight, closes every execution, and frees everything. Closing twice does
   * nothing.
   */
  @Override
  public void close() {
    synchronized (this) {
      closed = true; // no more executions
    }
    synchronized (freeing) { // who comes second waits for the first
      if (!freed) {
        freed = true;
        CloseEvent event = Flight.isOn() ? CloseEvent.begun() : null;
        Closing.all(
            new ArrayList<>(executions).stream().map(e -> e::close),
            compiled::close,
            model::release);
        if (event != null) {
          event.done("method", name());
        }
      }
    }
  }
}
