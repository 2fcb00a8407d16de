package dev.baton.isolation;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.HostContext;
import dev.baton.isolation.wire.Connection;
import dev.baton.isolation.wire.Frame;
import dev.baton.isolation.wire.Kind;
import dev.baton.isolation.wire.Reader;
import dev.baton.isolation.wire.SharedFile;
import dev.baton.isolation.wire.WireException;
import dev.baton.isolation.wire.Writer;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One process, from its start to its death. Any number of threads ask it things; a thread of its
 * own hears the answers and wakes them.
 */
final class Child {
  private static final System.Logger LOG = System.getLogger("dev.baton.isolation");
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration END_LIMIT = Duration.ofSeconds(5);

  /** How long a child may go on after its caller has cancelled. */
  static final long GRACE_NANOS = Duration.ofSeconds(1).toNanos();

  /** How often a waiting caller looks whether it was cancelled. */
  static final long LOOK_NANOS = Duration.ofMillis(5).toNanos();

  /** Hears of an execution's runs, on the thread that listens. */
  interface RunListener {
    void runDone();

    void runReport(Reader report);
  }

  /** What the child may ask back within a request. */
  interface Questions {
    Questions NONE = key -> null;

    /** The shared file of named data, which the asker deletes; null if there are none. */
    @Nullable SharedFile namedData(String key) throws IOException;
  }

  private record Call(Thread caller, ConcurrentLinkedQueue<Frame> frames) {}

  private final String delegate;
  private final Process process;
  private final ChildOutput output;
  private final Connection connection;
  private final Duration patience;
  private final AtomicInteger numbers = new AtomicInteger();
  private final Map<Integer, Call> calls = new ConcurrentHashMap<>();
  private final Map<Integer, RunListener> runs = new ConcurrentHashMap<>();
  private boolean dead;
  private long death;
  private volatile boolean lost;
  private volatile String killedFor = "";

  private Child(
      String delegate,
      Process process,
      ChildOutput output,
      Connection connection,
      Duration patience) {
    this.delegate = delegate;
    this.process = process;
    this.output = output;
    this.connection = connection;
    this.patience = patience;
  }

  /**
   * Starts a process and waits for its first word.
   *
   * @param arguments which delegate
   * @throws DelegateException if it does not come up
   */
  static Child start(
      String delegate, List<String> arguments, IsolationOptions options, Module module)
      throws DelegateException {
    Path folder = null;
    try {
      folder = Files.createTempDirectory("baton-");
      Path socket = folder.resolve("s");
      try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
        server.bind(UnixDomainSocketAddress.of(socket));
        server.configureBlocking(false);
        List<String> all = new java.util.ArrayList<>(List.of(socket.toString()));
        all.addAll(arguments);
        Process process = JavaCommand.of(options.javaOptions(), all, module).start();
        process.getOutputStream().close();
        ChildOutput output = new ChildOutput(delegate, process);
        long end = System.nanoTime() + START_LIMIT.toNanos();
        SocketChannel channel = null;
        try {
          channel = accept(server, process, output, end);
          Connection connection = new Connection(channel);
          Child child = new Child(delegate, process, output, connection, options.patience());
          child.meet(end);
          return child;
        } catch (IOException | RuntimeException e) {
          process.destroyForcibly();
          close(channel);
          throw e;
        }
      }
    } catch (IOException | RuntimeException e) {
      throw new DelegateException(
          DelegateException.Kind.UNAVAILABLE,
          "no child process for the delegate could be started: " + e.getMessage(),
          "Look at the log of dev.baton.isolation at level DEBUG, or run the delegate in this"
              + " process.",
          e);
    } finally {
      delete(folder);
    }
  }

  private static void delete(@Nullable Path folder) {
    try {
      if (folder != null) {
        Files.deleteIfExists(folder.resolve("s"));
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "a folder cannot be deleted", e);
    }
  }

  private static void close(@Nullable SocketChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "a connection cannot be closed", e);
    }
  }

  private static SocketChannel accept(
      ServerSocketChannel server, Process process, ChildOutput output, long end)
      throws IOException {
    boolean interrupted = false;
    try {
      while (System.nanoTime() - end < 0) {
        SocketChannel channel = server.accept();
        if (channel != null) {
          return channel;
        }
        if (!process.isAlive()) {
          throw new IOException(
              "it ended with status " + process.exitValue() + lastWords(process, output));
        }
        LockSupport.parkNanos(1_000_000);
        interrupted |= Thread.interrupted();
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    throw tooLate(process, output);
  }

  private static IOException tooLate(Process process, ChildOutput output) {
    return new IOException(
        "it did not report within " + START_LIMIT.toSeconds() + " s" + lastWords(process, output));
  }

  /** Ends the process. */
  private static String lastWords(Process process, ChildOutput output) {
    process.destroyForcibly();
    output.join();
    List<String> last = output.last();
    return last.isEmpty() ? "" : ". It wrote last: " + String.join(" | ", last);
  }

  private void meet(long end) throws IOException {
    Frame hello;
    try {
      hello = connection.receive(Duration.ofNanos(end - System.nanoTime()));
    } catch (SocketTimeoutException e) {
      throw tooLate(process, output);
    } catch (IOException e) {
      throw new IOException("it ended before it said anything" + lastWords(process, output), e);
    }
    if (hello.kind() != Kind.HELLO
        || hello.body().integer() != Connection.VERSION
        || hello.body().number() != process.pid()) {
      throw new WireException("it is another version of this library");
    }
    process.onExit().thenRun(this::noteDeath);
    Thread.ofPlatform().daemon().name("baton-isolated-answers").start(this::listen);
  }

  private void listen() {
    try {
      while (true) {
        Frame frame = connection.receive();
        switch (frame.kind()) {
          case RUN_DONE, RUN_REPORT -> {
            RunListener listener = runs.get(frame.number());
            if (listener != null && frame.kind() == Kind.RUN_DONE) {
              listener.runDone();
            } else if (listener != null) {
              listener.runReport(frame.body());
            }
          }
          default -> {
            Call call =
                calls.computeIfPresent(
                    frame.number(),
                    (n, c) -> {
                      c.frames().add(frame);
                      return c;
                    });
            if (call != null) {
              LockSupport.unpark(call.caller());
            } else {
              unheard(frame);
            }
          }
        }
      }
    } catch (IOException | RuntimeException e) {
      LOG.log(
          e instanceof IOException ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING,
          "the conversation with the child process of delegate '" + delegate + "' is over",
          e);
      noteDeath();
      lost = true;
      calls.values().forEach(c -> LockSupport.unpark(c.caller()));
      runs.values().forEach(RunListener::runDone);
    }
  }

  /** A callback of a request that its caller has given up. */
  private void unheard(Frame frame) throws IOException {
    switch (frame.kind()) {
      case WARN -> LOG.log(System.Logger.Level.WARNING, "{0}: {1}", delegate, frame.body().text());
      case NAMED_DATA -> answerNothing(frame.number());
      default -> {}
    }
  }

  private void answerNothing(int number) throws IOException {
    connection.send(number, Kind.NAMED_DATA_ANSWER, new Writer().put("").put(Connection.GIVEN_UP));
  }

  private synchronized void noteDeath() {
    if (!dead) {
      dead = true;
      death = System.nanoTime();
    }
  }

  /** When it died, by {@link System#nanoTime}; now, if that is not known. */
  synchronized long diedAt() {
    noteDeath();
    return death;
  }

  boolean isAlive() {
    return !lost && process.isAlive();
  }

  /** A number for something that the child is to know: never the same twice. */
  int number() {
    return numbers.incrementAndGet();
  }

  void listen(int execution, RunListener listener) {
    runs.put(execution, listener);
  }

  void forget(int execution) {
    runs.remove(execution);
  }

  /** Sends what has no answer. */
  void tell(int number, Kind kind) throws DelegateException {
    try {
      connection.send(number, kind);
    } catch (IOException e) {
      throw died();
    }
  }

  /**
   * Asks, and waits for the answer.
   *
   * @param context of the request; null if there is none
   * @throws DelegateException as the delegate does; of {@link DelegateException.Kind#FAILED} if the
   *     child dies
   */
  Reader call(Kind kind, Writer body, @Nullable HostContext context, Questions questions)
      throws DelegateException {
    int number = number();
    Call call = new Call(Thread.currentThread(), new ConcurrentLinkedQueue<>());
    calls.put(number, call);
    boolean interrupted = false;
    boolean over = false;
    try {
      connection.send(number, kind, body);
      long limit = System.nanoTime() + patience.toNanos();
      boolean cancelled = false;
      while (true) {
        Frame frame = call.frames().poll();
        if (frame != null) {
          over =
              frame.kind() == Kind.DONE
                  || frame.kind() == Kind.REFUSED
                  || frame.kind() == Kind.THREW;
          Reader answer = answer(frame, context, questions);
          if (answer != null) {
            return answer;
          }
          continue;
        }
        if (!isAlive() && call.frames().isEmpty()) {
          throw died();
        }
        if (!cancelled && context != null && context.isCancelled()) {
          cancelled = true;
          limit = System.nanoTime() + GRACE_NANOS;
          connection.send(number, Kind.CANCEL);
        }
        if (System.nanoTime() - limit >= 0) {
          kill(
              cancelled
                  ? "it did not give up when it was cancelled"
                  : kind + " took longer than " + patience);
          throw cancelled
              ? new DelegateException(DelegateException.Kind.CANCELLED, killedFor)
              : died();
        }
        LockSupport.parkNanos(this, LOOK_NANOS);
        interrupted |= Thread.interrupted();
      }
    } catch (IOException e) {
      throw died();
    } catch (WireException e) {
      throw new DelegateException(
          DelegateException.Kind.FAILED, "the child process cannot be understood: " + e, "", e);
    } finally {
      calls.remove(number);
      if (!over && isAlive()) {
        giveUp(number, call);
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Nobody waits for the answer any more, and the child shall not wait for one either. */
  private void giveUp(int number, Call call) {
    try {
      connection.send(number, Kind.CANCEL);
      for (Frame frame : call.frames()) {
        unheard(frame);
      }
    } catch (IOException e) {
      // it is gone
    }
  }

  Reader call(Kind kind, Writer body, @Nullable HostContext context) throws DelegateException {
    return call(kind, body, context, Questions.NONE);
  }

  /** The answer; null if the frame is a callback. */
  private @Nullable Reader answer(Frame frame, @Nullable HostContext context, Questions questions)
      throws DelegateException, IOException {
    Reader body = frame.body();
    switch (frame.kind()) {
      case DONE -> {
        return body;
      }
      case REFUSED -> throw body.exception();
      case THREW -> throw threw(body);
      case WARN -> {
        if (context != null) {
          context.warn(body.text());
        }
      }
      case PROGRESS -> {
        if (context != null) {
          context.progress(body.text(), body.real());
        }
      }
      case RECORD -> {
        if (context != null) {
          context.record(body.text(), body.number(), body.number());
        }
      }
      case NAMED_DATA -> {
        SharedFile data = namedData(frame.number(), body.text(), questions);
        // The file is the asker's to delete when the request is over.
        connection.send(
            frame.number(),
            Kind.NAMED_DATA_ANSWER,
            new Writer()
                .put(data == null ? "" : data.path().toString())
                .put(data == null ? 0L : data.size()));
      }
      default -> throw new WireException(frame.kind() + " is no answer");
    }
    return null;
  }

  private @Nullable SharedFile namedData(int number, String key, Questions questions)
      throws DelegateException, IOException {
    boolean found = false;
    try {
      SharedFile data = questions.namedData(key);
      found = true;
      return data;
    } catch (IOException e) {
      throw noRoom("the named data '" + key + "'", e);
    } finally {
      if (!found) {
        answerNothing(number);
      }
    }
  }

  /** What to throw when something cannot be shared. */
  static DelegateException noRoom(String what, IOException e) {
    return new DelegateException(
        DelegateException.Kind.RESOURCES,
        "there is no room for " + what + " in shared memory: " + e,
        "Make room in /dev/shm or the temporary folder, or name another by -D"
            + SharedFile.FOLDER_PROPERTY
            + "=FOLDER.",
        e);
  }

  static DelegateException threw(Reader body) {
    return new DelegateException(DelegateException.Kind.FAILED, "it threw " + body.text());
  }

  /**
   * Ends a child that does not do as it should.
   *
   * @param why for the message of whoever else waits
   */
  void kill(String why) {
    killedFor = why;
    process.destroyForcibly();
  }

  /** What to throw when the child is gone. */
  DelegateException died() {
    return new DelegateException(
        DelegateException.Kind.FAILED,
        obituary(),
        "What the library wrote is in the log of dev.baton.isolation at level DEBUG.",
        null);
  }

  private String obituary() {
    boolean ended = awaitEnd();
    output.join();
    String crash = output.crash();
    List<String> last = output.last();
    return "its child process "
        + process.pid()
        + (!killedFor.isEmpty()
            ? " was killed: " + killedFor
            : !crash.isEmpty()
                ? " crashed: " + crash
                : " died" + (ended ? " with status " + process.exitValue() : ""))
        + (last.isEmpty() ? "" : ". It wrote last: " + String.join(" | ", last));
  }

  /** Waits for the end of the process, not for long, and ends it then. */
  private boolean awaitEnd() {
    boolean interrupted = Thread.interrupted();
    try {
      long end = System.nanoTime() + END_LIMIT.toNanos();
      while (true) {
        try {
          if (process.waitFor(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
            return true;
          }
          process.destroyForcibly();
          return false;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Ends the child that nobody needs any more. */
  void shutDown() {
    try {
      connection.send(0, Kind.SHUTDOWN);
      awaitEnd();
    } catch (IOException e) {
      process.destroyForcibly();
    }
    dispose();
  }

  /** Frees what this process holds of a child that is dead. */
  void dispose() {
    try {
      connection.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "a connection cannot be closed", e);
    }
  }
}
