package dev.baton.isolation;

import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.HostContext;
import dev.baton.graph.Shape;
import dev.baton.isolation.wire.ContextFacts;
import dev.baton.isolation.wire.Kind;
import dev.baton.isolation.wire.Reader;
import dev.baton.isolation.wire.SharedFile;
import dev.baton.isolation.wire.Writer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A subgraph that the child compiled, with what it takes to have another child compile it again.
 */
final class IsolatedSubgraph implements CompiledSubgraph {
  private final IsolatedSession session;
  private final Kind kind;
  private final Writer name;
  private final List<MemorySegment> contents;
  private final Writer body;
  private final ContextFacts facts;
  private final Child.Questions questions;
  private @Nullable Child child;
  private int number;
  private int alignment;
  private int slack;
  private long memoryBytes;
  private boolean closed;

  /**
   * Compiles it.
   *
   * @param kind {@link Kind#COMPILE} or {@link Kind#LOAD}
   * @param contents valid until this is closed, as the SPI says of constants and payloads
   */
  IsolatedSubgraph(
      IsolatedSession session,
      Kind kind,
      Writer name,
      List<MemorySegment> contents,
      Writer body,
      ContextFacts facts,
      Child.Questions questions,
      HostContext context)
      throws DelegateException {
    this.session = session;
    this.kind = kind;
    this.name = name;
    this.contents = List.copyOf(contents);
    this.body = body;
    this.facts = facts;
    this.questions = questions;
    compileIn(session.open(context), context, facts);
  }

  private synchronized void compileIn(Child to, @Nullable HostContext context, ContextFacts said)
      throws DelegateException {
    if (to == child) {
      return;
    }
    int next = to.number();
    Writer head = new Writer().put(next).append(name);
    said.write(head);
    List<SharedFile> asked = new ArrayList<>();
    try {
      Reader answer =
          session.request(
              kind,
              to,
              head,
              contents,
              body,
              context,
              key -> {
                SharedFile file = questions.namedData(key);
                if (file != null) {
                  asked.add(file);
                }
                return file;
              });
      alignment = answer.integer();
      slack = answer.integer();
      memoryBytes = answer.number();
      number = next;
      child = to;
    } finally {
      asked.forEach(IsolatedSubgraph::delete);
    }
  }

  private static void delete(SharedFile file) {
    try {
      file.close();
    } catch (IOException e) {
      System.getLogger("dev.baton.isolation")
          .log(System.Logger.Level.DEBUG, "a shared file cannot be deleted", e);
    }
  }

  /** The child that lives, which compiles this first if it is new. */
  private synchronized Child childThatHasIt(@Nullable HostContext context)
      throws DelegateException {
    if (closed) {
      throw new IllegalStateException("the subgraph is closed");
    }
    Child to = session.open(context);
    // The load's deadline is over; the rest holds for a child that is new.
    compileIn(
        to,
        context,
        new ContextFacts(
            facts.options(),
            facts.threads(),
            facts.cacheDirectory(),
            facts.profiled(),
            facts.method(),
            -1));
    return to;
  }

  @Override
  public DelegateExecution newExecution(ExecutionContext context) throws DelegateException {
    Child to = childThatHasIt(context);
    int execution = to.number();
    Writer request = new Writer().put(number).put(execution);
    ContextFacts.of(context, "").write(request);
    Reader answer = to.call(Kind.NEW_EXECUTION, request, context);
    return new IsolatedExecution(to, execution, alignment, slack, answer.number());
  }

  @Override
  public long memoryBytes() {
    return memoryBytes;
  }

  @Override
  public Optional<List<Shape>> outputShapes(List<Shape> inputs) throws DelegateException {
    Child to = childThatHasIt(null);
    Reader answer =
        to.call(Kind.OUTPUT_SHAPES, new Writer().put(number).put(inputs, Writer::put), null);
    return answer.bool() ? Optional.of(answer.list(Reader::shape)) : Optional.empty();
  }

  /** What the child that compiled it says; nothing if that is gone. */
  @Override
  public List<Integer> nodesOf(int part) {
    Child to;
    synchronized (this) {
      to = child;
    }
    if (to == null || !to.isAlive()) {
      return List.of();
    }
    try {
      return to.call(Kind.NODES_OF, new Writer().put(number).put(part), null).list(Reader::integer);
    } catch (DelegateException e) {
      return List.of(); // it has just gone
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    Child open = child;
    child = null;
    try {
      if (open != null && open.isAlive()) {
        open.call(Kind.CLOSE_SUBGRAPH, new Writer().put(number), null);
      }
    } catch (DelegateException e) {
      // it is gone, and the subgraph with it
    }
  }
}
