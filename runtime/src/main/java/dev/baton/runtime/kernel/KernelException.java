package dev.baton.runtime.kernel;

import dev.baton.runtime.BatonException;

/**
 * An operator refuses its arguments: a dtype or shape that it does not take, or data (an index out
 * of range) that it cannot compute with.
 */
public final class KernelException extends BatonException {
  private static final long serialVersionUID = 1;

  /**
   * @param message what was expected and what came; the host adds the operator and the instruction
   */
  public KernelException(String message) {
    super(message);
  }

  /**
   * True if an exception says that arguments are refused, whoever of a kernel's inference, binding
   * or run threw it: kernels need not check what the JDK checks.
   */
  public static boolean isRefusal(RuntimeException e) {
    return e instanceof KernelException
        || e instanceof IllegalArgumentException
        || e instanceof IllegalStateException
        || e instanceof IndexOutOfBoundsException
        || e instanceof ArithmeticException
        || e instanceof NegativeArraySizeException;
  }
}
