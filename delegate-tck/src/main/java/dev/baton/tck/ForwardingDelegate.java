package dev.baton.tck;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Bindings;
import dev.baton.delegate.BufferRequirements;
import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateOption;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.DelegateState;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.Payload;
import dev.baton.delegate.RunContext;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.GraphView;
import dev.baton.graph.Shape;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Another delegate, every call passed on. Who watches or changes a few calls overrides them, and
 * the methods that wrap what the delegate makes.
 */
public class ForwardingDelegate implements Delegate {
  private final Delegate inner;

  protected ForwardingDelegate(Delegate inner) {
    this.inner = inner;
  }

  /** Wraps a session; called once for each. */
  protected DelegateSession wrap(DelegateSession session) {
    return new Session(session);
  }

  @Override
  public String name() {
    return inner.name();
  }

  @Override
  public Availability availability() {
    return inner.availability();
  }

  @Override
  public Availability availability(OpenContext context) {
    return inner.availability(context);
  }

  @Override
  public DelegateSession open(OpenContext context) throws DelegateException {
    return wrap(inner.open(context));
  }

  @Override
  public Set<String> payloadIds() {
    return inner.payloadIds();
  }

  @Override
  public boolean prefersPayloads() {
    return inner.prefersPayloads();
  }

  @Override
  public List<DelegateOption> options() {
    return inner.options();
  }

  @Override
  public int priority() {
    return inner.priority();
  }

  @Override
  public List<String> wrappings() {
    return inner.wrappings();
  }

  /** Another session. */
  public static class Session implements DelegateSession {
    private final DelegateSession inner;

    protected Session(DelegateSession inner) {
      this.inner = inner;
    }

    /** Wraps what was compiled or loaded; called once for each. */
    protected CompiledSubgraph wrap(CompiledSubgraph subgraph) {
      return new Compiled(subgraph);
    }

    @Override
    public void claim(GraphView graph, Claims claims) {
      inner.claim(graph, claims);
    }

    @Override
    public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
        throws DelegateException {
      return wrap(inner.compile(subgraph, context));
    }

    @Override
    public CompiledSubgraph load(Payload payload, CompileContext context) throws DelegateException {
      return wrap(inner.load(payload, context));
    }

    @Override
    public double entryNanos() {
      return inner.entryNanos();
    }

    @Override
    public void close() {
      inner.close();
    }
  }

  /** Another compiled subgraph. */
  public static class Compiled implements CompiledSubgraph {
    private final CompiledSubgraph inner;

    protected Compiled(CompiledSubgraph inner) {
      this.inner = inner;
    }

    /** Wraps an execution; called once for each. */
    protected DelegateExecution wrap(DelegateExecution execution) {
      return new Execution(execution);
    }

    @Override
    public DelegateExecution newExecution(ExecutionContext context) throws DelegateException {
      return wrap(inner.newExecution(context));
    }

    @Override
    public BufferRequirements buffers() {
      return inner.buffers();
    }

    @Override
    public long memoryBytes() {
      return inner.memoryBytes();
    }

    @Override
    public Optional<List<Shape>> outputShapes(List<Shape> inputs) throws DelegateException {
      return inner.outputShapes(inputs);
    }

    @Override
    public List<Integer> nodesOf(int part) {
      return inner.nodesOf(part);
    }

    @Override
    public void close() {
      inner.close();
    }
  }

  /** Another execution. */
  public static class Execution implements DelegateExecution {
    private final DelegateExecution inner;

    protected Execution(DelegateExecution inner) {
      this.inner = inner;
    }

    @Override
    public void bind(Bindings io) throws DelegateException {
      inner.bind(io);
    }

    @Override
    public void run(RunContext context) throws DelegateException {
      inner.run(context);
    }

    @Override
    public Optional<DelegateState> state() {
      return inner.state();
    }

    @Override
    public void close() {
      inner.close();
    }
  }
}
