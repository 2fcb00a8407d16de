package dev.baton.benchmarks.beside;

import dev.baton.cases.ModelCase;
import java.io.IOException;

/** A runtime to be measured. Each measurement is a process of its own. */
interface Contender {
  /** Heading of its column. */
  String title();

  /** Whether the case has what this runtime needs. */
  boolean takes(ModelCase model);

  /**
   * Runs the case once and compares its outputs with the goldens.
   *
   * @throws IOException if the case cannot be run, or an output is not as expected
   */
  void check(ModelCase model) throws IOException, InterruptedException;

  /**
   * Loads the case, warms up, and runs it for a time.
   *
   * @param threads that a run may use
   * @throws IOException if the process fails; the message has its last words
   */
  Measurement measure(ModelCase model, int threads, double seconds)
      throws IOException, InterruptedException;
}
