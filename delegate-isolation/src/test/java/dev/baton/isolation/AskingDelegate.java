package dev.baton.isolation;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.Payload;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.GraphView;
import dev.baton.graph.Shape;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** Loads payloads: tells its progress, asks for named data, and refuses those of one id. */
public final class AskingDelegate implements Delegate {
  static final String ACCEPTED = "accepted";
  static final String REFUSED = "refused";

  private static final AtomicInteger LOADS = new AtomicInteger();

  /** A system property: the process ends when the delegate is made. */
  static final String ENDS = "baton.test.ends";

  static final String LAST_WORDS = "there is no licence";

  public AskingDelegate() {
    if (Boolean.getBoolean(ENDS)) {
      System.out.println(LAST_WORDS);
      System.exit(3);
    }
  }

  @Override
  public String name() {
    return "asking";
  }

  @Override
  public Availability availability() {
    return Availability.available("");
  }

  @Override
  public Set<String> payloadIds() {
    return Set.of(ACCEPTED, REFUSED);
  }

  @Override
  public DelegateSession open(OpenContext context) {
    return new Session();
  }

  private static final class Session implements DelegateSession {
    @Override
    public void claim(GraphView graph, Claims claims) {}

    @Override
    public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
        throws DelegateException {
      throw refusal("it compiles nothing");
    }

    @Override
    public CompiledSubgraph load(Payload payload, CompileContext context) throws DelegateException {
      int loads = LOADS.incrementAndGet();
      try {
        context.progress("loading", 0.5);
        payload.namedData("weights");
        if (payload.id().equals(REFUSED)) {
          throw refusal("loads: " + loads);
        }
        return new Compiled(payload.bytes().get(ValueLayout.JAVA_INT, 0));
      } finally {
        LOADS.decrementAndGet();
      }
    }

    @Override
    public void close() {}
  }

  private static DelegateException refusal(String message) {
    return new DelegateException(DelegateException.Kind.UNSUPPORTED, message);
  }

  /** Its output has the size that the payload says. */
  private record Compiled(int size) implements CompiledSubgraph {
    @Override
    public DelegateExecution newExecution(ExecutionContext context) throws DelegateException {
      throw refusal("it runs nothing");
    }

    @Override
    public Optional<List<Shape>> outputShapes(List<Shape> inputs) {
      return Optional.of(List.of(Shape.of(size)));
    }

    @Override
    public void close() {}
  }
}
