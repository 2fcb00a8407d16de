package dev.baton.tck.conformance;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Bindings;
import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Cost;
import dev.baton.delegate.Decline;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.DelegateState;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.Payload;
import dev.baton.delegate.RunContext;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.DType;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import dev.baton.tck.ForwardingDelegate.Compiled;
import dev.baton.tck.ForwardingDelegate.Execution;
import dev.baton.tck.ForwardingDelegate.Session;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Delegates that break one rule each. */
final class BadDelegates {
  private BadDelegates() {}

  private static void spoil(Bindings io) {
    MemorySegment output = io.output(0);
    float value = output.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0);
    output.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, value + 1);
  }

  /** An execution that knows what it is bound to. */
  private static class Bound extends Execution {
    @Nullable Bindings io;

    Bound(DelegateExecution sound) {
      super(sound);
    }

    @Override
    public void bind(Bindings buffers) throws DelegateException {
      super.bind(buffers);
      io = buffers;
    }

    Bindings io() {
      Bindings buffers = io;
      if (buffers == null) {
        throw new IllegalStateException("run before bind");
      }
      return buffers;
    }
  }

  public static final class TellsOfOtherNodes extends SoundDelegate {
    @Override
    protected DelegateSession wrap(DelegateSession session) {
      return new Session(session) {
        @Override
        protected CompiledSubgraph wrap(CompiledSubgraph subgraph) {
          return new Compiled(subgraph) {
            @Override
            public List<Integer> nodesOf(int part) {
              return List.of(1_000);
            }

            @Override
            protected DelegateExecution wrap(DelegateExecution execution) {
              return new Execution(execution) {
                @Override
                public void run(RunContext context) throws DelegateException {
                  super.run(context);
                  context.record(0, "all of it", System.nanoTime(), 0);
                }
              };
            }
          };
        }
      };
    }
  }

  public static final class NamedForPeople extends SoundDelegate {
    @Override
    public String name() {
      return "My Delegate";
    }
  }

  public static final class ThrowsForOddOptions extends SoundDelegate {
    @Override
    public Availability availability(OpenContext context) {
      Path.of(context.options().getOrDefault(LIBRARY, "")); // not for zero characters
      return super.availability(context);
    }
  }

  public static final class UnavailableWithoutRemedy extends SoundDelegate {
    @Override
    public Availability availability(OpenContext context) {
      String library = context.options().get(LIBRARY);
      return library == null || library.equals(ABSENT)
          ? super.availability(context)
          : Availability.unavailable(Availability.Reason.OTHER, "No.", "", List.of());
    }
  }

  /** Loads a library to see whether it is there. */
  public static final class LoadsToSee extends SoundDelegate {
    @Override
    public Availability availability() {
      try {
        Path source = Path.of(System.getProperty("java.home"), "lib", "libjimage.so");
        Path copy = Files.createTempFile("probed", ".so");
        Files.copy(source, copy, StandardCopyOption.REPLACE_EXISTING);
        SymbolLookup.libraryLookup(copy, Arena.global());
        Files.delete(copy);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return super.availability();
    }
  }

  public static final class NeverAbsent extends SoundDelegate {
    @Override
    public Availability availability(OpenContext context) {
      return ABSENT.equals(context.options().get(LIBRARY))
          ? Availability.available()
          : super.availability(context);
    }
  }

  public static final class OpensUntyped extends SoundDelegate {
    @Override
    public DelegateSession open(OpenContext context) throws DelegateException {
      if (ABSENT.equals(context.options().get(LIBRARY))) {
        throw new UnsatisfiedLinkError("no library");
      }
      return super.open(context);
    }
  }

  /** Goes to what gives its nodes' inputs, and takes that too. */
  public static final class ClaimsWhatItFinds extends SoundDelegate {
    @Override
    protected DelegateSession wrap(DelegateSession session) {
      return new Session(session) {
        @Override
        public void claim(GraphView graph, Claims claims) {
          super.claim(graph, claims);
          for (Node node : graph.nodes()) {
            for (Value input : node.inputs()) {
              Node producer = input.isConstant() ? null : input.producer();
              if (producer != null && !graph.nodes().contains(producer)) {
                claims.take(producer);
              }
            }
          }
        }
      };
    }
  }

  public static final class TakesTwice extends SoundDelegate {
    @Override
    protected DelegateSession wrap(DelegateSession session) {
      return new Session(session) {
        @Override
        public void claim(GraphView graph, Claims claims) {
          super.claim(graph, claims);
          graph.nodes().stream().limit(1).forEach(claims::take);
        }
      };
    }
  }

  /** Cannot compile a relu whose input comes from outside although it could take what gives it. */
  public static final class WantsAllOrNothing extends SoundDelegate {
    @Override
    protected DelegateSession wrap(DelegateSession session) {
      return new Session(session) {
        @Override
        public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
            throws DelegateException {
          for (Node node : subgraph.nodes()) {
            Value input = node.inputs().getFirst();
            boolean torn =
                node.name().equals("aten::relu")
                    && input.producer() != null
                    && subgraph.inputs().contains(input);
            if (torn) {
              throw new DelegateException(DelegateException.Kind.UNSUPPORTED, "half of a group");
            }
          }
          return super.compile(subgraph, context);
        }
      };
    }
  }

  public static final class CannotAbs extends SoundDelegate {
    @Override
    protected DelegateSession wrap(DelegateSession session) {
      return new Session(session) {
        @Override
        public void claim(GraphView graph, Claims claims) {
          if (graph.nodes().getFirst().name().equals("aten::abs")) {
            claims.decline(
                graph.nodes().getFirst(), Decline.of(Decline.Kind.OPERATOR, "there is no abs"));
          } else {
            super.claim(graph, claims);
          }
        }
      };
    }
  }

  /** Takes abs and cannot compile it. */
  public static final class PromisesAbs extends SoundDelegate {
    @Override
    protected DelegateSession wrap(DelegateSession session) {
      return new Session(session) {
        @Override
        public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
            throws DelegateException {
          if (subgraph.nodes().getFirst().name().equals("aten::abs")) {
            throw new DelegateException(DelegateException.Kind.UNSUPPORTED, "there is no abs");
          }
          return super.compile(subgraph, context);
        }
      };
    }
  }

  public static final class WrongTanh extends SoundDelegate.Executing {
    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Bound(sound) {
        @Override
        public void run(RunContext context) throws DelegateException {
          super.run(context);
          if (operators.contains("aten::tanh")) {
            MemorySegment output = io().output(0);
            float value = output.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0);
            output.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, value * 1.0001f);
          }
        }
      };
    }
  }

  /** Wrong from the second shape on. */
  public static final class KnowsOneShape extends SoundDelegate.Executing {
    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Bound(sound) {
        private @Nullable Shape first;

        @Override
        public void bind(Bindings buffers) throws DelegateException {
          super.bind(buffers);
          if (first == null) {
            first = buffers.outputShape(0);
          }
        }

        @Override
        public void run(RunContext context) throws DelegateException {
          super.run(context);
          if (!io().outputShape(0).equals(first)) {
            spoil(io());
          }
        }
      };
    }
  }

  /** What it gives depends on the input of the run before. */
  public static final class Remembers extends SoundDelegate.Executing {
    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Bound(sound) {
        private float last = Float.NaN;

        @Override
        public void bind(Bindings buffers) throws DelegateException {
          super.bind(buffers);
          last = Float.NaN;
        }

        @Override
        public void run(RunContext context) throws DelegateException {
          super.run(context);
          float input = io().input(0).get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0);
          if (!Float.isNaN(last) && last != input) {
            spoil(io());
          }
          last = input;
        }
      };
    }
  }

  public static final class WritesItsInput extends SoundDelegate.Executing {
    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Bound(sound) {
        @Override
        public void run(RunContext context) throws DelegateException {
          super.run(context);
          io().input(0).fill((byte) 0);
        }
      };
    }
  }

  public static final class WritesTooFar extends SoundDelegate.Executing {
    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Bound(sound) {
        @Override
        public void run(RunContext context) throws DelegateException {
          super.run(context);
          MemorySegment output = io().output(0);
          output
              .reinterpret(output.byteSize() + 1)
              .set(ValueLayout.JAVA_BYTE, output.byteSize(), (byte) 0);
        }
      };
    }
  }

  /** Cannot stand two runs of one subgraph at the same time. */
  public static final class NotReentrant extends SoundDelegate.Executing {
    private final Map<List<String>, AtomicInteger> bySubgraph =
        Collections.synchronizedMap(new IdentityHashMap<>());

    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      AtomicInteger running = bySubgraph.computeIfAbsent(operators, o -> new AtomicInteger());
      return new Bound(sound) {
        @Override
        public void run(RunContext context) throws DelegateException {
          boolean alone = running.incrementAndGet() == 1;
          LockSupport.parkNanos(1_000_000);
          super.run(context);
          if (!alone) {
            spoil(io());
          }
          running.decrementAndGet();
        }
      };
    }
  }

  public static final class FailsWhenCancelled extends SoundDelegate.Executing {
    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Execution(sound) {
        @Override
        public void run(RunContext context) throws DelegateException {
          if (context.isCancelled()) {
            throw new DelegateException(DelegateException.Kind.FAILED, "interrupted");
          }
          super.run(context);
        }
      };
    }
  }

  public static final class NeverRunsAgain extends SoundDelegate.Executing {
    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Execution(sound) {
        private boolean cancelled;

        @Override
        public void run(RunContext context) throws DelegateException {
          cancelled |= context.isCancelled();
          if (cancelled) {
            throw new DelegateException(DelegateException.Kind.CANCELLED, "cancelled");
          }
          super.run(context);
        }
      };
    }
  }

  public static final class ClosesWhatItHasRun extends SoundDelegate.Executing {
    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Bound(sound) {
        @Override
        public void close() {
          super.close();
          io();
        }
      };
    }
  }

  /** A closed session takes the library from those that its thread has open. */
  public static final class ClosesTheLibrary extends SoundDelegate.Executing {
    private static final ThreadLocal<Integer> CLOSED = ThreadLocal.withInitial(() -> 0);

    @Override
    protected DelegateSession wrap(DelegateSession session) {
      return new Session(super.wrap(session)) {
        @Override
        public void close() {
          super.close();
          CLOSED.set(CLOSED.get() + 1);
        }
      };
    }

    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      int closed = CLOSED.get();
      return new Execution(sound) {
        @Override
        public void run(RunContext context) throws DelegateException {
          if (CLOSED.get() > closed) {
            throw new DelegateException(DelegateException.Kind.FAILED, "no library");
          }
          super.run(context);
        }
      };
    }
  }

  public static final class LeavesThreads extends SoundDelegate {
    @Override
    protected DelegateSession wrap(DelegateSession session) {
      Thread.ofPlatform().daemon().start(LockSupport::park);
      return session;
    }
  }

  public static final class LeavesFiles extends SoundDelegate {
    @Override
    @SuppressWarnings("StreamResourceLeak") // that is what is bad
    protected DelegateSession wrap(DelegateSession session) {
      try {
        KEPT.add(Files.newByteChannel(Path.of(System.getProperty("java.home"), "release")));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return session;
    }

    private static final List<AutoCloseable> KEPT =
        java.util.Collections.synchronizedList(new java.util.ArrayList<>());
  }

  public static final class ReadsPastTheEnd extends SoundDelegate {
    @Override
    protected DelegateSession wrap(DelegateSession session) {
      return new Session(session) {
        @Override
        public CompiledSubgraph load(Payload payload, CompileContext context)
            throws DelegateException {
          payload.bytes().get(ValueLayout.JAVA_INT_UNALIGNED, 12);
          return super.load(payload, context);
        }
      };
    }
  }

  /** Stands in for payloads that it cannot read by its own idea of them. */
  public static final class AcceptsAnything extends SoundDelegate {
    @Override
    protected DelegateSession wrap(DelegateSession session) {
      return new Session(session) {
        @Override
        public CompiledSubgraph load(Payload payload, CompileContext context)
            throws DelegateException {
          try {
            return super.load(payload, context);
          } catch (DelegateException e) {
            byte[] own = dev.baton.tck.OpaquePayloadDelegate.payload(1, 0, false);
            return super.load(new Replaced(payload, MemorySegment.ofArray(own)), context);
          }
        }
      };
    }

    private record Replaced(Payload of, MemorySegment bytes) implements Payload {
      @Override
      public String id() {
        return of.id();
      }

      @Override
      public String method() {
        return of.method();
      }

      @Override
      public Map<String, byte[]> compileSpecs() {
        return of.compileSpecs();
      }

      @Override
      public Optional<MemorySegment> namedData(String key) {
        return of.namedData(key);
      }

      @Override
      public List<dev.baton.graph.TensorType> inputs() {
        return of.inputs();
      }

      @Override
      public List<dev.baton.graph.TensorType> outputs() {
        return of.outputs();
      }
    }
  }

  /** State that ignores one of its calls. */
  private abstract static class BadState extends SoundDelegate.Executing {
    abstract DelegateState state(DelegateState sound);

    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Execution(sound) {
        @Override
        public Optional<DelegateState> state() {
          return super.state().map(BadState.this::state);
        }
      };
    }
  }

  public static final class NeverResets extends BadState {
    @Override
    DelegateState state(DelegateState sound) {
      return new Forgetful(sound, false, true);
    }
  }

  public static final class NeverRestores extends BadState {
    @Override
    DelegateState state(DelegateState sound) {
      return new Forgetful(sound, true, false);
    }
  }

  private record Forgetful(DelegateState sound, boolean resets, boolean restores)
      implements DelegateState {
    @Override
    public long byteSize() {
      return sound.byteSize();
    }

    @Override
    public void reset() throws DelegateException {
      if (resets) {
        sound.reset();
      }
    }

    @Override
    public void snapshot(MemorySegment into) throws DelegateException {
      sound.snapshot(into);
    }

    @Override
    public void restore(MemorySegment from) throws DelegateException {
      if (restores) {
        sound.restore(from);
      }
    }
  }

  /** Wrong for an operator that is in none of the kit's own programs. */
  public static final class WrongErf extends SoundDelegate.Executing {
    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Bound(sound) {
        @Override
        public void run(RunContext context) throws DelegateException {
          super.run(context);
          if (operators.contains("aten::erf")) {
            spoil(io());
          }
        }
      };
    }
  }

  /** Says something of the nodes that another decision names, instead of what is sound. */
  private abstract static class Declining extends SoundDelegate {
    abstract @Nullable Decline decline(Node node);

    boolean isSilent(Node node) {
      return false;
    }

    @Override
    protected DelegateSession wrap(DelegateSession session) {
      return new Session(session) {
        @Override
        public void claim(GraphView graph, Claims claims) {
          super.claim(
              graph,
              new Claims() {
                @Override
                public void take(Collection<Node> group, Cost cost) {
                  for (Node node : group) {
                    Decline other = Declining.this.decline(node);
                    if (other != null) {
                      claims.decline(node, other);
                    } else if (!isSilent(node)) {
                      claims.take(List.of(node), cost);
                    }
                  }
                }

                @Override
                public void decline(Node node, Decline reason) {
                  claims.decline(node, reason);
                }
              });
        }
      };
    }
  }

  public static final class DeclinesSilently extends Declining {
    @Override
    @Nullable Decline decline(Node node) {
      return null;
    }

    @Override
    boolean isSilent(Node node) {
      return node.name().equals("aten::erf");
    }
  }

  /** Says that there is no such operator, where it is a type that is not supported. */
  public static final class NamesTheWrongReason extends Declining {
    @Override
    @Nullable Decline decline(Node node) {
      boolean half = node.inputs().getFirst().dtype() == DType.HALF;
      return half ? Decline.of(Decline.Kind.OPERATOR, "there is no " + node.name()) : null;
    }
  }

  public static final class WrongAtTheEndOfLargeTensors extends SoundDelegate.Executing {
    private static final long LARGE = 1 << 20;

    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Bound(sound) {
        @Override
        public void run(RunContext context) throws DelegateException {
          super.run(context);
          MemorySegment output = io().output(0);
          if (output.byteSize() > LARGE) {
            output.asSlice(output.byteSize() - Float.BYTES).fill((byte) 0);
          }
        }
      };
    }
  }

  /** Gives up for ever when it is cancelled while it runs. */
  public static final class FailsWhenInterrupted extends SoundDelegate.Executing {
    private static final long RUN_NANOS = 2_000_000;

    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Execution(sound) {
        @Override
        public void run(RunContext context) throws DelegateException {
          boolean before = context.isCancelled();
          long end = System.nanoTime() + RUN_NANOS;
          while (!before && !interrupted && System.nanoTime() < end) {
            interrupted = context.isCancelled();
          }
          if (interrupted) {
            throw new DelegateException(DelegateException.Kind.CANCELLED, "it was cancelled once");
          }
          super.run(context);
        }

        private boolean interrupted;
      };
    }
  }

  /** Whose execution is closed while another runs spoils that one's result. */
  public static final class ClosesUnderOthers extends SoundDelegate.Executing {
    private final Map<List<String>, AtomicInteger> bySubgraph =
        Collections.synchronizedMap(new IdentityHashMap<>());

    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      AtomicInteger closes = bySubgraph.computeIfAbsent(operators, o -> new AtomicInteger());
      return new Bound(sound) {
        @Override
        public void run(RunContext context) throws DelegateException {
          int before = closes.get();
          super.run(context);
          LockSupport.parkNanos(1_000_000);
          if (closes.get() != before) {
            spoil(io());
          }
        }

        @Override
        public void close() {
          super.close();
          closes.incrementAndGet();
        }
      };
    }
  }

  /** Cannot compile for two sessions at the same time. */
  public static final class CompilesOneAtATime extends SoundDelegate {
    private static final AtomicInteger COMPILING = new AtomicInteger();

    @Override
    protected DelegateSession wrap(DelegateSession session) {
      return new Session(session) {
        @Override
        public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
            throws DelegateException {
          boolean alone = COMPILING.incrementAndGet() == 1;
          try {
            LockSupport.parkNanos(1_000_000);
            if (!alone) {
              throw new DelegateException(DelegateException.Kind.FAILED, "the compiler is taken");
            }
            return super.compile(subgraph, context);
          } finally {
            COMPILING.decrementAndGet();
          }
        }
      };
    }
  }

  /** Takes memory before the sound one does, and does so in some way. */
  private abstract static class Allocating extends SoundDelegate {
    abstract void allocate(CompileContext context) throws DelegateException;

    @Override
    protected DelegateSession wrap(DelegateSession session) {
      return new Session(session) {
        @Override
        public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
            throws DelegateException {
          allocate(context);
          return super.compile(subgraph, context);
        }
      };
    }
  }

  public static final class ThrowsOutOfMemory extends Allocating {
    @Override
    void allocate(CompileContext context) {
      try (Arena arena = context.newArena()) {
        arena.allocate(1);
      }
    }
  }

  public static final class LeaksWhatItHad extends Allocating {
    @Override
    @SuppressWarnings("MustBeClosedChecker") // that is what is bad
    void allocate(CompileContext context) throws DelegateException {
      Arena arena = context.newArena();
      try {
        arena.allocate(1);
      } catch (OutOfMemoryError e) {
        throw new DelegateException(DelegateException.Kind.RESOURCES, "no memory");
      }
      arena.close();
    }
  }

  public static final class ClosesOnce extends SoundDelegate.Executing {
    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Execution(sound) {
        private boolean closed;

        @Override
        public void close() {
          if (closed) {
            throw new IllegalStateException("it was closed before");
          }
          closed = true;
          super.close();
        }
      };
    }
  }

  /** Does not notice that it was closed. */
  public static final class RunsOn extends SoundDelegate.Executing {
    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Execution(sound) {
        private boolean closed;

        @Override
        public void run(RunContext context) throws DelegateException {
          if (!closed) {
            super.run(context);
          }
        }

        @Override
        public void close() {
          super.close();
          closed = true;
        }
      };
    }
  }

  /** Claims nothing, and runs what it has loaded on after its close. */
  public static final class RunsPayloadsOn extends SoundDelegate.PayloadsAlone {
    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Execution(sound) {
        @Override
        public void close() {}
      };
    }
  }

  /** Claims nothing, and what it has loaded writes its input. */
  public static final class WritesThePayloadsInput extends SoundDelegate.PayloadsAlone {
    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Execution(sound) {
        private MemorySegment input = MemorySegment.NULL;

        @Override
        public void bind(Bindings io) throws DelegateException {
          super.bind(io);
          input = io.input(0);
        }

        @Override
        public void run(RunContext context) throws DelegateException {
          super.run(context);
          input.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, 17);
        }
      };
    }
  }

  /** As a library that is given a pointer to what it has freed. */
  public static final class CrashesAfterClose extends SoundDelegate.Executing {
    @Override
    DelegateExecution executing(DelegateExecution sound, List<String> operators) {
      return new Execution(sound) {
        private boolean closed;

        @Override
        public void close() {
          if (closed) {
            MemorySegment.NULL.reinterpret(1).set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
          }
          closed = true;
          super.close();
        }
      };
    }
  }
}
