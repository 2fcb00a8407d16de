package dev.baton.runtime.placement;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Closing many things of which any may throw. */
public final class Closing {
  private Closing() {}

  /**
   * Runs every action in order, also after one has thrown; then throws what the first threw, with
   * the others suppressed.
   */
  public static void all(List<Runnable> actions) {
    @Nullable Throwable first = null;
    for (Runnable action : actions) {
      try {
        action.run();
      } catch (RuntimeException | Error e) {
        if (first == null) {
          first = e;
        } else if (first != e) {
          first.addSuppressed(e);
        }
      }
    }
    switch (first) {
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case null, default -> {}
    }
  }

  /** As {@link #all(List)}. */
  public static void all(Stream<Runnable> several, Runnable... last) {
    all(Stream.concat(several, Stream.of(last)).toList());
  }
}
