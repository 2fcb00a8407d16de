package dev.baton.benchmarks.beside;

import dev.baton.cases.CaseResult;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.LoadOptions;
import java.io.IOException;
import java.util.List;

/** Baton, with native delegates and without. */
enum BatonContender implements Contender {
  /** With every delegate that works here. */
  NATIVE("Baton", BatonBench.AUTO, 3, LoadOptions.defaults()),
  /** Java kernels alone. They are warm when the second JIT compiler is done with them. */
  JAVA("Baton, Java alone", BatonBench.NONE, 12, LoadOptions.javaOnly());

  private final String title;
  private final String delegates;
  private final double warmUp;
  private final LoadOptions options;

  BatonContender(String title, String delegates, double warmUp, LoadOptions options) {
    this.title = title;
    this.delegates = delegates;
    this.warmUp = warmUp;
    this.options = options;
  }

  @Override
  public String title() {
    return title;
  }

  @Override
  public boolean takes(ModelCase model) {
    return true;
  }

  @Override
  public double warmUpSeconds() {
    return warmUp;
  }

  @Override
  public void check(ModelCase model) throws IOException {
    CaseResult result = new CaseRunner(Delegates.load(), options).run(model);
    if (!result.passed()) {
      throw new IOException(
          title + " on " + model.name() + ": " + result.firstFailure().orElseThrow().comparison());
    }
  }

  @Override
  public List<String> command(ModelCase model, int threads) {
    return BenchProcess.java(BatonBench.class, model.path(), threads, delegates);
  }
}
