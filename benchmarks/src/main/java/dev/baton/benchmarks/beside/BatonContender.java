package dev.baton.benchmarks.beside;

import dev.baton.cases.CaseResult;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.LoadOptions;
import java.io.IOException;
import java.util.List;

/** {@code baton bench}. */
enum BatonContender implements Contender {
  /** With every delegate that works here. */
  NATIVE("Baton", "auto", 0.5, LoadOptions.defaults()),
  /** Java kernels alone. They are warm when the second JIT compiler is done with them. */
  JAVA("Baton, Java alone", "none", 6, LoadOptions.javaOnly());

  private final String title;
  private final String delegates;
  private final double warmUp;
  private final LoadOptions options;

  /**
   * @param delegates as the command's option takes it
   * @param warmUp seconds that are not counted
   */
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
  public void check(ModelCase model) throws IOException {
    CaseResult result = new CaseRunner(Delegates.load(), options).run(model);
    if (!result.passed()) {
      throw new IOException(
          title + " on " + model.name() + ": " + result.firstFailure().orElseThrow().comparison());
    }
  }

  @Override
  public Measurement measure(ModelCase model, int threads, double seconds)
      throws IOException, InterruptedException {
    List<String> command = Processes.java("dev.baton.cli.Main");
    command.addAll(List.of("bench", model.model().toString(), "--json", "--delegates", delegates));
    command.addAll(List.of("--threads", "" + threads, "--seconds", "" + seconds));
    command.addAll(List.of("--warm-up", "" + warmUp));
    model
        .calls()
        .getFirst()
        .inputs()
        .forEach(i -> {
          command.add("--input");
          command.add(i.toString());
        });
    return Measurement.of(Processes.json(command));
  }
}
