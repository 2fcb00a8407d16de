package dev.baton.benchmarks.kernel;

import dev.baton.runtime.Delegates;
import dev.baton.runtime.LoadOptions;
import java.util.List;
import java.util.Locale;

/**
 * Who runs a program. The Java kernels of a process are chosen once, before the first program is
 * loaded, by {@link #choose}.
 */
public enum KernelRunner {
  VECTOR(LoadOptions.javaOnly()),
  REFERENCE(LoadOptions.javaOnly()),
  XNNPACK(LoadOptions.defaults().withDelegates(List.of("xnnpack")));

  private static final String KERNELS = "baton.kernels";

  private final LoadOptions options;

  KernelRunner(LoadOptions options) {
    this.options = options;
  }

  /** What placements and tables call it. */
  String title() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Makes the Java kernels of this process this runner's. */
  void choose() {
    if (this == REFERENCE) {
      System.setProperty(KERNELS, title());
    }
  }

  /** Loads a program, with its inputs set. */
  LoadedProgram load(KernelProgram program, int threads) {
    return new LoadedProgram(program, options.withThreads(threads), Delegates.load());
  }

  /** Whether this runs any operator of the program. The reference kernels run all. */
  boolean takes(KernelProgram program) {
    if (this == REFERENCE) {
      return true;
    }
    try (LoadedProgram loaded = load(program, 1)) {
      return loaded.execution().method().placement().counts().containsKey(title());
    }
  }
}
