package dev.baton.runtime;

import dev.baton.runtime.execute.ExecutionCore;
import dev.baton.runtime.execute.SavedState;

/**
 * The state of an {@link Execution} at one moment: its mutable buffers (KV caches), and what
 * delegates hold between runs. Inputs, outputs and activations are not part of it.
 *
 * <p>Made by {@link Execution#saveState()}; closed by who asked for it. It may outlive the
 * execution. Safe for use by several threads, which take turns.
 */
public final class StateSnapshot implements AutoCloseable {
  private final ModelMethod method;
  private final SavedState saved = new SavedState();
  private boolean closed;

  StateSnapshot(ModelMethod method) {
    this.method = method;
  }

  synchronized void save(ModelMethod from, ExecutionCore core) {
    requireOpenOf(from);
    core.save(saved);
  }

  synchronized void restore(ModelMethod to, ExecutionCore core) {
    requireOpenOf(to);
    core.restore(saved);
  }

  private void requireOpenOf(ModelMethod other) {
    if (closed) {
      throw new IllegalStateException("the snapshot is closed");
    }
    if (other != method) {
      throw new IllegalArgumentException(
          "the snapshot is of another loaded method than this '" + other.name() + "'");
    }
  }

  /** The method whose state this is. */
  public ModelMethod method() {
    return method;
  }

  /** Bytes of native memory that it holds. */
  public synchronized long byteSize() {
    return saved.byteSize();
  }

  /** Frees its memory. Closing twice does nothing. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      saved.close();
    }
  }
}
