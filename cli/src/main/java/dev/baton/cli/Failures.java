package dev.baton.cli;

import dev.baton.runtime.BatonException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says in one sentence on stderr why a command was not done. */
final class Failures {
  static final int NOT_DONE = 2;

  private Failures() {}

  static int usage(ParameterException e, String[] args) {
    CommandLine line = e.getCommandLine();
    PrintWriter err = line.getErr();
    String name = line.getCommandSpec().qualifiedName();
    err.println(name + ": " + oneLine(message(e)));
    if (!UnmatchedArgumentException.printSuggestions(e, err)) {
      err.println("Try '" + name + " --help'.");
    }
    return NOT_DONE;
  }

  /** What is wrong with the arguments, and where inputs go. */
  private static String message(ParameterException e) {
    if (!(e instanceof UnmatchedArgumentException unmatched)) {
      return String.valueOf(e.getMessage());
    }
    CommandLine line = e.getCommandLine();
    String first = "'" + unmatched.getUnmatched().getFirst() + "'";
    if (unmatched.isUnknownOption()) {
      return "there is no option " + first;
    }
    if (!line.getSubcommands().isEmpty()) {
      return "there is no command " + first;
    }
    String names = "'" + String.join("', '", unmatched.getUnmatched()) + "'";
    boolean inputs = line.getCommandSpec().findOption("--input") != null;
    return "too many arguments: " + names + (inputs ? "; inputs are given with --input" : "");
  }

  static int execution(Exception e, CommandLine line, ParseResult result) {
    PrintWriter err = line.getErr();
    String name = line.getCommandSpec().qualifiedName();
    err.println(name + ": " + sentence(e));
    if (line.getCommand() instanceof AbstractCommand command && command.wantsTrace()) {
      err.println(trace(e));
    }
    return NOT_DONE;
  }

  /** What went wrong, on one line. */
  static String sentence(Throwable e) {
    String message = e.getMessage();
    return oneLine(
        switch (e) {
          case UncheckedIOException unchecked
              when unchecked.getCause() instanceof NoSuchFileException cause ->
              sentence(cause);
          case NoSuchFileException missing when missing.getReason() == null ->
              missing.getFile() + ": no such file";
          case AccessDeniedException denied when denied.getReason() == null ->
              denied.getFile() + ": permission denied";
          case NotDirectoryException file -> file.getFile() + ": is no folder";
          case FileSystemException other -> String.valueOf(other.getMessage());
          case BatonException known -> String.valueOf(message);
          case InvalidPathException path -> "'" + path.getInput() + "' is no path";
          case IllegalArgumentException refused when message != null -> message;
          case IllegalStateException refused when message != null -> message;
          case IOException io when message != null -> message;
          case OutOfMemoryError memory ->
              "out of memory (" + message + "); give Java more with BATON_JAVA_OPTIONS=-Xmx8g";
          default ->
              "unexpected "
                  + e.getClass().getName()
                  + (message == null ? "" : ": " + message)
                  + "; --stacktrace shows where";
        });
  }

  private static String oneLine(String text) {
    return Text.printable(text.strip().replaceAll("\\s*\\R\\s*", " "));
  }

  static String trace(Throwable e) {
    java.io.StringWriter text = new java.io.StringWriter();
    e.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
