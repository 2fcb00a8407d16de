package dev.baton.runtime.kernel;

import dev.baton.graph.Operator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A set of kernels, found by {@link java.util.ServiceLoader}: faster twins of the reference
 * kernels, or operators of a user's own, which {@link CustomOperators} makes easy.
 */
public interface KernelProvider {
  /** A short name for placement reports, such as {@code vector}. */
  String name();

  /**
   * The kernel of an operator of the vocabulary or of {@link #operators}; null if this provider has
   * none.
   */
  default @Nullable Kernel find(String operator) {
    return null;
  }

  /**
   * A faster way to run an operator that another provider has a kernel of; null if this provider
   * has none.
   */
  default @Nullable FastKernel faster(String operator) {
    return null;
  }

  /**
   * Why this provider cannot be used in this process, and what to do about it; empty if it can. It
   * is then asked for nothing else but its name. Never throws.
   */
  default Optional<String> unavailable() {
    return Optional.empty();
  }

  /** What it makes of this machine, such as a vector width; may be empty. */
  default String description() {
    return "";
  }

  /**
   * Functional signatures of operators that the vocabulary lacks: a program file spells them by
   * their name, or by that of the variant with an out argument, {@code my::double.out}. {@link
   * CustomOperators} gathers them with their kernels.
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
