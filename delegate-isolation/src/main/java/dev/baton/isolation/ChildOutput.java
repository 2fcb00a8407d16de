package dev.baton.isolation;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Reads what a child writes on stdout and stderr: to the log, line by line, and the last lines for
 * the message if it dies. Where Java tells of a crash, its cause is kept, and the child is killed
 * as soon as that is said: the rest of the report would keep callers waiting.
 */
final class ChildOutput {
  private static final System.Logger LOG = System.getLogger("dev.baton.isolation");
  private static final int LINES_KEPT = 5;
  private static final int LONGEST_LINE = 500;
  private static final String CRASH = "# A fatal error has been detected";
  private static final String FRAME = "# Problematic frame:";

  private final String name;
  private final Process process;
  private final Thread thread;
  private final Deque<String> last = new ArrayDeque<>();
  private String crash = "";

  ChildOutput(String name, Process process) {
    this.name = name;
    this.process = process;
    this.thread = Thread.ofPlatform().daemon().name("baton-isolated-output").start(this::read);
  }

  private void read() {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      boolean crashed = false;
      boolean frame = false;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String shown = line.length() > LONGEST_LINE ? line.substring(0, LONGEST_LINE) + "…" : line;
        LOG.log(System.Logger.Level.DEBUG, "{0}: {1}", name, shown);
        crashed |= line.startsWith(CRASH);
        if (!crashed) {
          keep(shown);
        } else if (frame) {
          addCrash(shown);
          process.destroyForcibly();
        } else if (line.startsWith("#  ") && line.contains("pc=")) {
          addCrash(shown);
        }
        frame = line.startsWith(FRAME);
      }
    } catch (IOException e) {
      // the process is gone
    }
  }

  private synchronized void keep(String line) {
    if (!line.isBlank() && !line.startsWith("#")) {
      last.addLast(line);
      if (last.size() > LINES_KEPT) {
        last.removeFirst();
      }
    }
  }

  private synchronized void addCrash(String line) {
    crash += (crash.isEmpty() ? "" : " in ") + line.substring(1).strip();
  }

  /** Waits for the end of the output, not for long. */
  void join() {
    boolean interrupted = Thread.interrupted();
    try {
      thread.join(1000);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Signal and frame of a crash; empty if there was none. */
  synchronized String crash() {
    return crash;
  }

  /** The last lines before a crash or the end. */
  synchronized List<String> last() {
    return List.copyOf(last);
  }
}
