package dev.baton.delegate;

import java.util.Optional;

/**
 * A compiled subgraph as one caller runs it. The host calls it from one thread at a time, not
 * always the same: {@link #bind} at least once before the first {@link #run}, and again when shapes
 * or buffers change; {@link #close} once, never during a run, and nothing afterwards. Whoever does
 * otherwise by mistake gets an exception, never a crash; closing again does nothing.
 */
public interface DelegateExecution extends AutoCloseable {
  /**
   * Fixes the shapes and buffers of the runs that follow. The buffers stay valid until the next
   * bind or close. Where a size that varies leaves a tensor of a claimed part without elements, the
   * host does not bind it for that call, but runs its own kernels, if it has them.
   *
   * @throws DelegateException if the shapes are not supported; the host then falls back
   */
  void bind(Bindings io) throws DelegateException;

  /**
   * Runs once, and returns when the outputs are complete. Should allocate nothing.
   *
   * @param context valid during the call
   * @throws DelegateException if the run failed; the host then falls back, or tells the caller, as
   *     the policy says. {@link DelegateException.Kind#CANCELLED} after the caller has cancelled
   *     goes to the caller, and the execution can be run again.
   */
  void run(RunContext context) throws DelegateException;

  /**
   * State that lives in the delegate between runs (a cache on a device); empty if there is none.
   */
  default Optional<DelegateState> state() {
    return Optional.empty();
  }

  @Override
  void close();
}
