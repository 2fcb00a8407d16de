package dev.baton.cli;

import dev.baton.runtime.Execution;
import dev.baton.runtime.profile.Profile;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How runs are recorded. */
final class RecordingOptions {
  @Option(
      names = {"--warm-up", "--warmup"},
      paramLabel = "S",
      defaultValue = "3",
      description =
          "Seconds of runs before those that are recorded, at least one run; default: 3. The JVM "
              + "compiles Java kernels meanwhile.")
  private double warmUp;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @SuppressWarnings("NullAway.Init")
  RecordingOptions() {}

  /** To be called before anything is loaded. */
  void require() {
    if (!(warmUp >= 0)) {
      throw new ParameterException(
          spec.commandLine(), "--warm-up is " + warmUp + ", expected at least 0");
    }
  }

  /**
   * @param execution whose inputs are set
   * @param runs to record
   */
  Profile record(Execution execution, int runs) {
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
