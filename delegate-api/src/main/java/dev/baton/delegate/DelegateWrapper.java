package dev.baton.delegate;

import java.util.Set;

/**
 * Puts something around delegates before the host sees them: another process, a watcher, faults for
 * a test. Found by {@link java.util.ServiceLoader}, like {@link Delegate}; stateless, any thread.
 *
 * <p>The host shows each delegate that it finds to every wrapper, in the {@linkplain #order order}
 * of these: the first is innermost. A wrapper learns from system properties of its own whether it
 * is wanted; without any it wraps nothing. Delegates that a program makes and passes itself are
 * wrapped by that program.
 */
public interface DelegateWrapper {
  /** What users read: lower case, such as {@code isolation}. Always the same, never empty. */
  String name();

  /**
   * The lower, the further inside; of equal ones the first by name. A wrapper that runs delegates
   * in another process has 1000: what is to be with the delegate there has less.
   */
  default int order() {
    return 0;
  }

  /**
   * Called once for each delegate that is found.
   *
   * @param delegate as wrappers further inside left it
   * @return the delegate itself if it is not to be wrapped; else another of the same {@link
   *     Delegate#name}, whose {@link Delegate#wrappings} tell of the wrapper
   * @throws IllegalArgumentException if its configuration is wrong: the host then leaves the
   *     delegate out, with the message, and does not use it unwrapped
   */
  Delegate wrap(Delegate delegate);

  /**
   * The delegates that its configuration names, whether there are such or not: the host tells users
   * of those that it has not found.
   */
  default Set<String> wanted() {
    return Set.of();
  }
}
