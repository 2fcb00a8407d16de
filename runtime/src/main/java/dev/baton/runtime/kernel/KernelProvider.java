package dev.baton.runtime.kernel;

import dev.baton.graph.Operator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A set of kernels, found by {@link java.util.ServiceLoader}: faster twins of the reference
 * kernels, or operators of a user's own.
 */
public interface KernelProvider {
  /** A short name for placement reports, such as {@code vector}. */
  String name();

  /**
   * The kernel of an operator of the vocabulary or of {@link #operators}; null if this provider has
   * none.
   */
  @Nullable Kernel find(String operator);

  /**
   * Signatures of operators that the vocabulary lacks: a program file spells them by their name.
   */
  default List<Operator> operators() {
    return List.of();
  }

  /** Kernels for several nodes at once, which are tried before those for one. */
  default List<Fusion> fusions() {
    return List.of();
  }

  /** Who is asked first: the higher, the earlier. The reference kernels are 0. */
  default int priority() {
    return 10;
  }
}
