package dev.baton.isolation;

import dev.baton.delegate.Bindings;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateState;
import dev.baton.delegate.RunContext;
import dev.baton.graph.Shape;
import dev.baton.isolation.wire.Kind;
import dev.baton.isolation.wire.Mappings;
import dev.baton.isolation.wire.Reader;
import dev.baton.isolation.wire.RunCell;
import dev.baton.isolation.wire.SharedFile;
import dev.baton.isolation.wire.Writer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * An execution in the child. Tensors are copied into shared memory and out of it: once in each
 * direction, since a plan's buffers are the host's. It ends with the child that it was made in.
 */
final class IsolatedExecution implements DelegateExecution, Child.RunListener {
  /** Runs that usually take longer are not waited for awake: the child wants the processors. */
  private static final long SHORT_NANOS = 100_000;

  private static final boolean SPINS = Runtime.getRuntime().availableProcessors() > 1;
  private static final int PAGE = 4096;

  /** The shared memory of the last bind. */
  private record Bound(
      RunCell cell,
      MemorySegment[] inputs,
      MemorySegment[] outputs,
      MemorySegment[] sharedInputs,
      MemorySegment[] sharedOutputs) {}

  private final Child child;
  private final int number;
  private final int alignment;
  private final int slack;
  private long stateBytes;
  private @Nullable Bound bound;
  private @Nullable Mappings memory;
  private int runs;
  private long usualNanos = Long.MAX_VALUE / 8;
  private volatile @Nullable Thread waiting;
  private volatile @Nullable Reader report;

  /**
   * @param stateBytes −1 if it has no state
   */
  IsolatedExecution(Child child, int number, int alignment, int slack, long stateBytes) {
    this.child = child;
    this.number = number;
    this.alignment = alignment;
    this.slack = slack;
    this.stateBytes = stateBytes;
    child.listen(number, this);
  }

  // ---- binding

  @Override
  public void bind(Bindings io) throws DelegateException {
    if (!child.isAlive()) {
      throw child.died();
    }
    long[] inputOffsets = new long[io.inputCount()];
    long[] outputOffsets = new long[io.outputCount()];
    long end = aligned(RunCell.BYTES);
    for (int i = 0; i < inputOffsets.length; i++) {
      inputOffsets[i] = end;
      end = aligned(end + io.input(i).byteSize() + slack);
    }
    for (int i = 0; i < outputOffsets.length; i++) {
      outputOffsets[i] = end;
      end = aligned(end + io.output(i).byteSize() + slack);
    }
    release();
    Mappings mappings = new Mappings();
    memory = mappings;
    boolean done = false;
    try (SharedFile file = SharedFile.ofSize((end + PAGE - 1) & -PAGE)) {
      MemorySegment all = file.map(mappings.arena());
      Writer request = new Writer().put(number).put(file.path().toString());
      request.put(inputOffsets.length);
      MemorySegment[] inputs = new MemorySegment[inputOffsets.length];
      MemorySegment[] sharedInputs = new MemorySegment[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        inputs[i] = io.input(i);
        sharedInputs[i] = place(request, all, io.inputShape(i), inputOffsets[i], inputs[i]);
      }
      request.put(outputOffsets.length);
      MemorySegment[] outputs = new MemorySegment[outputOffsets.length];
      MemorySegment[] sharedOutputs = new MemorySegment[outputs.length];
      for (int i = 0; i < outputs.length; i++) {
        outputs[i] = io.output(i);
        sharedOutputs[i] = place(request, all, io.outputShape(i), outputOffsets[i], outputs[i]);
      }
      stateBytes = child.call(Kind.BIND, request, null).number();
      bound = new Bound(new RunCell(all), inputs, outputs, sharedInputs, sharedOutputs);
      runs = 0;
      done = true;
    } catch (IOException e) {
      throw Child.noRoom(end + " bytes of tensors", e);
    } finally {
      if (!done) {
        release();
      }
    }
  }

  private long aligned(long offset) {
    return (offset + Math.max(alignment, RunCell.BYTES) - 1)
        & -(long) Math.max(alignment, RunCell.BYTES);
  }

  private static MemorySegment place(
      Writer request, MemorySegment all, Shape shape, long offset, MemorySegment buffer) {
    request.put(shape).put(offset).put(buffer.byteSize());
    return all.asSlice(offset, buffer.byteSize());
  }

  private void release() {
    Mappings before = memory;
    bound = null;
    memory = null;
    if (before != null) {
      before.close();
    }
  }

  // ---- running

  @Override
  public void run(RunContext context) throws DelegateException {
    Bound io = bound;
    if (!child.isAlive()) {
      throw child.died();
    }
    if (io == null) {
      throw new IllegalStateException("the execution is not bound, or closed");
    }
    for (int i = 0; i < io.inputs().length; i++) {
      MemorySegment.copy(
          io.inputs()[i], 0, io.sharedInputs()[i], 0, io.sharedInputs()[i].byteSize());
    }
    OptionalLong remaining = context.remainingNanos();
    boolean recorded = context.isRecorded();
    long start = System.nanoTime();
    int run = ++runs;
    RunCell cell = io.cell();
    cell.request(
        run, recorded, remaining.isPresent() ? start + remaining.getAsLong() : Long.MAX_VALUE);
    if (cell.childSleeps()) {
      child.tell(number, Kind.WAKE);
    }
    if (!spin(cell, run, start)) {
      sleep(cell, run, context);
    }
    long took = System.nanoTime() - start;
    usualNanos = usualNanos > SHORT_NANOS ? took : (3 * usualNanos + took) / 4;
    if (cell.reports()) {
      hear(run, recorded, context);
    }
    for (int i = 0; i < io.outputs().length; i++) {
      MemorySegment.copy(
          io.sharedOutputs()[i], 0, io.outputs()[i], 0, io.sharedOutputs()[i].byteSize());
    }
  }

  private boolean spin(RunCell cell, int run, long start) {
    if (!SPINS || usualNanos > SHORT_NANOS) {
      return cell.isFinished(run);
    }
    while (!cell.isFinished(run)) {
      if (System.nanoTime() - start > SHORT_NANOS) {
        return false;
      }
      Thread.onSpinWait();
    }
    return true;
  }

  private void sleep(RunCell cell, int run, RunContext context) throws DelegateException {
    waiting = Thread.currentThread();
    cell.parentSleeps(true);
    boolean interrupted = false;
    boolean cancelled = false;
    long limit = 0;
    try {
      while (!cell.isFinished(run)) {
        if (!child.isAlive()) {
          throw child.died();
        }
        if (!cancelled && context.isCancelled()) {
          cancelled = true;
          limit = System.nanoTime() + Child.GRACE_NANOS;
          cell.cancel(run);
        }
        if (cancelled && System.nanoTime() - limit >= 0) {
          child.kill("a run did not give up when it was cancelled");
          throw new DelegateException(
              DelegateException.Kind.CANCELLED,
              "a run did not give up when it was cancelled, and its child process was killed");
        }
        LockSupport.parkNanos(this, Child.LOOK_NANOS);
        interrupted |= Thread.interrupted();
      }
    } finally {
      cell.parentSleeps(false);
      waiting = null;
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** What the child has to tell of a run: that it failed, or how long its parts took. */
  private void hear(int run, boolean recorded, RunContext context) throws DelegateException {
    // The frame was sent before the run was over, and arrives on another thread.
    Reader told = report;
    while (told == null) {
      if (!child.isAlive()) {
        throw child.died();
      }
      LockSupport.parkNanos(10_000);
      told = report;
    }
    report = null;
    if (told.integer() != run) {
      throw new DelegateException(
          DelegateException.Kind.FAILED, "the child process reports another run");
    }
    DelegateException failure =
        switch (told.oneOf(Kind.values())) {
          case REFUSED -> told.exception();
          case THREW -> Child.threw(told);
          default -> null;
        };
    if (recorded) {
      for (int left = told.integer(); left > 0; left--) {
        context.record(told.integer(), told.text().intern(), told.number(), told.number());
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public void runDone() {
    Thread caller = waiting;
    if (caller != null) {
      LockSupport.unpark(caller);
    }
  }

  @Override
  public void runReport(Reader told) {
    report = told;
  }

  // ---- state

  @Override
  public Optional<DelegateState> state() {
    return stateBytes < 0 ? Optional.empty() : Optional.of(new State());
  }

  private final class State implements DelegateState {
    @Override
    public long byteSize() {
      return stateBytes;
    }

    @Override
    public void reset() throws DelegateException {
      child.call(Kind.RESET, new Writer().put(number), null);
    }

    @Override
    public void snapshot(MemorySegment into) throws DelegateException {
      try (SharedFile file = SharedFile.ofSize(into.byteSize());
          Arena arena = Arena.ofConfined()) {
        exchange(Kind.SNAPSHOT, file, into.byteSize());
        into.copyFrom(file.map(arena).asSlice(0, into.byteSize()));
      } catch (IOException e) {
        throw Child.noRoom("its state", e);
      }
    }

    @Override
    public void restore(MemorySegment from) throws DelegateException {
      try (SharedFile file = SharedFile.of(java.util.List.of(from))) {
        exchange(Kind.RESTORE, file, from.byteSize());
      } catch (IOException e) {
        throw Child.noRoom("its state", e);
      }
    }

    private void exchange(Kind kind, SharedFile file, long size) throws DelegateException {
      child.call(kind, new Writer().put(number).put(file.path().toString()).put(size), null);
    }
  }

  @Override
  public void close() {
    try {
      if (child.isAlive()) {
        child.call(Kind.CLOSE_EXECUTION, new Writer().put(number), null);
      }
    } catch (DelegateException e) {
      // it is gone, and the execution with it
    } finally {
      child.forget(number);
      release();
    }
  }
}
