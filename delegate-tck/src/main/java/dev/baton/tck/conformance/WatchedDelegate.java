package dev.baton.tck.conformance;

import dev.baton.delegate.Bindings;
import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Cost;
import dev.baton.delegate.Decline;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.Payload;
import dev.baton.delegate.RunContext;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.tck.ForwardingDelegate;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The delegate under test, between the host and the kit. Claims go on to the host without an
 * estimate, so that it gives even small subgraphs. The delegate's buffers are the kit's, with
 * guards around them. What it does against a rule is written down and kept from the host, so that
 * no other rule sees it.
 */
final class WatchedDelegate extends ForwardingDelegate {
  /** What a breach belongs to. */
  enum Rule {
    CLAIMS,
    COMPILING,
    BUFFERS,
    PARTS,
    CANCELLATION,
    CLOSING,
    TYPED_REFUSAL,
    ALLOCATION
  }

  /**
   * What the delegate said of a node when it was last asked.
   *
   * @param decline null if it takes the node
   */
  record Said(Node node, @Nullable Decline decline) {
    boolean taken() {
      return decline == null;
    }
  }

  private static final Decline NOTHING = Decline.of(Decline.Kind.UNSTATED, "");

  private record Breach(Rule rule, String what) {}

  private final List<Breach> breaches = new ArrayList<>();
  private final Map<Node, Said> said = new LinkedHashMap<>();
  private volatile WatchedMemory memory = new WatchedMemory(0);
  private volatile Predicate<Collection<Node>> kept = group -> true;
  private volatile boolean cancelling;
  private volatile boolean closingUnused;

  WatchedDelegate(Delegate inner) {
    super(inner);
  }

  /** The host hears of these groups alone; of the others it hears nothing. */
  WatchedDelegate keeping(Predicate<Collection<Node>> groups) {
    kept = groups;
    return this;
  }

  /** Each run is first made with a context that is cancelled, then with the host's. */
  WatchedDelegate cancelling() {
    cancelling = true;
    return this;
  }

  /** Of each subgraph, one more execution is made and closed at once. */
  WatchedDelegate closingUnused() {
    closingUnused = true;
    return this;
  }

  /** An allocation of the host's memory fails. */
  WatchedDelegate failingAllocation(int number) {
    memory = new WatchedMemory(number);
    return this;
  }

  WatchedMemory memory() {
    return memory;
  }

  /** Of each node that the delegate was shown, in the order of the graphs. */
  synchronized List<Said> said() {
    return List.copyOf(said.values());
  }

  private synchronized void say(Node node, @Nullable Decline decline) {
    said.put(node, new Said(node, decline));
  }

  synchronized List<String> breaches(Rule rule) {
    return breaches.stream().filter(b -> b.rule() == rule).map(Breach::what).toList();
  }

  private synchronized void breach(Rule rule, String what) {
    breaches.add(new Breach(rule, what));
  }

  /** Calls the delegate, and writes down what it throws beside {@link DelegateException}. */
  private <T> T typed(String what, Callable<T> call) throws DelegateException {
    try {
      return call.call();
    } catch (DelegateException e) {
      throw e;
    } catch (OutOfMemoryError e) {
      breach(Rule.ALLOCATION, what + " threw " + e + ", expected DelegateException.Kind.RESOURCES");
      throw new DelegateException(DelegateException.Kind.RESOURCES, what + " threw " + e, "", e);
    } catch (Exception | LinkageError | AssertionError e) {
      breach(Rule.TYPED_REFUSAL, what + " threw " + e);
      throw new DelegateException(DelegateException.Kind.FAILED, what + " threw " + e, "", e);
    }
  }

  /** Closes, and writes down what is thrown. */
  private void closing(String what, Runnable close) {
    try {
      close.run();
    } catch (RuntimeException e) {
      breach(Rule.CLOSING, "close() of " + what + " threw " + e);
    }
  }

  @Override
  public DelegateSession open(OpenContext context) throws DelegateException {
    return typed("open()", () -> super.open(memory.watch(context)));
  }

  @Override
  protected DelegateSession wrap(DelegateSession session) {
    return new WatchedSession(session);
  }

  private final class WatchedSession extends Session {
    WatchedSession(DelegateSession inner) {
      super(inner);
    }

    @Override
    public void claim(GraphView graph, Claims claims) {
      graph.nodes().forEach(n -> say(n, NOTHING));
      super.claim(graph, new WatchedClaims(graph, claims));
    }

    @Override
    public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
        throws DelegateException {
      try {
        CompiledSubgraph compiled =
            typed("compile()", () -> super.compile(subgraph, memory.watch(context)));
        ((WatchedSubgraph) compiled).nodes = subgraph.nodes().size();
        return compiled;
      } catch (DelegateException e) {
        breach(Rule.COMPILING, subgraph.nodes() + " were taken and do not compile: " + e);
        throw e;
      }
    }

    @Override
    public CompiledSubgraph load(Payload payload, CompileContext context) throws DelegateException {
      return typed("load()", () -> super.load(payload, memory.watch(context)));
    }

    @Override
    protected CompiledSubgraph wrap(CompiledSubgraph subgraph) {
      return new WatchedSubgraph(subgraph);
    }

    @Override
    public void close() {
      closing("a session", super::close);
    }
  }

  private final class WatchedClaims implements Claims {
    private final Set<Node> shown;
    private final Set<Node> taken = new HashSet<>();
    private final Claims host;

    WatchedClaims(GraphView graph, Claims host) {
      this.shown = new HashSet<>(graph.nodes());
      this.host = host;
    }

    @Override
    public void take(Collection<Node> group, Cost cost) {
      boolean sound = !group.isEmpty();
      if (!sound) {
        breach(Rule.CLAIMS, "a group without nodes is taken");
      }
      for (Node node : group) {
        if (!shown.contains(node)) {
          breach(Rule.CLAIMS, node + " is taken and is not in the view");
          sound = false;
        } else if (!taken.add(node)) {
          breach(Rule.CLAIMS, node + " is taken twice");
          sound = false;
        } else {
          say(node, null);
        }
      }
      if (sound && kept.test(group)) {
        host.take(group, Cost.unknown());
      }
    }

    @Override
    public void decline(Node node, Decline reason) {
      if (!shown.contains(node)) {
        breach(Rule.CLAIMS, node + " is declined and is not in the view");
      } else if (taken.contains(node)) {
        breach(Rule.CLAIMS, node + " is taken and declined");
      } else {
        say(node, reason);
        host.decline(node, reason);
      }
    }
  }

  private final class WatchedSubgraph extends Compiled {
    private volatile int nodes; // none of a payload

    WatchedSubgraph(CompiledSubgraph inner) {
      super(inner);
    }

    @Override
    public DelegateExecution newExecution(ExecutionContext context) throws DelegateException {
      if (closingUnused) {
        super.newExecution(memory.watch(context)).close();
      }
      return typed("newExecution()", () -> super.newExecution(memory.watch(context)));
    }

    @Override
    protected DelegateExecution wrap(DelegateExecution execution) {
      return new WatchedExecution(this, execution);
    }

    /** Whether the nodes of a part are some that were compiled. */
    void checkPart(int part) {
      try {
        for (int node : nodesOf(part)) {
          if (node < 0 || node >= nodes) {
            breach(Rule.PARTS, "part " + part + " is of node " + node + " of " + nodes);
          }
        }
      } catch (RuntimeException e) {
        breach(Rule.PARTS, "nodesOf(" + part + ") threw " + e);
      }
    }

    @Override
    public void close() {
      closing("a subgraph", super::close);
    }
  }

  private final class WatchedExecution extends Execution {
    private final long alignment;
    private final long guard;
    private final WatchedSubgraph of;
    private final Set<Integer> parts = new TreeSet<>();
    private @Nullable GuardedBindings bound;

    WatchedExecution(WatchedSubgraph of, DelegateExecution inner) {
      super(inner);
      this.of = of;
      this.alignment = of.buffers().alignment();
      this.guard = GuardedBindings.guard(alignment, of.buffers().slack());
    }

    @Override
    public void bind(Bindings io) throws DelegateException {
      GuardedBindings next = new GuardedBindings(io, alignment, guard);
      GuardedBindings before = bound;
      bound = next;
      try {
        typed(
            "bind()",
            () -> {
              super.bind(next);
              return true;
            });
      } finally {
        if (before != null) {
          before.close();
        }
      }
    }

    @Override
    public void run(RunContext context) throws DelegateException {
      GuardedBindings buffers = bound;
      if (buffers == null) {
        throw new IllegalStateException("run before bind");
      }
      buffers.fetchInputs();
      if (cancelling) {
        runCancelled();
        buffers.fetchInputs();
      }
      typed(
          "run()",
          () -> {
            super.run(context.isRecorded() ? new WatchedRun(context, parts) : context);
            return true;
          });
      parts.forEach(of::checkPart);
      buffers.damage().forEach(d -> breach(Rule.BUFFERS, d));
      buffers.deliverOutputs();
    }

    private void runCancelled() {
      try {
        super.run(new CancelledContext());
      } catch (DelegateException e) {
        if (e.kind() != DelegateException.Kind.CANCELLED) {
          breach(Rule.CANCELLATION, "a cancelled run ended with " + e.kind() + ": " + e);
        }
      } catch (RuntimeException e) {
        breach(Rule.CANCELLATION, "a cancelled run ended with " + e);
      }
    }

    @Override
    public void close() {
      closing("an execution", super::close);
      GuardedBindings buffers = bound;
      bound = null;
      if (buffers != null) {
        buffers.close();
      }
    }
  }

  /** A recorded run, with the numbers of its parts written down. */
  private record WatchedRun(RunContext host, Set<Integer> parts) implements RunContext {
    @Override
    public boolean isCancelled() {
      return host.isCancelled();
    }

    @Override
    public OptionalLong remainingNanos() {
      return host.remainingNanos();
    }

    @Override
    public boolean isRecorded() {
      return true;
    }

    @Override
    public void record(int id, String name, long startNanos, long nanos) {
      if (id >= 0) {
        parts.add(id);
      }
      host.record(id, name, startNanos, nanos);
    }
  }

  private static final class CancelledContext implements RunContext {
    @Override
    public boolean isCancelled() {
      return true;
    }
  }

  /** The host's bindings, in memory of the kit's own between guards that nobody may write. */
  private static final class GuardedBindings implements Bindings {
    private static final byte PATTERN = 0x5a;
    private static final long LEAST_GUARD = 64;

    private record Buffer(MemorySegment all, MemorySegment content) {
      boolean guardsAreWhole() {
        long start = content.address() - all.address();
        MemorySegment before = all.asSlice(0, start);
        MemorySegment after = all.asSlice(start + content.byteSize());
        return isPattern(before) && isPattern(after);
      }

      private static boolean isPattern(MemorySegment bytes) {
        for (long i = 0; i < bytes.byteSize(); i++) {
          if (bytes.get(java.lang.foreign.ValueLayout.JAVA_BYTE, i) != PATTERN) {
            return false;
          }
        }
        return true;
      }
    }

    private final Bindings host;
    private final Arena arena = Arena.ofShared();
    private final List<Buffer> inputs = new ArrayList<>();
    private final List<Buffer> outputs = new ArrayList<>();

    static long guard(long alignment, long slack) {
      long most = Math.max(LEAST_GUARD, slack);
      return (most + alignment - 1) / alignment * alignment;
    }

    GuardedBindings(Bindings host, long alignment, long guard) {
      this.host = host;
      for (int i = 0; i < host.inputCount(); i++) {
        inputs.add(buffer(host.input(i).byteSize(), alignment, guard));
      }
      for (int i = 0; i < host.outputCount(); i++) {
        outputs.add(buffer(host.output(i).byteSize(), alignment, guard));
      }
    }

    private Buffer buffer(long bytes, long alignment, long guard) {
      MemorySegment all = arena.allocate(guard + bytes + guard, alignment);
      all.fill(PATTERN);
      return new Buffer(all, all.asSlice(guard, bytes));
    }

    void fetchInputs() {
      for (int i = 0; i < inputs.size(); i++) {
        inputs.get(i).content().copyFrom(host.input(i));
      }
    }

    void deliverOutputs() {
      for (int i = 0; i < outputs.size(); i++) {
        host.output(i).copyFrom(outputs.get(i).content());
      }
    }

    /** What was written that must not be. */
    List<String> damage() {
      List<String> damage = new ArrayList<>();
      for (int i = 0; i < inputs.size(); i++) {
        if (inputs.get(i).content().mismatch(host.input(i)) >= 0) {
          damage.add("input " + i + " was written");
        }
        if (!inputs.get(i).guardsAreWhole()) {
          damage.add("bytes beside input " + i + " were written");
        }
      }
      for (int i = 0; i < outputs.size(); i++) {
        if (!outputs.get(i).guardsAreWhole()) {
          damage.add("bytes beside output " + i + " were written");
        }
      }
      return damage;
    }

    void close() {
      arena.close();
    }

    @Override
    public int inputCount() {
      return inputs.size();
    }

    @Override
    public int outputCount() {
      return outputs.size();
    }

    @Override
    public MemorySegment input(int index) {
      return inputs.get(index).content();
    }

    @Override
    public Shape inputShape(int index) {
      return host.inputShape(index);
    }

    @Override
    public MemorySegment output(int index) {
      return outputs.get(index).content();
    }

    @Override
    public Shape outputShape(int index) {
      return host.outputShape(index);
    }
  }
}
