package dev.baton.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What every command has: help, verbosity, and where it writes. */
abstract class AbstractCommand implements Callable<Integer> {
  static final int DONE = 0;
  static final int FAILED = 1;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Shows this text.")
  @SuppressWarnings("unused") // picocli acts on it
  private boolean help;

  @Option(
      names = {"-v", "--verbose"},
      description = "Says on stderr what is loaded, and by whom it runs.")
  private boolean verbose;

  @Option(names = "--stacktrace", description = "Shows where an error arose.")
  private boolean stacktrace;

  @SuppressWarnings("NullAway.Init")
  AbstractCommand() {}

  @Override
  public final Integer call() throws Exception {
    StderrLoggers.configure(verbose, err());
    return execute();
  }

  /** Does the work; gives the exit status. */
  abstract int execute() throws Exception;

  final boolean wantsTrace() {
    return stacktrace;
  }

  final boolean isVerbose() {
    return verbose;
  }

  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** Writes lines, in which names may come from files of strangers. */
  final void print(List<String> lines) {
    lines.forEach(line -> out().println(Text.printable(line)));
  }

  final picocli.CommandLine.ParameterException usageError(String message) {
    return new picocli.CommandLine.ParameterException(spec.commandLine(), message);
  }
}
