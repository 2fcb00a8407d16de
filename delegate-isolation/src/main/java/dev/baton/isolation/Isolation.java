package dev.baton.isolation;

import dev.baton.delegate.Delegate;
import java.util.List;

/** Makes delegates that run in child processes. */
public final class Isolation {
  private Isolation() {}

  /** {@link #inChildProcess(Class, IsolationOptions)} with {@link IsolationOptions#defaults}. */
  public static Delegate inChildProcess(Class<? extends Delegate> delegate) {
    return inChildProcess(delegate, IsolationOptions.defaults());
  }

  /**
   * The delegate of a class, in a Java process of its own. The process has the class path of this
   * one, starts when the delegate is first asked something, and ends when the last session is
   * closed, or with this process. If it dies, what ran in it fails, and the next session, subgraph
   * or execution that is made starts it again.
   *
   * @param delegate public, with a public constructor without arguments; one instance is made in
   *     this process too, for its name, priority and payload ids
   * @throws IllegalArgumentException if there is no such constructor
   */
  public static Delegate inChildProcess(
      Class<? extends Delegate> delegate, IsolationOptions options) {
    try {
      return new IsolatedDelegate(
          delegate.getConstructor().newInstance(), List.of("class", delegate.getName()), options);
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(
          delegate.getName() + " cannot be made: a delegate has a public constructor", e);
    }
  }
}
