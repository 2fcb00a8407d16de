package dev.baton.isolation.child;

import dev.baton.delegate.Bindings;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateState;
import dev.baton.delegate.RunContext;
import dev.baton.graph.Shape;
import dev.baton.isolation.wire.Connection;
import dev.baton.isolation.wire.Kind;
import dev.baton.isolation.wire.Mappings;
import dev.baton.isolation.wire.Reader;
import dev.baton.isolation.wire.RunCell;
import dev.baton.isolation.wire.SharedFile;
import dev.baton.isolation.wire.WireException;
import dev.baton.isolation.wire.Writer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** An execution, and the thread that does its runs: it waits in shared memory, then sleeps. */
final class Runner {
  /** How long the next run is waited for awake: as long as it takes to fall asleep and wake up. */
  private static final long AWAKE_NANOS =
      Runtime.getRuntime().availableProcessors() > 1 ? 50_000 : 0;

  private final int number;
  private final DelegateExecution execution;
  private final Connection connection;
  private volatile @Nullable Thread thread;
  private volatile boolean closed;
  private volatile @Nullable Mappings memory;

  Runner(int number, DelegateExecution execution, Connection connection) {
    this.number = number;
    this.execution = execution;
    this.connection = connection;
  }

  Optional<DelegateState> stateIfAny() {
    return execution.state();
  }

  DelegateState state() throws DelegateException {
    return execution
        .state()
        .orElseThrow(() ->
            new DelegateException(
                DelegateException.Kind.UNSUPPORTED, "it has no state in this execution"));
  }

  /** A tensor's place in the shared memory. */
  private record Place(Shape shape, long offset, long size) {
    static Place read(Reader in) {
      return new Place(in.shape(), in.number(), in.number());
    }
  }

  /** Between runs, by any thread. */
  void bind(Reader in) throws DelegateException, IOException {
    Mappings mappings = new Mappings();
    Mappings unused = mappings;
    try {
      MemorySegment bytes = SharedFile.map(Path.of(in.text()), true, mappings.arena());
      List<Place> inputs = in.list(Place::read);
      List<Place> outputs = in.list(Place::read);
      stop();
      // The buffers of the last bind are valid until this one.
      execution.bind(bindings(bytes, inputs, outputs));
      unused = memory;
      memory = mappings;
      start(new RunCell(bytes));
    } finally {
      if (unused != null) {
        unused.close();
      }
    }
  }

  private static Bindings bindings(MemorySegment all, List<Place> inputs, List<Place> outputs) {
    List<MemorySegment> in = inputs.stream().map(p -> all.asSlice(p.offset(), p.size())).toList();
    List<MemorySegment> out = outputs.stream().map(p -> all.asSlice(p.offset(), p.size())).toList();
    return new Bindings() {
      @Override
      public int inputCount() {
        return in.size();
      }

      @Override
      public int outputCount() {
        return out.size();
      }

      @Override
      public MemorySegment input(int index) {
        return in.get(index);
      }

      @Override
      public Shape inputShape(int index) {
        return inputs.get(index).shape();
      }

      @Override
      public MemorySegment output(int index) {
        return out.get(index);
      }

      @Override
      public Shape outputShape(int index) {
        return outputs.get(index).shape();
      }
    };
  }

  private void start(RunCell of) {
    closed = false;
    Thread started = new Thread(() -> work(of), "isolated-run-" + number);
    started.setDaemon(true);
    thread = started;
    started.start();
  }

  private void stop() {
    closed = true;
    Thread running = thread;
    if (running == null) {
      return;
    }
    LockSupport.unpark(running);
    try {
      running.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    thread = null;
  }

  /** There may be a run to do. */
  void wake() {
    Thread waiting = thread;
    if (waiting != null) {
      LockSupport.unpark(waiting);
    }
  }

  private void work(RunCell of) {
    int done = 0; // memory comes with every bind, and runs count from 1
    RunOf context = new RunOf(of);
    while (true) {
      int next = await(of, done);
      if (closed) {
        return;
      }
      done = next;
      run(of, context, next);
    }
  }

  private int await(RunCell of, int done) {
    long end = System.nanoTime() + AWAKE_NANOS;
    do {
      int next = of.requested();
      if (next != done || closed) {
        return next;
      }
      Thread.onSpinWait();
    } while (System.nanoTime() - end < 0);
    of.childSleeps(true);
    try {
      while (of.requested() == done && !closed) {
        LockSupport.park(this);
      }
    } finally {
      of.childSleeps(false);
    }
    return of.requested();
  }

  private void run(RunCell of, RunOf context, int run) {
    Writer report = null;
    boolean recorded = of.recorded();
    context.begin(run);
    try {
      execution.run(context);
    } catch (DelegateException e) {
      report = new Writer().put(Kind.REFUSED).put(e);
    } catch (Throwable e) {
      report = new Writer().put(Kind.THREW).put(String.valueOf(e));
    }
    if (recorded) {
      report = (report == null ? new Writer().put(Kind.DONE) : report).append(context.parts());
    }
    try {
      if (report != null) {
        report(run, report);
      }
    } catch (IOException e) {
      // the parent is gone, and this process is about to be
    } finally {
      of.finish(run, report != null);
    }
    try {
      if (of.parentSleeps()) {
        connection.send(number, Kind.RUN_DONE);
      }
    } catch (IOException e) {
      // the parent is gone, and this process is about to be
    }
  }

  private void report(int run, Writer report) throws IOException {
    try {
      connection.send(number, Kind.RUN_REPORT, new Writer().put(run).append(report));
    } catch (WireException | ArithmeticException e) {
      Writer tooLong =
          new Writer().put(run).put(Kind.THREW).put("a report that is too long: " + e).put(0);
      connection.send(number, Kind.RUN_REPORT, tooLong);
    }
  }

  void close() {
    stop();
    try {
      execution.close();
    } finally {
      Mappings mapped = memory;
      if (mapped != null) {
        mapped.close();
      }
    }
  }

  /** What the parent's caller says of a run, out of shared memory. */
  private static final class RunOf implements RunContext {
    private final RunCell cell;
    private int run;
    private int count;
    private Writer parts = new Writer();

    RunOf(RunCell cell) {
      this.cell = cell;
    }

    void begin(int next) {
      run = next;
      if (count > 0) {
        count = 0;
        parts = new Writer();
      }
    }

    /** The number of parts, and each. */
    Writer parts() {
      return new Writer().put(count).append(parts);
    }

    @Override
    public boolean isCancelled() {
      long deadline = cell.deadline();
      return cell.isCancelled(run)
          || (deadline != Long.MAX_VALUE && System.nanoTime() - deadline >= 0);
    }

    @Override
    public OptionalLong remainingNanos() {
      long deadline = cell.deadline();
      return deadline == Long.MAX_VALUE
          ? OptionalLong.empty()
          : OptionalLong.of(Math.max(0, deadline - System.nanoTime()));
    }

    @Override
    public boolean isRecorded() {
      return cell.recorded();
    }

    @Override
    public void record(int id, String name, long startNanos, long nanos) {
      if (cell.recorded()) {
        count++;
        parts.put(id).put(name).put(startNanos).put(nanos);
      }
    }
  }
}
