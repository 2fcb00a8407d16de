package dev.baton.runtime.kernel;

/**
 * A faster way to run an operator that has a {@link Kernel} already: types, views and what may be
 * overwritten are that kernel's; only the step is another. Stateless, any thread.
 */
public interface FastKernel {
  /** True if {@link #bind} takes the call; otherwise the next provider's kernel runs it. */
  boolean supports(Call call);

  /**
   * Binds the operator to buffers. Where the kernel says that it {@link Kernel#overwrites} an
   * argument, the step reads each of its elements before it writes there, also where it computes
   * absorbed calls too. No operand of these lies where the result does.
   *
   * <p>Results do not depend on {@link Parallel#threads}.
   */
  Step bind(BoundCall call);

  /**
   * True if the step can compute another node too, before it writes: {@code next} takes this
   * operator's result, or that of the last of {@code before}, nobody else does, and its own result
   * has the same type. Of several results that is the first, and nobody takes the others.
   *
   * @param call which {@link #supports} is true of
   * @param before what this call absorbs already
   * @param next a node whose other tensors are all there when the step runs
   */
  default boolean absorbs(Call call, java.util.List<Call> before, Call next) {
    return false;
  }
}
