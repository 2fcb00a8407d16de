import org.jspecify.annotations.NullMarked;

/** The {@code baton} command. */
@NullMarked
module dev.baton.cli {
  requires static org.jspecify;
  requires com.fasterxml.jackson.jr.ob;
  requires dev.baton.cases;
  requires dev.baton.devtools;
  requires dev.baton.nativelib;
  requires dev.baton.runtime;
  requires info.picocli;
  requires jdk.management;

  exports dev.baton.cli;

  opens dev.baton.cli to
      info.picocli;

  provides System.LoggerFinder with
      dev.baton.cli.StderrLoggers;
}
