package dev.baton.tck.conformance;

import dev.baton.delegate.Bindings;
import dev.baton.delegate.Claims;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Cost;
import dev.baton.delegate.Decline;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.DelegateState;
import dev.baton.delegate.RunContext;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.tck.ForwardingDelegate;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Closes what a delegate made again after the host has closed it, and uses it: the first does
 * nothing, the second is an exception. A library that is called with what it has freed may end the
 * process, so this is asked in a child.
 */
final class UseAfterClose implements ChildJvm.Question {
  /** Beside the delegate's options: the file of a program of which it takes something. */
  static final String PROGRAM = "baton.conformance.program";

  UseAfterClose() {}

  @Override
  public List<String> breaches(Delegate delegate, Map<String, String> given) throws Exception {
    Map<String, String> options = new HashMap<>(given);
    Path program = Path.of(Objects.requireNonNull(options.remove(PROGRAM)));
    List<String> breaches = new ArrayList<>();
    Remembering remembering = new Remembering(delegate);
    LoadOptions loading = LoadOptions.defaults().withKernels(List.of("reference"));
    for (Map.Entry<String, String> option : options.entrySet()) {
      loading = loading.withDelegateOption(delegate.name(), option.getKey(), option.getValue());
    }
    try (Program file = Program.open(program);
        ModelMethod method =
            ModelMethod.load(
                file, "forward", loading, Delegates.of(List.of(remembering), List.of()));
        Execution execution = method.newExecution()) {
      Numbers.run(execution, inputs(method));
    }
    if (remembering.executions.isEmpty()) {
      breaches.add("the delegate was given nothing of the rule's program");
    }
    PlainContext context = new PlainContext(options);
    for (Bound execution : remembering.executions) {
      closeAgain(breaches, "an execution", execution.inner);
      refused(breaches, "run() of a closed execution", () -> execution.run(new RunContext() {}));
      refused(breaches, "bind() of a closed execution", () -> execution.bindAgain());
      for (DelegateState state : execution.states) {
        refused(breaches, "snapshot() of a closed state", () -> state.snapshot(execution.copy));
        refused(breaches, "restore() of a closed state", () -> state.restore(execution.copy));
        refused(breaches, "reset() of a closed state", () -> state.reset());
      }
      closeAgain(breaches, "an execution that was used after its close", execution.inner);
    }
    for (CompiledSubgraph subgraph : remembering.subgraphs) {
      closeAgain(breaches, "a subgraph", subgraph);
      refused(
          breaches,
          "newExecution() of a closed subgraph",
          () -> subgraph.newExecution(new ForwardingContext(context)).close());
    }
    for (DelegateSession session : remembering.sessions) {
      closeAgain(breaches, "a session", session);
    }
    DelegateSession unused = delegate.open(context);
    unused.close();
    closeAgain(breaches, "a session that was never used", unused);
    remembering.memory.close();
    return breaches;
  }

  private static List<Tensor> inputs(ModelMethod method) {
    List<Tensor> inputs = new ArrayList<>();
    for (int i = 0; i < method.inputCount(); i++) {
      long[] shape = method.input(i).orElseThrow().shape();
      inputs.add(Cases.numbers(i, Arrays.stream(shape).mapToInt(Math::toIntExact).toArray()));
    }
    return inputs;
  }

  private interface Use {
    void run() throws Exception;
  }

  private static void refused(List<String> breaches, String what, Use use) {
    try {
      use.run();
      breaches.add(what + " is done as if it were open, expected an exception");
    } catch (Exception e) {
      // as it should be
    }
  }

  private static void closeAgain(List<String> breaches, String what, AutoCloseable closed) {
    try {
      closed.close();
    } catch (Exception e) {
      breaches.add("the second close() of " + what + " threw " + e);
    }
  }

  /** A delegate, and all that it has made. */
  @SuppressWarnings("MustBeClosedChecker") // closed by the question
  private static final class Remembering extends ForwardingDelegate {
    final List<DelegateSession> sessions = new ArrayList<>();
    final List<CompiledSubgraph> subgraphs = new ArrayList<>();
    final List<Bound> executions = new ArrayList<>();
    final Arena memory = Arena.ofShared();

    Remembering(Delegate inner) {
      super(inner);
    }

    @Override
    protected DelegateSession wrap(DelegateSession session) {
      sessions.add(session);
      return new Session(session) {
        /** Without an estimate, so that the host gives even small parts; each node once. */
        @Override
        public void claim(GraphView graph, Claims claims) {
          Set<Node> taken = new HashSet<>();
          super.claim(
              graph,
              new Claims() {
                @Override
                public void take(Collection<Node> group, Cost cost) {
                  if (Collections.disjoint(taken, group)) {
                    taken.addAll(group);
                    claims.take(group, Cost.unknown());
                  }
                }

                @Override
                public void decline(Node node, Decline reason) {
                  claims.decline(node, reason);
                }
              });
        }

        @Override
        protected CompiledSubgraph wrap(CompiledSubgraph subgraph) {
          subgraphs.add(subgraph);
          return new Compiled(subgraph) {
            @Override
            protected DelegateExecution wrap(DelegateExecution execution) {
              Bound bound = new Bound(execution, memory);
              executions.add(bound);
              return bound;
            }
          };
        }
      };
    }
  }

  /** An execution, and memory of the test's like that which it was bound to. */
  private static final class Bound extends ForwardingDelegate.Execution {
    final DelegateExecution inner;
    private final Arena memory;
    private final List<MemorySegment> inputs = new ArrayList<>();
    private final List<MemorySegment> outputs = new ArrayList<>();
    private final List<Shape> inputShapes = new ArrayList<>();
    private final List<Shape> outputShapes = new ArrayList<>();
    final List<DelegateState> states = new ArrayList<>();
    private MemorySegment copy = MemorySegment.NULL;

    Bound(DelegateExecution inner, Arena memory) {
      super(inner);
      this.inner = inner;
      this.memory = memory;
    }

    @Override
    public void bind(Bindings io) throws DelegateException {
      super.bind(io);
      states.clear();
      inner.state().ifPresent(states::add);
      for (DelegateState state : states) {
        copy = memory.allocate(state.byteSize());
      }
      for (int i = 0; i < io.inputCount(); i++) {
        inputs.add(like(io.input(i)));
        inputShapes.add(io.inputShape(i));
      }
      for (int i = 0; i < io.outputCount(); i++) {
        outputs.add(like(io.output(i)));
        outputShapes.add(io.outputShape(i));
      }
    }

    private MemorySegment like(MemorySegment buffer) {
      long alignment = 4096;
      return memory
          .allocate(buffer.byteSize() + alignment, alignment)
          .asSlice(0, buffer.byteSize());
    }

    void bindAgain() throws DelegateException {
      inner.bind(
          new Bindings() {
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
              return inputs.get(index);
            }

            @Override
            public Shape inputShape(int index) {
              return inputShapes.get(index);
            }

            @Override
            public MemorySegment output(int index) {
              return outputs.get(index);
            }

            @Override
            public Shape outputShape(int index) {
              return outputShapes.get(index);
            }
          });
    }
  }
}
