package dev.baton.devtools.debug;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Looks for few operators that still show something, where all of them do: the shortest beginning,
 * the shortest end of that, and then without ever smaller parts of the rest.
 *
 * @param <T> what is shown
 */
final class Bisection<T> {
  /** Tries some of the operators. */
  @FunctionalInterface
  interface Probe<T> {
    /**
     * @param operators positions, ascending, at least one
     * @return null if they do not show it
     */
    @Nullable T run(List<Integer> operators) throws IOException;
  }

  /**
   * What was found.
   *
   * @param operators positions, ascending
   * @param shown by them
   * @param complete true if none of them can be left out; false if that was not tried to the end
   */
  record Least<T>(List<Integer> operators, T shown, boolean complete) {}

  private final Probe<T> probe;
  private int left;
  private List<Integer> kept = List.of();
  private @Nullable T shown;

  /**
   * @param probes how often to try at most
   */
  Bisection(int probes, Probe<T> probe) {
    this.left = probes;
    this.probe = probe;
  }

  /**
   * Searches; once.
   *
   * @param operators positions, ascending, at least one
   * @return empty if not even all of them show it
   */
  Optional<Least<T>> search(List<Integer> operators) throws IOException {
    if (!keeps(operators)) {
      return Optional.empty();
    }
    shorten(true);
    shorten(false);
    boolean complete = thin();
    return Optional.ofNullable(shown).map(s -> new Least<>(kept, s, complete));
  }

  /** Tries, and goes on with these if they show it. */
  private boolean keeps(List<Integer> operators) throws IOException {
    if (left == 0) {
      return false;
    }
    left--;
    T at = probe.run(operators);
    if (at != null) {
      kept = List.copyOf(operators);
      shown = at;
    }
    return at != null;
  }

  private void shorten(boolean end) throws IOException {
    int low = 0; // so many do not show it
    while (kept.size() - low > 1 && left > 0) {
      int count = (low + kept.size()) / 2;
      if (!keeps(end ? kept.subList(0, count) : kept.subList(kept.size() - count, kept.size()))) {
        low = count;
      }
    }
  }

  /** Leaves out halves, quarters and so on; single ones until each that is left is needed. */
  private boolean thin() throws IOException {
    int before = kept.size();
    for (int size = before / 2; size > 0; size = size == 1 && kept.size() < before ? 1 : size / 2) {
      before = kept.size();
      int at = 0;
      while (at < kept.size() && kept.size() > 1) {
        if (left == 0) {
          return false;
        }
        List<Integer> fewer = new ArrayList<>(kept.subList(0, at));
        fewer.addAll(kept.subList(Math.min(at + size, kept.size()), kept.size()));
        at += fewer.isEmpty() || !keeps(fewer) ? size : 0;
      }
    }
    return true;
  }
}
