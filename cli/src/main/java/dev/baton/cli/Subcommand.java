package dev.baton.cli;

import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The commands, in the order in which help lists them. */
enum Subcommand {
  DEMO(DemoCommand::new),
  RUN(RunCommand::new),
  VERIFY(VerifyCommand::new),
  INSPECT(InspectCommand::new),
  DIFF(DiffCommand::new),
  EXPLAIN(ExplainCommand::new),
  DOCTOR(DoctorCommand::new),
  BENCH(BenchCommand::new),
  PROFILE(ProfileCommand::new),
  DEBUG(DebugCommand::new),
  VIEW(ViewCommand::new);

  private final Supplier<AbstractCommand> constructor;

  Subcommand(Supplier<AbstractCommand> constructor) {
    this.constructor = constructor;
  }

  String commandName() {
    return name().toLowerCase(Locale.ROOT);
  }

  AbstractCommand create() {
    return constructor.get();
  }

  static @Nullable Subcommand named(String name) {
    for (Subcommand subcommand : values()) {
      if (subcommand.commandName().equals(name)) {
        return subcommand;
      }
    }
    return null;
  }
}
