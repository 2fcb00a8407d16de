package dev.baton.benchmarks.kernel;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One run of a program, through {@code Execution.run()}. {@link KernelTable} chooses the
 * parameters.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class KernelBenchmark {
  /** What ran in the process before. */
  public enum Profile {
    /** Nothing: the JIT compiler knows this program alone. */
    CLEAN,
    /** Every other program, for a while: call sites have seen every kernel and shape. */
    POLLUTED
  }

  private static final long POLLUTION_NANOS = 300_000_000;

  /** See {@link KernelPrograms#names}. */
  @Param("linear-197x192x768")
  public String program = "";

  @Param public KernelRunner runner = KernelRunner.VECTOR;

  @Param public Profile profile = Profile.CLEAN;

  @Param("1")
  public int threads;

  private LoadedProgram loaded;

  @SuppressWarnings("NullAway.Init")
  public KernelBenchmark() {}

  /** Fails if the program's results are not the reference kernels'. */
  @Setup(Level.Trial)
  public void load() {
    runner.choose();
    if (profile == Profile.POLLUTED) {
      for (String other : KernelPrograms.names()) {
        if (!other.equals(program)) {
          pollute(other);
        }
      }
    }
    loaded = runner.load(KernelPrograms.get(program), threads);
    loaded.checkAgreement();
  }

  private void pollute(String other) {
    try (LoadedProgram program = runner.load(KernelPrograms.get(other), threads)) {
      long until = System.nanoTime() + POLLUTION_NANOS;
      while (System.nanoTime() < until) {
        program.execution().run();
      }
    }
  }

  @TearDown(Level.Trial)
  public void close() {
    loaded.close();
  }

  @Benchmark
  public void run() {
    loaded.execution().run();
  }
}
