package dev.baton.runtime;

import dev.baton.runtime.execute.CompiledMethod;
import dev.baton.runtime.execute.WorkerPool;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.placement.Closing;
import dev.baton.runtime.placement.Sessions;
import dev.baton.runtime.program.Program;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A program and the delegates at work for it: what its methods share, such as one pool of {@link
 * LoadOptions#threads} threads and one copy of weights that several methods use. The delegates are
 * opened when the first method is loaded. Safe for use by several threads; methods are loaded one
 * after another.
 *
 * <p>Program, model and methods may be closed in any order: the delegates and the program's bytes
 * stay until the model and the last method are closed.
 */
public final class Model implements AutoCloseable {
  private final Program program;
  private final LoadOptions options;
  private final Delegates delegates;
  private final Kernels kernels;
  private final WorkerPool workers;
  private final Program.Lease lease;
  private final Object loading = new Object();
  private @Nullable Sessions sessions;
  private int users = 1;
  private boolean closed;

  private Model(Program program, LoadOptions options, Delegates delegates, Kernels kernels) {
    this.program = program;
    this.options = options;
    this.delegates = delegates;
    this.kernels = kernels;
    this.workers = new WorkerPool(options.threads());
    this.lease = program.lease();
  }

  /**
   * Makes a model; compiles nothing.
   *
   * @param program may be closed once the methods are loaded: its bytes stay as long as these need
   *     them, and {@link #load} needs the program open
   * @throws IllegalStateException if the program is closed
   * @throws BatonException if the options name kernels that the process does not have
   */
  public static Model of(Program program, LoadOptions options) {
    return of(program, options, Runtimes.delegates());
  }

  /** As {@link #of(Program, LoadOptions)}, with delegates that no service file names. */
  public static Model of(Program program, LoadOptions options, Delegates delegates) {
    return new Model(program, options, delegates, Runtimes.kernels(options));
  }

  /**
   * Compiles a method. Every call compiles: keep what it gives.
   *
   * @param method its name, such as {@code forward}
   * @return to be closed by the caller
   * @throws IllegalArgumentException if the program has no such method
   * @throws IllegalStateException if this or the program is closed
   * @throws MissingOperatorException if operators have nobody to run them
   * @throws DelegateUnavailableException if a delegate that must work cannot
   * @throws BatonException if the method cannot be loaded for another reason
   */
  public ModelMethod load(String method) {
    synchronized (loading) {
      retain();
      try {
        long start = System.nanoTime();
        Sessions open = sessions;
        if (open == null) {
          open = new Sessions(program, delegates, options);
          sessions = open;
        } else {
          open.beginLoad();
        }
        open.phases().add(program.reading());
        return new ModelMethod(
            CompiledMethod.compile(program, method, kernels, delegates, open, workers, start),
            this);
      } catch (RuntimeException | Error e) {
        release();
        throw e;
      }
    }
  }

  private synchronized void retain() {
    if (closed) {
      throw new IllegalStateException("the model of " + program.source() + " is closed");
    }
    users++;
  }

  /** A method is closed, or this is. */
  void release() {
    synchronized (this) {
      users--;
      if (users > 0) {
        return;
      }
    }
    Sessions open = sessions;
    if (open != null) {
      Closing.all(List.of(workers::close, open::close, lease::close));
    } else {
      lease.close(); // nothing has been loaded
    }
  }

  /** No more methods are loaded; those that are loaded stay. Closing twice does nothing. */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    release();
  }
}
