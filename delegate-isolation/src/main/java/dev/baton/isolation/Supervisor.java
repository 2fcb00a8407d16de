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
  private int users;
  private long requests;

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
          "Look at the log of dev.baton.isolation at level DEBUG for what it died of.",
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
      backOff(System.nanoTime());
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
    long died = dead.diedAt();
    if (died - started > options.longestBackOff().toNanos()) {
      deaths = 0; // it lived long
    }
    backOff(died);
  }

  private void backOff(long died) {
    deaths++;
    long longest = options.longestBackOff().toNanos();
    long wait = options.firstBackOff().toNanos();
    for (int i = 1; i < deaths && wait < longest; i++) {
      wait *= 2;
    }
    notBefore = died + Math.min(wait, longest);
  }

  /** A session is open from now on. */
  synchronized void sessionOpened() {
    users++;
  }

  /** Ends the child after the last session. */
  synchronized void sessionClosed() {
    users--;
    endIfUnused();
  }

  /** Something is asked without a session; the child stays until {@link #requestEnds}. */
  synchronized void requestBegins() {
    users++;
    requests++;
  }

  /** Ends the child in some time, if nobody asks again or opens a session. */
  synchronized void requestEnds() {
    users--;
    long asked = requests;
    CompletableFuture.delayedExecutor(LINGER_SECONDS, TimeUnit.SECONDS)
        .execute(() -> endIfNothingWasAskedSince(asked));
  }

  private synchronized void endIfNothingWasAskedSince(long asked) {
    if (requests == asked) {
      endIfUnused();
    }
  }

  private synchronized void endIfUnused() {
    Child present = child;
    if (users == 0 && present != null) {
      child = null;
      present.shutDown();
    }
  }
}
