package dev.baton.xnnpack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.delegate.Bindings;
import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.Cost;
import dev.baton.delegate.Decline;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.RunContext;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.Graph;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import dev.baton.xnnpack.Cases.Data;
import dev.baton.xnnpack.ffi.Abi;
import dev.baton.xnnpack.ffi.XnnException;
import dev.baton.xnnpack.ffi.XnnLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Plays the host. */
final class Rig {
  /** Runs that nobody cancels. */
  static final RunContext UNBOUNDED = new RunContext() {};

  /** All contexts in one. */
  record Context(Map<String, String> options, int threads)
      implements OpenContext, CompileContext, ExecutionContext {
    static final Context ONE_THREAD = new Context(Map.of(), 1);

    @Override
    public Optional<Path> cacheDirectory() {
      return Optional.empty();
    }

    @Override
    public String method() {
      return "forward";
    }
  }

  /** A whole graph as a subgraph. */
  record Whole(Graph graph) implements Subgraph {
    @Override
    public String name() {
      return "forward/xnnpack/0";
    }

    @Override
    public List<Node> nodes() {
      return graph.nodes();
    }

    @Override
    public List<Value> inputs() {
      return graph.inputs();
    }

    @Override
    public List<Value> outputs() {
      return graph.outputs();
    }

    @Override
    public List<Node> users(Value value) {
      return graph.users(value);
    }

    @Override
    public boolean isOutput(Value value) {
      return graph.isOutput(value);
    }
  }

  /** What a delegate said of each node. */
  static final class Record implements Claims {
    final Map<Node, Decline> declined = new HashMap<>();
    final List<Node> taken = new ArrayList<>();
    final Map<Node, Cost> costs = new HashMap<>();

    @Override
    public void take(Collection<Node> group, Cost cost) {
      taken.addAll(group);
      group.forEach(node -> costs.put(node, cost));
    }

    @Override
    public void decline(Node node, Decline reason) {
      declined.put(node, reason);
    }
  }

  /** Buffers of one execution. */
  static final class Buffers implements Bindings {
    private final List<MemorySegment> inputs = new ArrayList<>();
    private final List<MemorySegment> outputs = new ArrayList<>();
    private final List<Shape> inputShapes = new ArrayList<>();
    private final List<Shape> outputShapes;

    Buffers(Arena arena, List<Data> inputs, List<Shape> outputShapes) {
      for (Data input : inputs) {
        MemorySegment buffer = buffer(arena, input.shape());
        MemorySegment.copy(
            input.values(), 0, buffer, ValueLayout.JAVA_FLOAT, 0, (int) input.shape().numel());
        this.inputs.add(buffer);
        inputShapes.add(input.shape());
      }
      outputShapes.forEach(shape -> outputs.add(buffer(arena, shape)));
      this.outputShapes = outputShapes;
    }

    private static MemorySegment buffer(Arena arena, Shape shape) {
      return arena.allocate(shape.numel() * 4 + 128, 64).asSlice(0, shape.numel() * 4);
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

    float[] values(int output) {
      return outputs.get(output).toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  private Rig() {}

  static DelegateSession open() throws DelegateException {
    return new XnnpackDelegate().open(Context.ONE_THREAD);
  }

  static Record claim(DelegateSession session, GraphView graph) {
    Record record = new Record();
    session.claim(graph, record);
    return record;
  }

  /** The library that {@link #open} uses. */
  static XnnLibrary library() throws XnnException {
    String message = new XnnpackDelegate().availability().message();
    return XnnLibrary.load(Path.of(message.substring(0, message.lastIndexOf(" ("))));
  }

  /**
   * Compiles a graph of which every node must be taken. Where a version lacks something, which
   * {@link VersionTest} knows, the test ends here.
   */
  static XnnpackSubgraph compile(DelegateSession session, Graph graph) throws DelegateException {
    Record record = claim(session, graph);
    if (!Abi.current().isDefault()) {
      assumeTrue(
          record.declined.values().stream().noneMatch(d -> d.kind() == Decline.Kind.VERSION),
          record.declined::toString);
    }
    assertEquals(Map.of(), record.declined);
    assertEquals(graph.nodes().size(), record.taken.size());
    return (XnnpackSubgraph) session.compile(new Whole(graph), Context.ONE_THREAD);
  }

  /** Binds and runs once; gives the outputs. */
  static List<float[]> run(DelegateExecution execution, List<Data> inputs, List<Shape> outputShapes)
      throws DelegateException {
    try (Arena arena = Arena.ofConfined()) {
      Buffers buffers = new Buffers(arena, inputs, outputShapes);
      execution.bind(buffers);
      execution.run(UNBOUNDED);
      List<float[]> outputs = new ArrayList<>();
      for (int i = 0; i < outputShapes.size(); i++) {
        outputs.add(buffers.values(i));
      }
      return outputs;
    }
  }

  static List<Shape> shapes(List<Data> tensors) {
    return tensors.stream().map(Data::shape).toList();
  }

  static void assertClose(float[] expected, float[] actual) {
    assertEquals(expected.length, actual.length);
    float range = 1;
    for (float e : expected) {
      range = Math.max(range, Math.abs(e));
    }
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 4e-6f * range, "element " + i);
    }
  }

  static void assertNothingLives() {
    assertEquals(0, XnnpackSubgraph.liveBytes(), "bytes of subgraphs");
    assertEquals(0, XnnLibrary.liveObjects(), "native objects");
  }

  static void assertContains(String text, String part) {
    assertTrue(text.contains(part), () -> "'" + text + "' should hold '" + part + "'");
  }
}
