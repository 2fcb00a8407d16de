package dev.baton.isolation;

import dev.baton.delegate.DelegateException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Has a child when one is needed: starts it when first asked for, again after it died, and not too
 * often; ends it when the last session is closed.
 */
final class Supervisor {
  private static final System.Logger LOG = System.getLogger("dev.baton.isolation");

  /** How long a child waits for a session after it was asked something without one. */
  private static final long LINGER_SECONDS = 10;

  private final String delegate;
  private final List<String> arguments;
  private final IsolationOptions options;
  private final Module module;
  private @Nullable Child child;
  private long started;
  private int deaths;
  private long notBefore;
  private int sessions;

  Supervisor(String delegate, List<String> arguments, IsolationOptions options, Module module) {
    this.delegate = delegate;
    this.arguments = arguments;
    this.options = options;
    this.module = module;
  }

  /**
   * The child that lives; started, if there is none.
   *
   * @throws DelegateException of {@link DelegateException.Kind#UNAVAILABLE} if it died and is not
   *     yet to be started again, or cannot be started
   */
  synchronized Child child() throws DelegateException {
    Child present = child;
    if (present != null && present.isAlive()) {
      return present;
    }
    if (present != null) {
      bury(present);
    }
    long wait = notBefore - System.nanoTime();
    if (deaths > 0 && wait > 0) {
      throw new DelegateException(
          DelegateException.Kind.UNAVAILABLE,
          "its child process died "
              + (deaths == 1 ? "" : deaths + " times in a row ")
              + "and is not started again for another "
              + (wait / 1_000_000 + 1)
              + " ms",
          "Look at the log of dev.baton.isolation for what it died of.",
          null);
    }
    if (deaths > 0) {
      LOG.log(
          System.Logger.Level.INFO,
          "the child process of delegate ''{0}'' is started again",
          delegate);
    }
    started = System.nanoTime();
    try {
      Child next = Child.start(delegate, arguments, options, module);
      child = next;
      return next;
    } catch (DelegateException e) {
      backOff();
      throw e;
    }
  }

  private void bury(Child dead) {
    child = null;
    dead.dispose();
    LOG.log(
        System.Logger.Level.INFO,
        "delegate ''{0}'': {1}",
        delegate,
        String.valueOf(dead.died().getMessage()));
    if (System.nanoTime() - started > options.longestBackOff().toNanos()) {
      deaths = 0; // it lived long
    }
    backOff();
  }

  private void backOff() {
    deaths++;
    long longest = options.longestBackOff().toNanos();
    long wait = options.firstBackOff().toNanos();
    for (int i = 1; i < deaths && wait < longest; i++) {
      wait *= 2;
    }
    notBefore = System.nanoTime() + Math.min(wait, longest);
  }

  /** A session is open from now on. */
  synchronized void sessionOpened() {
    sessions++;
  }

  /** Ends the child after the last session. */
  synchronized void sessionClosed() {
    sessions--;
    endIfUnused();
  }

  /** Ends the child in some time, if nobody opens a session. */
  void linger() {
    CompletableFuture.delayedExecutor(LINGER_SECONDS, TimeUnit.SECONDS).execute(this::endIfUnused);
  }

  private synchronized void endIfUnused() {
    Child present = child;
    if (sessions == 0 && present != null) {
      child = null;
      present.shutDown();
    }
  }
}
