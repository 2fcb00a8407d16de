package dev.baton.benchmarks;

import dev.baton.cases.ModelCase;
import java.io.IOException;

/** A runtime to be measured. Each measurement is a process of its own. */
interface Contender {
  /** Heading of its column. */
  String name();

  /** Whether the case has what this runtime needs. */
  boolean takes(ModelCase model);

  /**
   * Loads the case, warms up, and runs it for a time.
   *
   * @param threads that a run may use
   * @throws IOException if the process fails; the message has its last words
   */
  Measurement measure(ModelCase model, int threads, double seconds)
      throws IOException, InterruptedException;
}
