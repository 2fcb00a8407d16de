package dev.baton.runtime.kernel;

/** A kernel bound to buffers, dtypes, shapes and arguments. Allocates nothing when it runs. */
@FunctionalInterface
public interface Step {
  /**
   * Computes the outputs from the inputs.
   *
   * @throws KernelException if the data cannot be computed with (an index out of range)
   */
  void run();
}
