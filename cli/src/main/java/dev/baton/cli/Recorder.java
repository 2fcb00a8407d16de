package dev.baton.cli;

import dev.baton.runtime.Execution;
import dev.baton.runtime.profile.Profile;

/** Records runs of an execution whose inputs are set. */
final class Recorder {
  private Recorder() {}

  /**
   * @param warmUp seconds of runs before, at least one run
   * @param runs to record
   */
  static Profile record(Execution execution, double warmUp, int runs) {
    long until = System.nanoTime() + (long) (warmUp * 1e9);
    execution.startProfile(1); // what records is warmed up too
    do {
      execution.run();
      execution.startProfile(1);
    } while (System.nanoTime() < until);
    execution.startProfile(runs);
    for (int run = 0; run < runs; run++) {
      execution.run();
    }
    return execution.profile();
  }
}
