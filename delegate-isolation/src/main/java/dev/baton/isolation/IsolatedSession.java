package dev.baton.isolation;

import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Cost;
import dev.baton.delegate.Decline;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.HostContext;
import dev.baton.delegate.Payload;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.TensorType;
import dev.baton.isolation.wire.Constants;
import dev.baton.isolation.wire.ContextFacts;
import dev.baton.isolation.wire.GraphWriter;
import dev.baton.isolation.wire.Kind;
import dev.baton.isolation.wire.Reader;
import dev.baton.isolation.wire.SharedFile;
import dev.baton.isolation.wire.Types;
import dev.baton.isolation.wire.Writer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A session in the child; opened again in the next one if that dies. */
final class IsolatedSession implements DelegateSession {
  /** Two copies of small tensors and two turns between processes that are awake. */
  private static final double ENTRY_NANOS = 30_000;

  /** What lies at a place, as long as the memory there lives. */
  private record Place(long address, long size) {}

  /** Something that the child was sent, under its number in the session. */
  private record Sent(MemorySegment bytes, int number) {}

  private final Supervisor supervisor;
  private final ContextFacts facts;
  private @Nullable Child child;
  private int number;
  private int constants;
  private boolean closed;
  private final Map<Place, Sent> sent = new HashMap<>();

  IsolatedSession(Supervisor supervisor, ContextFacts facts) {
    this.supervisor = supervisor;
    this.facts = facts;
  }

  /** Opens the session in the child that lives, if it is not open there. */
  synchronized Child open(@Nullable HostContext context) throws DelegateException {
    if (closed) {
      throw new IllegalStateException("the session is closed");
    }
    Child present = supervisor.child();
    if (present != child) {
      int next = present.number();
      Writer body = new Writer();
      facts.write(body);
      // The context comes first, as in every request that has one.
      present.call(Kind.OPEN, new Writer().put(next).append(body), context);
      child = present;
      number = next;
      constants = 0;
      sent.clear();
    }
    return present;
  }

  /**
   * Makes a request about contents: what the child does not have yet goes into shared memory.
   *
   * <p>Contents have numbers in the session, none twice. Those of a request that fails are
   * forgotten: whether the child has them is not known.
   *
   * @param head of the request, behind the session's number
   * @param tail behind the contents
   */
  synchronized Reader request(
      Kind kind,
      Child to,
      Writer head,
      List<MemorySegment> contents,
      Writer tail,
      @Nullable HostContext context,
      Child.Questions questions)
      throws DelegateException {
    if (closed) {
      throw new IllegalStateException("the session is closed");
    }
    if (to != child) {
      throw to.died(); // a session goes to another child when the last is dead
    }
    int base = constants;
    List<MemorySegment> fresh = new ArrayList<>();
    List<Integer> numbers = new ArrayList<>();
    for (MemorySegment bytes : contents) {
      Place place = new Place(bytes.isNative() ? bytes.address() : -1, bytes.byteSize());
      Sent known = bytes.isNative() ? sent.get(place) : null;
      if (known == null || !known.bytes().scope().isAlive()) {
        known = new Sent(bytes, base + fresh.size());
        fresh.add(bytes);
        if (bytes.isNative()) {
          sent.put(place, known);
        }
      }
      numbers.add(known.number());
    }
    constants += fresh.size();
    boolean done = false;
    try (SharedFile file = fresh.isEmpty() ? null : SharedFile.of(fresh)) {
      Writer body =
          new Writer()
              .put(number)
              .append(head)
              .put(base)
              .put(file == null ? "" : file.path().toString())
              .put(fresh, (w, s) -> w.put(s.byteSize()))
              .put(numbers, Writer::put)
              .append(tail);
      Reader answer = to.call(kind, body, context, questions);
      done = true;
      return answer;
    } catch (IOException e) {
      throw Child.noRoom(fresh.size() + " constants", e);
    } finally {
      if (!done) {
        sent.values().removeIf(s -> s.number() >= base);
      }
    }
  }

  @Override
  public void claim(GraphView graph, Claims claims) {
    try {
      Constants used = new Constants();
      Writer body = new Writer();
      GraphWriter.write(graph, body, used);
      Reader answer =
          request(
              Kind.CLAIM,
              open(null),
              new Writer(),
              used.contents(),
              body,
              null,
              Child.Questions.NONE);
      replay(answer, graph.nodes(), claims);
    } catch (DelegateException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static void replay(Reader answer, List<Node> nodes, Claims claims) {
    for (int count = answer.integer(); count >= 0; count = answer.integer()) {
      if (count == 0) {
        claims.decline(
            nodes.get(answer.integer()),
            Decline.of(answer.oneOf(Decline.Kind.values()), answer.text()));
        continue;
      }
      List<Node> group = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        group.add(nodes.get(answer.integer()));
      }
      double nanos = answer.real();
      claims.take(group, nanos < 0 ? Cost.unknown() : Cost.takes(nanos));
    }
  }

  @Override
  public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
      throws DelegateException {
    Constants used = new Constants();
    Writer body = new Writer();
    GraphWriter.write(subgraph, body, used);
    return new IsolatedSubgraph(
        this,
        Kind.COMPILE,
        new Writer().put(subgraph.name()),
        used.contents(),
        body,
        ContextFacts.of(context, context.method()),
        Child.Questions.NONE,
        context);
  }

  @Override
  public CompiledSubgraph load(Payload payload, CompileContext context) throws DelegateException {
    Writer body =
        new Writer()
            .put(payload.id())
            .put(payload.compileSpecs(), Writer::put)
            .put(payload.inputs(), IsolatedSession::write)
            .put(payload.outputs(), IsolatedSession::write);
    return new IsolatedSubgraph(
        this,
        Kind.LOAD,
        new Writer(),
        List.of(payload.bytes()),
        body,
        ContextFacts.of(context, context.method()),
        key -> {
          Optional<MemorySegment> data = payload.namedData(key);
          return data.isEmpty() ? null : SharedFile.of(List.of(data.get()));
        },
        context);
  }

  private static void write(Writer out, TensorType type) {
    Types.write(out, type);
  }

  @Override
  public double entryNanos() {
    return ENTRY_NANOS;
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    Child open = child;
    child = null;
    try {
      if (open != null && open.isAlive()) {
        open.call(Kind.CLOSE_SESSION, new Writer().put(number), null);
      }
    } catch (DelegateException e) {
      // it is gone, and the session with it
    } finally {
      supervisor.sessionClosed();
    }
  }
}
