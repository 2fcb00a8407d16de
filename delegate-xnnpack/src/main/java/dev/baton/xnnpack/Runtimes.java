package dev.baton.xnnpack;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.RunContext;
import dev.baton.xnnpack.ffi.XnnException;
import dev.baton.xnnpack.ffi.XnnGraph;
import dev.baton.xnnpack.ffi.XnnLibrary;
import dev.baton.xnnpack.ffi.XnnPackedWeights;
import dev.baton.xnnpack.ffi.XnnRuntime;
import dev.baton.xnnpack.ffi.XnnTimes;
import dev.baton.xnnpack.ffi.XnnWorkspace;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one caller runs a graph with: a runtime on the session's threads, and another, made when
 * first needed, on the caller's thread alone, for runs that find the session's threads taken.
 * XNNPACK ties a runtime to its threads for life. Both share weights and workspace. Used by one
 * thread at a time.
 */
final class Runtimes implements AutoCloseable {
  /** Sets sizes and addresses. */
  interface Binding {
    void bind(XnnRuntime runtime) throws XnnException, DelegateException;
  }

  private final XnnLibrary library;
  private final XnnGraph graph;
  private final @Nullable XnnPackedWeights weights;
  private final @Nullable SharedPool pool;
  private final @Nullable XnnWorkspace workspace;
  private final boolean profiled;
  private final XnnRuntime main;
  private @Nullable XnnRuntime alone;
  private @Nullable Binding binding;
  private boolean aloneIsBound;

  /**
   * @param pool null for the caller's thread alone
   * @param profiled whether a recorded run tells of XNNPACK's operators
   */
  Runtimes(
      XnnLibrary library,
      XnnGraph graph,
      @Nullable XnnPackedWeights weights,
      @Nullable SharedPool pool,
      boolean profiled)
      throws XnnException {
    this.profiled = profiled;
    this.library = library;
    this.graph = graph;
    this.weights = weights;
    this.pool = pool;
    this.workspace =
        pool != null && XnnWorkspace.isSupported(library) ? new XnnWorkspace(library) : null;
    boolean done = false;
    try {
      main =
          XnnRuntime.create(
              library, graph, weights, workspace, pool == null ? null : pool.threads(), profiled);
      done = true;
    } finally {
      if (!done && workspace != null) {
        workspace.close();
      }
    }
  }

  /** XNNPACK's operators, in the order of their times; empty where it does not tell of them. */
  List<String> operatorNames() {
    return main.operatorNames();
  }

  /**
   * @param how kept until the next call
   */
  void bind(Binding how) throws XnnException, DelegateException {
    aloneIsBound = false;
    binding = null;
    how.bind(main);
    binding = how;
  }

  /** Runs once. Allocates nothing but when it first finds the threads taken. */
  void run(RunContext context) throws XnnException, DelegateException {
    if (pool == null) {
      invoke(main, context);
    } else if (pool.tryTake()) {
      try {
        invoke(main, context);
      } finally {
        pool.release();
      }
    } else {
      invoke(alone(), context);
    }
  }

  private static void invoke(XnnRuntime runtime, RunContext context) throws XnnException {
    if (!context.isRecorded()) {
      runtime.invoke();
      return;
    }
    long at = System.nanoTime();
    runtime.invoke();
    XnnTimes times = runtime.times();
    for (int o = 0; times != null && o < times.count(); o++) {
      long nanos = times.nanos(o);
      context.record(o, times.name(o), at, nanos);
      at += nanos;
    }
  }

  private XnnRuntime alone() throws XnnException, DelegateException {
    XnnRuntime runtime = alone;
    if (runtime == null) {
      runtime = XnnRuntime.create(library, graph, weights, workspace, null, profiled);
      alone = runtime;
    }
    Binding how = binding;
    if (!aloneIsBound && how != null) {
      how.bind(runtime);
      aloneIsBound = true;
    }
    return runtime;
  }

  @Override
  public void close() {
    main.close();
    if (alone != null) {
      alone.close();
    }
    if (workspace != null) {
      workspace.close();
    }
  }
}
