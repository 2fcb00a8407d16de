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
import dev.baton.delegate.HostContext;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.Payload;
import dev.baton.delegate.RunContext;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.GraphView;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Another delegate, failing where {@link Faults} say, with a {@link Journal} of every call. What
 * does not fail, the wrapped delegate does: the answers of a run without faults are its own. {@link
 * FaultOptions} puts it around a delegate by configuration.
 */
public final class FaultInjectingDelegate extends ForwardingDelegate {
  private static final String DELEGATE = "delegate";

  private final Faults faults;
  private final Journal journal = new Journal();
  private final Map<Moment, AtomicInteger> calls = new EnumMap<>(Moment.class);
  private final AtomicInteger subgraphs = new AtomicInteger();

  private FaultInjectingDelegate(Delegate inner, Faults faults) {
    super(inner);
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
    return faults.name().orElseGet(super::name);
  }

  @Override
  public List<String> wrappings() {
    List<String> all = new ArrayList<>(super.wrappings());
    all.addFirst(FaultWrapper.WRAPPING);
    return all;
  }

  @Override
  public int priority() {
    return faults.priority().orElseGet(super::priority);
  }

  @Override
  public Availability availability() {
    return availability(super::availability);
  }

  @Override
  public Availability availability(OpenContext context) {
    return availability(() -> super.availability(context));
  }

  private Availability availability(Supplier<Availability> inner) {
    journal.enter(Moment.AVAILABILITY, DELEGATE);
    journal.leave(DELEGATE);
    unchecked(Moment.AVAILABILITY, Fault.ANY);
    return faults.availability().orElseGet(inner);
  }

  private int next(Moment moment) {
    AtomicInteger count = calls.get(moment);
    return count == null ? 0 : count.incrementAndGet();
  }

  /**
   * Waits, throws, leaks or dies, where a fault says so.
   *
   * @param host null where the call has none
   * @return what else the fault is; null if there is none
   */
  private @Nullable Failure unlessFailing(
      Moment moment, int subgraph, int call, @Nullable HostContext host) throws DelegateException {
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
      case Failure.Leaks(long bytes) -> {
        if (host != null) {
          host.newArena().allocate(bytes);
        }
      }
      case Failure.Dies(Failure.Death death) -> Failure.die(death);
      case null, default -> {}
    }
    return failure;
  }

  /** In a call that can throw no checked exception: against the contract it may throw others. */
  private void unchecked(Moment moment, int subgraph) {
    try {
      unlessFailing(moment, subgraph, next(moment), null);
    } catch (DelegateException e) {
      throw new IllegalStateException(moment + " can throw no checked exception", e);
    }
  }

  @Override
  public DelegateSession open(OpenContext context) throws DelegateException {
    journal.enter(Moment.OPEN, DELEGATE);
    try {
      unlessFailing(Moment.OPEN, Fault.ANY, next(Moment.OPEN), context);
      return super.open(context);
    } finally {
      journal.leave(DELEGATE);
    }
  }

  @Override
  protected DelegateSession wrap(DelegateSession session) {
    return new FaultySession(session);
  }

  private final class FaultySession extends Session {
    private final DelegateSession inner;
    private final String name = journal.made("session", DELEGATE);

    FaultySession(DelegateSession inner) {
      super(inner);
      this.inner = inner;
    }

    @Override
    public void claim(GraphView graph, Claims claims) {
      journal.enter(Moment.CLAIM, name);
      try {
        unchecked(Moment.CLAIM, Fault.ANY);
        faults.claiming().orElse(inner::claim).claim(graph, claims);
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
        unlessFailing(Moment.COMPILE, number, next(Moment.COMPILE), context);
        return new FaultySubgraph(
            inner.compile(ScaledSubgraph.of(subgraph, faults.operators()), context), name, number);
      } finally {
        journal.leave(name);
      }
    }

    @Override
    public CompiledSubgraph load(Payload payload, CompileContext context) throws DelegateException {
      journal.enter(Moment.LOAD, name);
      try {
        int number = subgraphs.getAndIncrement();
        unlessFailing(Moment.LOAD, number, next(Moment.LOAD), context);
        return new FaultySubgraph(inner.load(payload, context), name, number);
      } finally {
        journal.leave(name);
      }
    }

    @Override
    public void close() {
      journal.close(Moment.CLOSE_SESSION, name);
      super.close();
      unchecked(Moment.CLOSE_SESSION, Fault.ANY);
    }
  }

  private final class FaultySubgraph extends Compiled {
    private final CompiledSubgraph inner;
    private final String name;
    private final int number;
    private final AtomicInteger executions = new AtomicInteger();

    FaultySubgraph(CompiledSubgraph inner, String session, int number) {
      super(inner);
      this.inner = inner;
      this.name = journal.made("subgraph", session);
      this.number = number;
    }

    @Override
    public DelegateExecution newExecution(ExecutionContext context) throws DelegateException {
      journal.enter(Moment.NEW_EXECUTION, name);
      try {
        unlessFailing(Moment.NEW_EXECUTION, number, executions.incrementAndGet(), context);
        return new FaultyExecution(inner.newExecution(context), name, number, context);
      } finally {
        journal.leave(name);
      }
    }

    @Override
    public BufferRequirements buffers() {
      return faults.buffers().orElseGet(super::buffers);
    }

    @Override
    public void close() {
      journal.close(Moment.CLOSE_SUBGRAPH, name);
      super.close();
      unchecked(Moment.CLOSE_SUBGRAPH, number);
    }
  }

  private final class FaultyExecution extends Execution {
    private final String name;
    private final int subgraph;
    private final HostContext host;
    private final List<MemorySegment> outputs = new ArrayList<>();
    private int binds;
    private int runs;

    FaultyExecution(DelegateExecution inner, String parent, int subgraph, HostContext host) {
      super(inner);
      this.name = journal.made("execution", parent);
      this.subgraph = subgraph;
      this.host = host;
    }

    @Override
    public void bind(Bindings io) throws DelegateException {
      journal.enter(Moment.BIND, name);
      try {
        check(io);
        unlessFailing(Moment.BIND, subgraph, ++binds, host);
        outputs.clear();
        for (int i = 0; i < io.outputCount(); i++) {
          outputs.add(io.output(i));
        }
        super.bind(io);
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
        switch (unlessFailing(Moment.RUN, subgraph, ++runs, host)) {
          case Failure.WritesPart(Failure.Thrown kind) -> {
            outputs.forEach(o -> o.asSlice(0, o.byteSize() / 2).fill((byte) 0x5a));
            Failure.raise(kind, "RUN " + runs + " fails half-way");
          }
          case Failure.Spoils(float value) -> {
            super.run(context);
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
          case null, default -> super.run(context);
        }
      } finally {
        journal.leave(name);
      }
    }

    @Override
    public Optional<DelegateState> state() {
      return super.state().map(FaultyState::new);
    }

    private final class FaultyState implements DelegateState {
      private final DelegateState inner;

      FaultyState(DelegateState inner) {
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
        unlessFailing(moment, subgraph, next(moment), host);
      }
    }

    @Override
    public void close() {
      journal.close(Moment.CLOSE_EXECUTION, name);
      super.close();
      unchecked(Moment.CLOSE_EXECUTION, subgraph);
    }
  }
}
