package dev.baton.cli;

import java.io.PrintWriter;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/**
 * Loggers of the command: one line on stderr, warnings only unless {@code -v} is given. They take
 * the place of java.util.logging, which need not be loaded.
 */
public final class StderrLoggers extends System.LoggerFinder {
  private static volatile System.Logger.Level threshold = System.Logger.Level.WARNING;
  private static volatile @Nullable PrintWriter err;

  /** Used by the JDK. */
  public StderrLoggers() {}

  static void configure(boolean verbose, PrintWriter writer) {
    threshold = verbose ? System.Logger.Level.INFO : System.Logger.Level.WARNING;
    err = writer;
  }

  @Override
  public System.Logger getLogger(String name, Module module) {
    return new Line(name);
  }

  private record Line(String name) implements System.Logger {
    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean isLoggable(Level level) {
      return level != Level.OFF && level.getSeverity() >= threshold.getSeverity();
    }

    @Override
    public void log(
        Level level,
        @Nullable ResourceBundle bundle,
        @Nullable String message,
        @Nullable Throwable thrown) {
      write(level, message + (thrown == null ? "" : ": " + thrown));
    }

    @Override
    public void log(
        Level level,
        @Nullable ResourceBundle bundle,
        @Nullable String format,
        @Nullable Object... parameters) {
      boolean plain = format == null || parameters == null || parameters.length == 0;
      write(level, plain ? format : java.text.MessageFormat.format(format, parameters));
    }

    private void write(Level level, @Nullable String message) {
      if (!isLoggable(level)) {
        return;
      }
      String line =
          (level.getSeverity() >= Level.WARNING.getSeverity() ? "warning: " : "") + message;
      PrintWriter writer = err;
      if (writer == null) {
        System.err.println(line);
      } else {
        line.lines().map(Text::printable).forEach(writer::println);
        writer.flush();
      }
    }
  }
}
