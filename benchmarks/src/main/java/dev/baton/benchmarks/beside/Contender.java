package dev.baton.benchmarks.beside;

import dev.baton.cases.ModelCase;
import java.io.IOException;
import java.util.List;

/** A runtime to be measured, in processes of its own. */
interface Contender {
  /** Heading of its column. */
  String title();

  /** Whether the case has what this runtime needs. */
  boolean takes(ModelCase model);

  /** How long a process runs its case before its turns count. */
  double warmUpSeconds();

  /**
   * Runs the case once and compares its outputs with the goldens.
   *
   * @throws IOException if the case cannot be run, or an output is not as expected
   */
  void check(ModelCase model) throws IOException;

  /**
   * How to start a {@link BenchProcess}.
   *
   * @param threads that a run may use
   */
  List<String> command(ModelCase model, int threads);
}
