package dev.baton.isolation.child;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Claims;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Cost;
import dev.baton.delegate.Decline;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.DelegateState;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.isolation.wire.Connection;
import dev.baton.isolation.wire.ContextFacts;
import dev.baton.isolation.wire.Frame;
import dev.baton.isolation.wire.GraphReader;
import dev.baton.isolation.wire.Kind;
import dev.baton.isolation.wire.Mappings;
import dev.baton.isolation.wire.Reader;
import dev.baton.isolation.wire.SharedFile;
import dev.baton.isolation.wire.Types;
import dev.baton.isolation.wire.WireException;
import dev.baton.isolation.wire.Writer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Does what the parent asks, each request on a thread of its own. */
final class Server {
  /** A session, and the constants that it was sent, by number. */
  private record OpenSession(
      DelegateSession session, Mappings memory, Map<Integer, MemorySegment> constants) {
    /** The contents that a request refers to, after those that come with it were added. */
    List<MemorySegment> contents(Reader in) throws IOException {
      int base = in.integer();
      String path = in.text();
      List<Long> sizes = in.list(Reader::number);
      if (!sizes.isEmpty()) {
        MemorySegment all = SharedFile.map(Path.of(path), false, memory.arena());
        long offset = 0;
        for (int i = 0; i < sizes.size(); i++) {
          long size = sizes.get(i);
          constants.put(base + i, all.asSlice(offset, size));
          offset = SharedFile.aligned(Math.addExact(offset, size));
        }
      }
      return in.list(r -> content(r.integer()));
    }

    private MemorySegment content(int number) {
      MemorySegment content = constants.get(number);
      if (content == null) {
        throw new WireException("no content was sent by the number " + number);
      }
      return content;
    }

    void close() {
      session.close();
      memory.close();
    }
  }

  /** A payload's answers of the parent. */
  private record NamedData(String path, long size) {}

  private final Delegate delegate;
  private final Connection connection;
  private final Map<Integer, OpenSession> sessions = new ConcurrentHashMap<>();
  private final Map<Integer, CompiledSubgraph> subgraphs = new ConcurrentHashMap<>();
  private final Map<Integer, Runner> executions = new ConcurrentHashMap<>();

  /** By request, from its arrival to its answer: true if it is cancelled. */
  private final Map<Integer, AtomicBoolean> cancelled = new ConcurrentHashMap<>();

  private final Map<Integer, SynchronousQueue<NamedData>> questions = new ConcurrentHashMap<>();
  private final AtomicInteger names = new AtomicInteger();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "isolated-" + names.getAndIncrement());
        thread.setDaemon(true);
        return thread;
      });

  Server(Delegate delegate, Connection connection) {
    this.delegate = delegate;
    this.connection = connection;
  }

  /** Returns when the parent wants no more, or is gone. */
  void serve() {
    try {
      while (true) {
        Frame frame = connection.receive();
        switch (frame.kind()) {
          case SHUTDOWN -> {
            return;
          }
          case CANCEL -> {
            AtomicBoolean request = cancelled.get(frame.number());
            if (request != null) {
              request.set(true);
            }
          }
          case WAKE -> {
            Runner runner = executions.get(frame.number());
            if (runner != null) {
              runner.wake();
            }
          }
          case NAMED_DATA_ANSWER -> {
            SynchronousQueue<NamedData> queue = questions.get(frame.number());
            if (queue != null) {
              queue.put(new NamedData(frame.body().text(), frame.body().number()));
            }
          }
          default -> {
            cancelled.put(frame.number(), new AtomicBoolean());
            threads.execute(() -> answer(frame));
          }
        }
      }
    } catch (IOException e) {
      // the parent is gone
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void answer(Frame frame) {
    try {
      Kind kind = Kind.DONE;
      Writer body = new Writer();
      try {
        serve(frame, body);
      } catch (DelegateException e) {
        kind = Kind.REFUSED;
        body = new Writer().put(e);
      } catch (Throwable e) {
        kind = Kind.THREW;
        body = new Writer().put(String.valueOf(e));
      } finally {
        cancelled.remove(frame.number());
      }
      connection.send(frame.number(), kind, body);
    } catch (IOException e) {
      // the parent is gone
    }
  }

  private void serve(Frame frame, Writer out) throws DelegateException, IOException {
    Reader in = frame.body();
    switch (frame.kind()) {
      case AVAILABILITY -> availability(in.bool() ? context(frame) : null, out);
      case OPEN -> {
        int number = in.integer();
        sessions.put(
            number,
            new OpenSession(
                delegate.open(context(frame)), new Mappings(), new ConcurrentHashMap<>()));
      }
      case CLAIM -> claim(in, out);
      case COMPILE -> compile(frame, out);
      case LOAD -> load(frame, out);
      case OUTPUT_SHAPES -> {
        Optional<List<Shape>> shapes = of(subgraphs, in).outputShapes(in.list(Reader::shape));
        out.put(shapes.isPresent());
        shapes.ifPresent(s -> out.put(s, Writer::put));
      }
      case NODES_OF -> out.put(of(subgraphs, in).nodesOf(in.integer()), Writer::put);
      case NEW_EXECUTION -> {
        CompiledSubgraph compiled = of(subgraphs, in);
        int number = in.integer();
        Runner runner = new Runner(number, compiled.newExecution(context(frame)), connection);
        executions.put(number, runner);
        state(runner, out);
      }
      case BIND -> {
        Runner runner = of(executions, in);
        runner.bind(in);
        state(runner, out);
      }
      case RESET -> of(executions, in).state().reset();
      case SNAPSHOT -> {
        DelegateState state = of(executions, in).state();
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment bytes = SharedFile.map(Path.of(in.text()), true, arena);
          state.snapshot(bytes.asSlice(0, in.number()));
        }
      }
      case RESTORE -> {
        DelegateState state = of(executions, in).state();
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment bytes = SharedFile.map(Path.of(in.text()), false, arena);
          state.restore(bytes.asSlice(0, in.number()));
        }
      }
      case CLOSE_EXECUTION -> {
        Runner runner = executions.remove(in.integer());
        if (runner != null) {
          runner.close();
        }
      }
      case CLOSE_SUBGRAPH -> {
        CompiledSubgraph compiled = subgraphs.remove(in.integer());
        if (compiled != null) {
          compiled.close();
        }
      }
      case CLOSE_SESSION -> {
        OpenSession session = sessions.remove(in.integer());
        if (session != null) {
          session.close();
        }
      }
      default -> throw new WireException(frame.kind() + " is no request");
    }
  }

  private static <T> T of(Map<Integer, T> all, Reader in) {
    int number = in.integer();
    T found = all.get(number);
    if (found == null) {
      throw new WireException("there is nothing by the number " + number);
    }
    return found;
  }

  private RequestContext context(Frame frame) {
    return new RequestContext(
        connection,
        frame.number(),
        ContextFacts.read(frame.body()),
        cancelled.getOrDefault(frame.number(), new AtomicBoolean()));
  }

  private static void state(Runner runner, Writer out) {
    Optional<DelegateState> state = runner.stateIfAny();
    out.put(state.map(DelegateState::byteSize).orElse(-1L));
  }

  private void availability(@Nullable RequestContext context, Writer out) {
    Availability found = context == null ? delegate.availability() : delegate.availability(context);
    out.put(found.isAvailable()).put(found.message());
    if (!found.isAvailable()) {
      out.put(found.reason()).put(found.remedy()).put(found.tried(), Writer::put);
    }
  }

  // ---- graphs

  private void claim(Reader in, Writer out) throws IOException {
    OpenSession session = of(sessions, in);
    GraphReader.ReadView view = GraphReader.read(session.contents(in), in, "");
    Claimed claimed = new Claimed(view.nodes(), out);
    try {
      session.session().claim(view, claimed);
    } finally {
      view.expire();
      claimed.end();
    }
    out.put(-1);
  }

  /** Writes what is taken: the number of nodes, their indices, the cost; 0 and a reason else. */
  private static final class Claimed implements Claims {
    private final Map<Node, Integer> indices = new IdentityHashMap<>();
    private final boolean[] taken;
    private final Writer out;
    private boolean ended;

    Claimed(List<Node> nodes, Writer out) {
      nodes.forEach(n -> indices.put(n, indices.size()));
      this.taken = new boolean[nodes.size()];
      this.out = out;
    }

    void end() {
      ended = true;
    }

    private int index(Node node) {
      if (ended) {
        throw new IllegalStateException("the claims are valid during the call only");
      }
      Integer index = indices.get(node);
      if (index == null) {
        throw new IllegalArgumentException(node + " is not in the view");
      }
      if (taken[index]) {
        throw new IllegalArgumentException(node + " was taken before");
      }
      return index;
    }

    @Override
    public void take(Collection<Node> group, Cost cost) {
      List<Integer> all = group.stream().map(this::index).toList();
      all.forEach(i -> taken[i] = true);
      if (!all.isEmpty()) {
        out.put(all, Writer::put).put(cost.isKnown() ? cost.nanos() : -1);
      }
    }

    @Override
    public void decline(Node node, Decline reason) {
      out.put(0).put(index(node)).put(reason.kind()).put(reason.detail());
    }
  }

  private void compile(Frame frame, Writer out) throws DelegateException, IOException {
    Reader in = frame.body();
    OpenSession session = of(sessions, in);
    int number = in.integer();
    String name = in.text();
    RequestContext context = context(frame);
    GraphReader.ReadView view = GraphReader.read(session.contents(in), in, name);
    try {
      keep(number, session.session().compile(view, context), out);
    } finally {
      view.expire();
    }
  }

  private void keep(int number, CompiledSubgraph compiled, Writer out) {
    subgraphs.put(number, compiled);
    out.put(compiled.buffers().alignment())
        .put(compiled.buffers().slack())
        .put(compiled.memoryBytes());
  }

  private void load(Frame frame, Writer out) throws DelegateException, IOException {
    Reader in = frame.body();
    OpenSession session = of(sessions, in);
    int number = in.integer();
    RequestContext context = context(frame);
    List<MemorySegment> contents = session.contents(in);
    SentPayload payload =
        new SentPayload(
            in.text(),
            context.method(),
            contents.getFirst(),
            in.map(Reader::bytes),
            in.list(Types::readTensor),
            in.list(Types::readTensor),
            key -> namedData(frame.number(), key, session.memory().arena()));
    keep(number, session.session().load(payload, context), out);
  }

  private Optional<MemorySegment> namedData(int request, String key, Arena arena) {
    SynchronousQueue<NamedData> answers =
        questions.computeIfAbsent(request, r -> new SynchronousQueue<>());
    try {
      connection.send(request, Kind.NAMED_DATA, new Writer().put(key));
      NamedData answer = answers.take();
      if (answer.size() == Connection.GIVEN_UP) {
        throw new WireException(
            "the named data '" + key + "' do not arrive: they are not to be had");
      }
      return answer.path().isEmpty()
          ? Optional.empty()
          : Optional.of(
              SharedFile.map(Path.of(answer.path()), false, arena).asSlice(0, answer.size()));
    } catch (IOException e) {
      throw new WireException("the named data '" + key + "' do not arrive: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WireException("the named data '" + key + "' do not arrive");
    } finally {
      questions.remove(request);
    }
  }
}
