package dev.baton.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The root: help and version. */
@Command(
    name = "baton",
    mixinStandardHelpOptions = true,
    description = "Runs ExecuTorch programs (.pte) on this machine's accelerators and in Java.",
    synopsisSubcommandLabel = "COMMAND",
    versionProvider = BatonCommand.Version.class,
    footer = {
      "",
      "Begin with:",
      "  baton demo                         classifies handwritten digits, natively and in Java",
      "  baton inspect model.pte            what a program holds",
      "  baton explain model.pte            who would run each operator here, and why",
      "  baton run model.pte --input x.npy  runs it",
      "  baton doctor                       which accelerators this machine offers",
      "",
      "Exit status: 0 done; 1 a case or delegate failed; 2 not done, and stderr says why."
    })
final class BatonCommand implements Runnable {
  @Spec private CommandSpec spec;

  @SuppressWarnings("NullAway.Init")
  BatonCommand() {}

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "a command is missing");
  }

  /** From the jar's manifest. */
  static final class Version implements IVersionProvider {
    Version() {}

    @Override
    public String[] getVersion() {
      String version = BatonCommand.class.getPackage().getImplementationVersion();
      return new String[] {
        "baton "
            + (version == null ? "(built from sources)" : version)
            + ", Java "
            + Runtime.version()
      };
    }
  }
}
