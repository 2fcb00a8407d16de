package dev.baton.cli;

import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import picocli.CommandLine;

/** Entry point. */
public final class Main {
  private Main() {}

  /** Runs one command line and ends the process with its exit status. */
  public static void main(String... args) {
    PrintWriter out = writer(System.out);
    PrintWriter err = writer(System.err);
    int status = run(out, err, args);
    out.flush();
    err.flush();
    // System.exit looks for a logger, which takes time: where it is not needed, the JVM ends by
    // itself.
    if (status != 0) {
      System.exit(status);
    }
  }

  private static PrintWriter writer(java.io.PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
  }

  /**
   * Runs one command line in this process.
   *
   * @return 0: done; 1: done, and the answer is no (a case failed); 2: not done, and {@code err}
   *     says why
   */
  public static int run(PrintWriter out, PrintWriter err, String... args) {
    StderrLoggers.configure(false, err);
    CommandLine line = new CommandLine(new BatonCommand());
    // Reading a command's annotations costs time: where the command is clear, the others stay out.
    Subcommand wanted = Subcommand.named(args.length == 0 ? "" : args[0]);
    Arrays.stream(Subcommand.values())
        .filter(s -> wanted == null || s == wanted)
        .forEach(s -> line.addSubcommand(s.commandName(), s.create()));
    if (wanted == null) {
      line.addSubcommand("help", new CommandLine.HelpCommand());
    }
    try {
      int status = execute(line, out, err, args);
      if (out.checkError()) {
        err.println("baton: the output could not be written.");
        return Failures.NOT_DONE;
      }
      return status;
    } catch (Error e) {
      err.println("baton: " + Failures.sentence(e));
      if (Arrays.asList(args).contains("--stacktrace")) {
        err.println(Failures.trace(e));
      }
      return Failures.NOT_DONE;
    }
  }

  private static int execute(CommandLine line, PrintWriter out, PrintWriter err, String... args) {
    return line.setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(false)
        .setUsageHelpWidth(100)
        .setParameterExceptionHandler(Failures::usage)
        .setExecutionExceptionHandler(Failures::execution)
        .execute(args);
  }
}
