package dev.baton.coreml.lift;

import dev.baton.coreml.mil.Failures;
import dev.baton.delegate.DelegateException;

/**
 * How many values of the graph a payload may become, by its size: small bytes that ask for a large
 * graph are refused before it takes memory.
 */
final class WrittenOperators {
  private static final long FREE = 20_000;

  /** The shortest operation takes more bytes of a payload than this for each value. */
  private static final long BYTES = 8;

  private final long most;
  private long written;

  /**
   * @param payloadBytes of the model, with its weights
   */
  WrittenOperators(long payloadBytes) {
    this.most = FREE + payloadBytes / BYTES;
  }

  /** Counts results of operators that were written. */
  void add(int results) {
    written += results;
  }

  /** Asked after each operation, which is bounded itself. */
  void check() throws DelegateException {
    if (written > most) {
      throw Failures.damaged("it becomes more operators than a model of its size does: " + most);
    }
  }
}
