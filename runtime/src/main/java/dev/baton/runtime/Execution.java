package dev.baton.runtime;

import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.runtime.execute.ExecutionCore;
import dev.baton.runtime.execute.SharedState;
import dev.baton.runtime.flight.CloseEvent;
import dev.baton.runtime.flight.Flight;
import dev.baton.runtime.lift.LiftedMethod;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.plan.Recording;
import dev.baton.runtime.profile.MemoryPlan;
import dev.baton.runtime.profile.Profile;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One caller's run of a {@link ModelMethod}: bound inputs and outputs, an arena and state (KV
 * caches) of its own. For one thread at a time, not always the same; {@link #close} may come from
 * any thread at any time, and waits for a run in flight.
 *
 * <p>Executions that share state ({@link ModelMethod#newExecution(Execution)}) use it in turn:
 * while one runs, resets, saves or restores it, these of another throw {@link
 * IllegalStateException}. What has to do with inputs, outputs and profiles alone does not.
 *
 * <p>In the steady state {@link #run} allocates nothing: write into {@link #input}'s bytes, run,
 * read {@link #output}'s.
 */
public final class Execution implements AutoCloseable {
  private static final int IDLE = 0;
  private static final int BUSY = 1;
  private static final int FREEING = 2;
  private static final int CLOSED = 3;
  private static final long WAIT_NANOS = 20_000;

  private final ModelMethod method;
  private final LiftedMethod lifted;
  private final ExecutionCore core;
  private final AtomicInteger state = new AtomicInteger(IDLE);
  private volatile boolean closing; // else a caller who never rests would keep close waiting
  private final Tensor[] inputs;
  private final Tensor[] outputs;

  Execution(ModelMethod method, @Nullable SharedState sharing) {
    this.method = method;
    this.lifted = method.compiled().lifted();
    this.core = new ExecutionCore(method.compiled(), sharing);
    this.inputs = new Tensor[lifted.inputs().size()];
    this.outputs = new Tensor[lifted.outputs().size()];
  }

  private void enter() {
    if (closing || !state.compareAndSet(IDLE, BUSY)) {
      throw new IllegalStateException(
          closing
              ? "the execution is closed"
              : "the execution is in use by another thread: each concurrent caller needs one of its own (ModelMethod.newExecution)");
    }
  }

  private void leave() {
    state.set(IDLE);
  }

  /** As {@link #enter}, for what reads or writes state. */
  private void enterState() {
    enter();
    SharedState shared = core.shared();
    if (shared != null && !shared.enter()) {
      leave();
      throw new IllegalStateException(
          "the state is in use by another execution that shares it: they run in turn");
    }
  }

  private void leaveState() {
    SharedState shared = core.shared();
    if (shared != null) {
      shared.leave();
    }
    leave();
  }

  boolean isClosed() {
    return closing;
  }

  /** What it shares with executions of other methods; null if nothing. */
  @Nullable SharedState shared() {
    return core.shared();
  }

  // ---- inputs

  /**
   * The buffer of a tensor input at its present shape (at first: the upper bound). What the caller
   * writes there is what the next run reads.
   *
   * @return the same object until the shape changes; its bytes are freed when this is closed
   * @throws IllegalArgumentException if there is no such input, or it is no tensor
   */
  public Tensor input(int index) {
    enter();
    try {
      return inputView(index);
    } finally {
      leave();
    }
  }

  private Tensor inputView(int index) {
    Variable variable = tensorInput(index).variable();
    Tensor view = inputs[index];
    if (view == null || view.sizes() != core.shape(variable)) {
      view =
          Tensor.of(
              ((TensorType) variable.type()).dtype(), core.shape(variable), core.data(variable));
      inputs[index] = view;
    }
    return view;
  }

  private LiftedMethod.TensorInput tensorInput(int index) {
    if (index < 0 || index >= lifted.inputs().size()) {
      throw new IllegalArgumentException(
          "method '"
              + lifted.name()
              + "' has "
              + lifted.inputs().size()
              + " inputs, none is number "
              + index);
    }
    if (lifted.inputs().get(index) instanceof LiftedMethod.TensorInput in) {
      return in;
    }
    throw new IllegalArgumentException(
        "input "
            + index
            + " of method '"
            + lifted.name()
            + "' is no tensor: it was fixed when the model was exported");
  }

  /**
   * Sets the shape of a dynamic input; its content is undefined until it is written.
   *
   * @return the input's buffer at the new shape
   * @throws IllegalArgumentException if the rank or a size does not fit what the program declares
   */
  public Tensor resizeInput(int index, long... shape) {
    enter();
    try {
      Shape sizes = Shape.of(Arrays.stream(shape).mapToInt(Math::toIntExact).toArray());
      resize(index, sizes);
      return inputView(index);
    } finally {
      leave();
    }
  }

  private void resize(int index, Shape shape) {
    Variable variable = tensorInput(index).variable();
    TensorType type = (TensorType) variable.type();
    Shape bound = type.shape();
    boolean fits = shape.rank() == bound.rank();
    for (int d = 0; fits && d < bound.rank(); d++) {
      fits = type.dynamic() ? shape.size(d) <= bound.size(d) : shape.size(d) == bound.size(d);
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "input "
              + index
              + " of method '"
              + lifted.name()
              + "' has the shape "
              + shape
              + ", the program declares "
              + (type.dynamic() ? "at most " : "")
              + bound);
    }
    core.resize(variable, shape);
  }

  /**
   * Copies a value into an input.
   *
   * @throws IllegalArgumentException if dtype or shape do not fit, or a plain value differs from
   *     the one that was fixed at export
   */
  public void setInput(int index, EValue value) {
    enter();
    try {
      set(index, value);
    } finally {
      leave();
    }
  }

  /** As {@link #setInput(int, EValue)}, for a tensor. */
  public void setInput(int index, Tensor tensor) {
    setInput(index, EValue.from(tensor));
  }

  private void set(int index, EValue value) {
    if (index >= 0
        && index < lifted.inputs().size()
        && lifted.inputs().get(index) instanceof LiftedMethod.FixedInput fixed) {
      if (!sameAsFixed(fixed.value(), value.toObject())) {
        throw new IllegalArgumentException(
            "input "
                + index
                + " of method '"
                + lifted.name()
                + "' was fixed to "
                + fixed.value()
                + " when the model was exported, and cannot be "
                + value);
      }
      return;
    }
    LiftedMethod.TensorInput input = tensorInput(index);
    TensorType type = (TensorType) input.variable().type();
    if (!value.isTensor()) {
      throw new IllegalArgumentException(
          "input "
              + index
              + " of method '"
              + lifted.name()
              + "' is a tensor "
              + type
              + ", not "
              + value);
    }
    Tensor tensor = value.toTensor();
    if (tensor.dtype() != type.dtype()) {
      throw new IllegalArgumentException(
          "input "
              + index
              + " of method '"
              + lifted.name()
              + "' is "
              + type.dtype()
              + ", the tensor given is "
              + tensor.dtype());
    }
    resize(index, tensor.sizes());
    core.data(input.variable()).copyFrom(tensor.data());
  }

  private static boolean sameAsFixed(Object fixed, @Nullable Object given) {
    if (fixed instanceof Double f && given instanceof Double g) {
      return Math.abs(f - g) <= 1e-4 + 1e-5 * Math.abs(f);
    }
    return fixed.equals(given);
  }

  // ---- runs

  /**
   * Runs once.
   *
   * @throws IllegalStateException if this is closed, or runs already
   * @throws CancelledException if another thread called {@link #cancel}, or the deadline has passed
   * @throws BatonException if an operator refuses its data, or a delegate fails and the policy
   *     forbids to fall back. The execution can be used again; its state may have moved on in part,
   *     and {@link #reset} brings it back to the start.
   */
  public void run() {
    enterState();
    try {
      core.run();
    } finally {
      leaveState();
    }
  }

  /**
   * Shows what each step of the runs that follow computes. Runs that are observed are not recorded
   * ({@link #startProfile}).
   *
   * @param observer null for nobody, as at first: runs then have nothing to do for it
   */
  public void observe(@Nullable RunObserver observer) {
    enter();
    try {
      core.observe(observer);
    } finally {
      leave();
    }
  }

  /**
   * Ends a run in flight with a {@link CancelledException}, between two operators, two parts of an
   * operator that threads share, or as soon as the delegate at work gives up; does nothing if there
   * is none. From any thread.
   */
  public void cancel() {
    core.cancel();
  }

  /**
   * Bounds the time of each run that follows; one that takes longer ends with a {@link
   * CancelledException}, between two operators, two parts of an operator that threads share (vector
   * kernels), or as soon as the delegate at work gives up. An operator of the reference kernels
   * ends first: what bounds its time is the bound on memory.
   *
   * @param limit null for any time
   * @throws IllegalArgumentException if the limit is not positive
   */
  public void setDeadline(@Nullable Duration limit) {
    if (limit != null && !limit.isPositive()) {
      throw new IllegalArgumentException("a run cannot end in " + limit);
    }
    enter();
    try {
      core.setDeadline(limit);
    } finally {
      leave();
    }
  }

  /**
   * An output of the last run.
   *
   * @return a tensor whose bytes the next run overwrites and {@link #close} frees; the same object
   *     while the shape stays
   */
  public EValue output(int index) {
    enter();
    try {
      return outputAt(index);
    } finally {
      leave();
    }
  }

  private EValue outputAt(int index) {
    if (index < 0 || index >= lifted.outputs().size()) {
      throw new IllegalArgumentException(
          "method '"
              + lifted.name()
              + "' has "
              + lifted.outputs().size()
              + " outputs, none is number "
              + index);
    }
    return switch (lifted.outputs().get(index)) {
      case LiftedMethod.FixedOutput fixed -> EValue.ofObject(fixed.value());
      case LiftedMethod.VariableOutput out when out.variable().type() instanceof TensorType type ->
          EValue.from(outputView(index, out.variable(), type));
      case LiftedMethod.VariableOutput out ->
          EValue.ofObject(LiftedMethod.boxed(core.scalarOf(out.variable())));
    };
  }

  private Tensor outputView(int index, Variable variable, TensorType type) {
    Tensor view = outputs[index];
    if (view == null || !view.sizes().equals(core.shape(variable))) {
      view = Tensor.of(type.dtype(), core.shape(variable), core.data(variable));
      outputs[index] = view;
    }
    return view;
  }

  /** Sets every input, runs, and gives copies of the outputs. */
  EValue[] call(EValue... values) {
    enterState();
    try {
      if (values.length != lifted.inputs().size()) {
        throw new IllegalArgumentException(
            "method '"
                + lifted.name()
                + "' takes "
                + lifted.inputs().size()
                + " inputs, "
                + values.length
                + " were given");
      }
      for (int i = 0; i < values.length; i++) {
        set(i, values[i]);
      }
      core.run();
      EValue[] results = new EValue[lifted.outputs().size()];
      for (int i = 0; i < results.length; i++) {
        EValue result = outputAt(i);
        results[i] = result.isTensor() ? EValue.from(result.toTensor().copy()) : result;
      }
      return results;
    } finally {
      leaveState();
    }
  }

  /**
   * Puts state (KV caches) back to what it was before the first run, also what is shared with other
   * executions; random numbers begin anew.
   *
   * @throws DelegateFailedException if a delegate's own state could not be reset
   */
  public void reset() {
    enterState();
    try {
      core.reset();
    } finally {
      leaveState();
    }
  }

  /**
   * A copy of the state: {@link #restoreState} brings it back, in this execution or another of the
   * same method. So one execution serves many conversations in turn, a conversation goes on from
   * one point in several ways, and what a failed run left is undone.
   *
   * @return to be closed by the caller
   * @throws DelegateFailedException if a delegate holds state that it cannot copy
   */
  public StateSnapshot saveState() {
    StateSnapshot snapshot = new StateSnapshot(method);
    try {
      saveState(snapshot);
    } catch (RuntimeException | Error e) {
      snapshot.close();
      throw e;
    }
    return snapshot;
  }

  /**
   * As {@link #saveState()}, in the place of what a snapshot held before; allocates no native
   * memory unless a delegate has run first since then, or holds more or less than it did.
   *
   * @throws IllegalArgumentException if the snapshot is of another method
   * @throws IllegalStateException if it is closed
   */
  public void saveState(StateSnapshot into) {
    enterState();
    try {
      into.save(method, core);
    } finally {
      leaveState();
    }
  }

  /**
   * Puts a copy of the snapshot in the place of the state. What is shared changes for every
   * execution that shares it. The snapshot stays as it is: it may be restored in several
   * executions.
   *
   * @throws IllegalArgumentException if the snapshot is of another method, or of this one loaded
   *     another time
   * @throws IllegalStateException if it is closed
   * @throws DelegateFailedException if a delegate cannot take its state; {@link #reset} then brings
   *     the execution back to the start
   */
  public void restoreState(StateSnapshot from) {
    enterState();
    try {
      from.restore(method, core);
    } finally {
      leaveState();
    }
  }

  // ---- what happened

  /**
   * Records the runs that follow, until there are as many as this: when each step began and how
   * long it took, which costs some 30 ns a step. What was recorded before is dropped. Delegates
   * tell of their own operators if the method was loaded {@linkplain LoadOptions#withProfiling for
   * profiling}.
   *
   * @param runs at most; each takes 24 bytes a step
   * @throws IllegalArgumentException if it is not positive
   */
  public void startProfile(int runs) {
    if (runs < 1) {
      throw new IllegalArgumentException("runs: " + runs + ", expected at least 1");
    }
    enter();
    try {
      core.record(new Recording(runs));
    } finally {
      leave();
    }
  }

  /** Records no more, and drops what was recorded. */
  public void stopProfile() {
    enter();
    try {
      core.record(null);
    } finally {
      leave();
    }
  }

  /**
   * What was recorded so far, and the phases of the load and the memory in any case. A copy: later
   * runs do not change it.
   */
  public Profile profile() {
    enter();
    try {
      Recording recording = core.recording();
      List<Profile.Step> steps = core.recordedSteps();
      return new Profile(
          lifted.name(),
          method.placement(),
          method.compiled().options().threads(),
          method.compiled().phases().all(),
          steps,
          recording == null ? List.of() : recording.runs(steps),
          core.memory(),
          core.fallenBack());
    } finally {
      leave();
    }
  }

  /**
   * Where activations lie, from step to step: for each block its plan at the shapes of its last
   * run, or of the next if it has not run. Blocks whose shapes are not known yet are left out.
   */
  public List<MemoryPlan> memoryPlans() {
    enter();
    try {
      return core.memoryPlans();
    } finally {
      leave();
    }
  }

  /** Names of the subgraphs that now run in Java because their delegate failed in a run. */
  public List<String> fallenBack() {
    enter();
    try {
      return core.fallenBack();
    } finally {
      leave();
    }
  }

  /** How far delegates agreed with Java so far; empty unless {@link LoadOptions#withShadow}. */
  public List<ShadowReport> shadowReports() {
    enter();
    try {
      return core.shadowReports();
    } finally {
      leave();
    }
  }

  /** Bytes of activations between steps at the shapes run so far. */
  public long arenaBytes() {
    return core.arenaBytes();
  }

  /** Bytes that kernels use within a step, at the shapes run so far. */
  public long scratchBytes() {
    return core.scratchBytes();
  }

  /**
   * Bytes that this execution holds: inputs, outputs, state and activations. State that executions
   * share is counted in each of them, and against the bound of each ({@link
   * LoadOptions#withMaxMemoryBytes}).
   */
  public long memoryBytes() {
    return core.memoryBytes();
  }

  public ModelMethod method() {
    return method;
  }

  /**
   * Waits for a run in flight, then frees everything. Closing twice does nothing; a run afterwards
   * throws {@link IllegalStateException}.
   */
  @Override
  public void close() {
    closing = true;
    boolean interrupted = false;
    while (!state.compareAndSet(IDLE, FREEING)) {
      if (state.get() == CLOSED) {
        break;
      }
      interrupted |= Thread.interrupted(); // parking would return at once
      LockSupport.parkNanos(WAIT_NANOS);
    }
    try {
      if (state.get() == FREEING) {
        CloseEvent event = Flight.isOn() ? CloseEvent.begun() : null;
        core.close();
        if (event != null) {
          event.done("execution", lifted.name());
        }
      }
    } finally {
      method.forget(this);
      state.set(CLOSED);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
