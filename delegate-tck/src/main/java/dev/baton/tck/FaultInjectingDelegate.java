package dev.baton.tck;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Bindings;
import dev.baton.delegate.BufferRequirements;
import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.DelegateState;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.Payload;
import dev.baton.delegate.RunContext;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.GraphView;
import dev.baton.graph.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Another delegate, failing where {@link Faults} say, with a {@link Journal} of every call. What
 * does not fail, the wrapped delegate does: the answers of a run without faults are its own.
 */
public final class FaultInjectingDelegate implements Delegate {
  private final Delegate inner;
  private final Faults faults;
  private final Journal journal = new Journal();
  private final Map<Moment, AtomicInteger> calls = new EnumMap<>(Moment.class);
  private final AtomicInteger subgraphs = new AtomicInteger();

  private FaultInjectingDelegate(Delegate inner, Faults faults) {
    this.inner = inner;
    this.faults = faults;
    for (Moment moment : Moment.values()) {
      calls.put(moment, new AtomicInteger());
    }
  }

  /** Around a {@link PureJavaDelegate}. */
  public static FaultInjectingDelegate of(Faults faults) {
    return around(new PureJavaDelegate(), faults);
  }

  public static FaultInjectingDelegate around(Delegate inner, Faults faults) {
    return new FaultInjectingDelegate(inner, faults);
  }

  public Journal journal() {
    return journal;
  }

  @Override
  public String name() {
    return faults.name().orElseGet(inner::name);
  }

  @Override
  public int priority() {
    return faults.priority().orElseGet(inner::priority);
  }

  @Override
  public Set<String> payloadIds() {
    return inner.payloadIds();
  }

  @Override
  public Availability availability() {
    journal.enter(Moment.AVAILABILITY, "delegate");
    journal.leave("delegate");
    try {
      unlessFailing(Moment.AVAILABILITY, Fault.ANY, next(Moment.AVAILABILITY));
    } catch (DelegateException e) {
      throw new IllegalStateException("availability() can throw no checked exception", e);
    }
    return faults.availability().orElseGet(inner::availability);
  }

  private int next(Moment moment) {
    AtomicInteger count = calls.get(moment);
    return count == null ? 0 : count.incrementAndGet();
  }

  /** Waits or throws, where a fault says so; what else the fault is, if it is neither. */
  private @Nullable Failure unlessFailing(Moment moment, int subgraph, int call)
      throws DelegateException {
    Failure failure = faults.at(moment, call, subgraph).orElse(null);
    switch (failure) {
      case Failure.Throws(Failure.Thrown kind) ->
          Failure.raise(kind, moment + " " + call + " fails");
      case Failure.Delays(var by) -> {
        long end = System.nanoTime() + by.toNanos();
        for (long left = by.toNanos(); left > 0; left = end - System.nanoTime()) {
          LockSupport.parkNanos(left);
        }
      }
      case null, default -> {}
    }
    return failure;
  }

  /** A close can throw no checked exception: against the contract it may throw others. */
  private void unlessClosingFails(Moment moment, int subgraph) {
    try {
      unlessFailing(moment, subgraph, next(moment));
    } catch (DelegateException e) {
      throw new IllegalStateException("close() can throw no checked exception", e);
    }
  }

  @Override
  public DelegateSession open(OpenContext context) throws DelegateException {
    journal.enter(Moment.OPEN, "delegate");
    try {
      unlessFailing(Moment.OPEN, Fault.ANY, next(Moment.OPEN));
      return new Session(inner.open(context));
    } finally {
      journal.leave("delegate");
    }
  }

  private final class Session implements DelegateSession {
    private final DelegateSession inner;
    private final String name = journal.made("session", "delegate");

    Session(DelegateSession inner) {
      this.inner = inner;
    }

    @Override
    public void claim(GraphView graph, Claims claims) {
      journal.enter(Moment.CLAIM, name);
      try {
        unlessFailing(Moment.CLAIM, Fault.ANY, next(Moment.CLAIM));
        faults.claiming().orElse(inner::claim).claim(graph, claims);
      } catch (DelegateException e) {
        throw new IllegalStateException("claim() can throw no checked exception", e);
      } finally {
        journal.leave(name);
      }
    }

    @Override
    public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
        throws DelegateException {
      journal.enter(Moment.COMPILE, name);
      try {
        int number = subgraphs.getAndIncrement();
        unlessFailing(Moment.COMPILE, number, next(Moment.COMPILE));
        return new Compiled(inner.compile(subgraph, context), name, number);
      } finally {
        journal.leave(name);
      }
    }

    @Override
    public CompiledSubgraph load(Payload payload, CompileContext context) throws DelegateException {
      journal.enter(Moment.LOAD, name);
      try {
        int number = subgraphs.getAndIncrement();
        unlessFailing(Moment.LOAD, number, next(Moment.LOAD));
        return new Compiled(inner.load(payload, context), name, number);
      } finally {
        journal.leave(name);
      }
    }

    @Override
    public void close() {
      journal.close(Moment.CLOSE_SESSION, name);
      inner.close();
      unlessClosingFails(Moment.CLOSE_SESSION, Fault.ANY);
    }
  }

  private final class Compiled implements CompiledSubgraph {
    private final CompiledSubgraph inner;
    private final String name;
    private final int number;
    private final AtomicInteger executions = new AtomicInteger();

    Compiled(CompiledSubgraph inner, String session, int number) {
      this.inner = inner;
      this.name = journal.made("subgraph", session);
      this.number = number;
    }

    @Override
    public DelegateExecution newExecution(ExecutionContext context) throws DelegateException {
      journal.enter(Moment.NEW_EXECUTION, name);
      try {
        unlessFailing(Moment.NEW_EXECUTION, number, executions.incrementAndGet());
        return new Execution(inner.newExecution(context), name, number);
      } finally {
        journal.leave(name);
      }
    }

    @Override
    public BufferRequirements buffers() {
      return faults.buffers().orElseGet(inner::buffers);
    }

    @Override
    public long memoryBytes() {
      return inner.memoryBytes();
    }

    @Override
    public Optional<List<Shape>> outputShapes(List<Shape> inputs) throws DelegateException {
      return inner.outputShapes(inputs);
    }

    @Override
    public void close() {
      journal.close(Moment.CLOSE_SUBGRAPH, name);
      inner.close();
      unlessClosingFails(Moment.CLOSE_SUBGRAPH, number);
    }
  }

  private final class Execution implements DelegateExecution {
    private final DelegateExecution inner;
    private final String name;
    private final int subgraph;
    private final List<MemorySegment> outputs = new ArrayList<>();
    private int binds;
    private int runs;

    Execution(DelegateExecution inner, String parent, int subgraph) {
      this.inner = inner;
      this.name = journal.made("execution", parent);
      this.subgraph = subgraph;
    }

    @Override
    public void bind(Bindings io) throws DelegateException {
      journal.enter(Moment.BIND, name);
      try {
        check(io);
        unlessFailing(Moment.BIND, subgraph, ++binds);
        outputs.clear();
        for (int i = 0; i < io.outputCount(); i++) {
          outputs.add(io.output(i));
        }
        inner.bind(io);
      } finally {
        journal.leave(name);
      }
    }

    private void check(Bindings io) {
      long alignment = faults.buffers().orElse(BufferRequirements.none()).alignment();
      for (int i = 0; i < io.inputCount(); i++) {
        aligned("input " + i, io.input(i), alignment);
      }
      for (int i = 0; i < io.outputCount(); i++) {
        aligned("output " + i, io.output(i), alignment);
        for (int k = 0; k < io.inputCount(); k++) {
          if (io.output(i).asOverlappingSlice(io.input(k)).isPresent()) {
            journal.violation("BIND of " + name + ": output " + i + " overlaps input " + k);
          }
        }
      }
    }

    private void aligned(String what, MemorySegment buffer, long alignment) {
      if (!buffer.isNative()) {
        journal.violation("BIND of " + name + ": " + what + " is not in native memory");
      } else if (buffer.address() % alignment != 0) {
        journal.violation(
            "BIND of " + name + ": " + what + " is not aligned to " + alignment + " bytes");
      }
    }

    @Override
    public void run(RunContext context) throws DelegateException {
      journal.enter(Moment.RUN, name);
      try {
        switch (unlessFailing(Moment.RUN, subgraph, ++runs)) {
          case Failure.WritesPart(Failure.Thrown kind) -> {
            outputs.forEach(o -> o.asSlice(0, o.byteSize() / 2).fill((byte) 0x5a));
            Failure.raise(kind, "RUN " + runs + " fails half-way");
          }
          case Failure.Spoils(float value) -> {
            inner.run(context);
            outputs.stream()
                .filter(o -> o.byteSize() >= Float.BYTES)
                .forEach(o -> o.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, value));
          }
          case Failure.Hangs hangs -> {
            while (!context.isCancelled()) {
              LockSupport.parkNanos(1_000_000);
            }
            throw new DelegateException(DelegateException.Kind.CANCELLED, "the run was cancelled");
          }
          case null, default -> inner.run(context);
        }
      } finally {
        journal.leave(name);
      }
    }

    @Override
    public Optional<DelegateState> state() {
      return inner.state().map(State::new);
    }

    private final class State implements DelegateState {
      private final DelegateState inner;

      State(DelegateState inner) {
        this.inner = inner;
      }

      @Override
      public long byteSize() {
        return inner.byteSize();
      }

      @Override
      public void reset() throws DelegateException {
        record(Moment.RESET);
        inner.reset();
      }

      @Override
      public void snapshot(MemorySegment into) throws DelegateException {
        record(Moment.SNAPSHOT);
        inner.snapshot(into);
      }

      @Override
      public void restore(MemorySegment from) throws DelegateException {
        record(Moment.RESTORE);
        inner.restore(from);
      }

      private void record(Moment moment) throws DelegateException {
        journal.enter(moment, name);
        journal.leave(name);
        unlessFailing(moment, subgraph, next(moment));
      }
    }

    @Override
    public void close() {
      journal.close(Moment.CLOSE_EXECUTION, name);
      inner.close();
      unlessClosingFails(Moment.CLOSE_EXECUTION, subgraph);
    }
  }
}
