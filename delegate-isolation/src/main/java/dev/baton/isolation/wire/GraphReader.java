package dev.baton.isolation.wire;

import dev.baton.delegate.Subgraph;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operator;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Packing;
import dev.baton.graph.Parameter;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.graph.ValueType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads what {@link GraphWriter} wrote. */
public final class GraphReader {
  private final Reader in;
  private final List<MemorySegment> constants;
  private final Graph.Builder builder = new Graph.Builder();
  private final List<Value> values = new ArrayList<>();
  private final Map<String, Operator> operators = new HashMap<>();

  private GraphReader(Reader in, List<MemorySegment> constants) {
    this.in = in;
    this.constants = constants;
  }

  /**
   * @param constants the bytes that the graph refers to, by number
   */
  public static ReadView read(List<MemorySegment> constants, Reader in, String name) {
    return new GraphReader(in, constants).read(name);
  }

  private ReadView read(String name) {
    List<Value> inputs = in.list(r -> add(builder.input(Types.read(r))));
    List<Node> nodes = in.list(r -> node());
    List<Value> outputs = in.list(r -> value(r.integer()));
    return new ReadView(name, inputs, nodes, outputs);
  }

  private Value add(Value value) {
    values.add(value);
    return value;
  }

  private Value value(int number) {
    if (number < 0 || number >= values.size()) {
      throw new WireException("there is no value " + number);
    }
    return values.get(number);
  }

  private Node node() {
    Operator operator = operator();
    List<Argument> arguments = in.list(r -> argument());
    List<ValueType> types = in.list(Types::read);
    Node node =
        builder.node(operator, arguments, types, new Origin(in.integer(), in.text(), in.integer()));
    values.addAll(node.results());
    return node;
  }

  private Operator operator() {
    String name = in.text();
    if (in.bool()) {
      return Operators.get(name);
    }
    int results = in.integer();
    List<Parameter> parameters =
        in.list(r -> new Parameter(r.text(), r.text(), r.bool() ? argument() : null));
    return operators.computeIfAbsent(name, n -> new Operator(n, parameters, results));
  }

  private Argument argument() {
    return switch (in.integer()) {
      case GraphWriter.NONE -> Argument.none();
      case GraphWriter.INT -> new Argument.Int(in.number());
      case GraphWriter.REAL -> new Argument.Real(in.real());
      case GraphWriter.BOOL -> new Argument.Bool(in.bool());
      case GraphWriter.TEXT -> new Argument.Text(in.text());
      case GraphWriter.ITEMS -> new Argument.Items(in.list(r -> argument()));
      case GraphWriter.KNOWN_VALUE -> value(in.integer());
      case GraphWriter.OUTER_VALUE -> add(builder.input(Types.read(in)));
      case GraphWriter.CONSTANT -> add(builder.constant(constant()));
      default -> throw new WireException("an unknown argument");
    };
  }

  private Constant constant() {
    Packing packing = in.oneOf(Packing.values());
    DType dtype = DType.of(in.integer());
    Shape stored = in.shape();
    int[] permutation = new int[stored.rank()];
    for (int d = 0; d < permutation.length; d++) {
      permutation[d] = in.integer();
    }
    int number = in.integer();
    if (number < 0 || number >= constants.size()) {
      throw new WireException("there are no bytes " + number);
    }
    MemorySegment data = constants.get(number);
    TensorType type = new TensorType(dtype, stored, false);
    return (packing == Packing.PLAIN ? Constant.of(data, type) : Constant.int4(data, type))
        .permute(permutation);
  }

  /** The view; throws after {@link #expire}, as the SPI says. */
  public static final class ReadView implements Subgraph {
    private final String name;
    private final List<Value> inputs;
    private final List<Node> nodes;
    private final List<Value> outputs;
    private final Map<Value, List<Node>> users = new IdentityHashMap<>();
    private final Set<Value> outside;
    private volatile boolean expired;

    private ReadView(String name, List<Value> inputs, List<Node> nodes, List<Value> outputs) {
      this.name = name;
      this.inputs = List.copyOf(inputs);
      this.nodes = List.copyOf(nodes);
      this.outputs = List.copyOf(outputs);
      this.outside = new HashSet<>(outputs);
      for (Node node : nodes) {
        for (Value value : node.inputs()) {
          List<Node> known = users.computeIfAbsent(value, v -> new ArrayList<>());
          if (known.isEmpty() || known.getLast() != node) {
            known.add(node);
          }
        }
      }
    }

    /** Ends the call that the view was given to. */
    public void expire() {
      expired = true;
    }

    private void check() {
      if (expired) {
        throw new IllegalStateException("the view is valid during the call only");
      }
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public List<Node> nodes() {
      check();
      return nodes;
    }

    @Override
    public List<Value> inputs() {
      check();
      return inputs;
    }

    @Override
    public List<Value> outputs() {
      check();
      return outputs;
    }

    @Override
    public List<Node> users(Value value) {
      check();
      return List.copyOf(users.getOrDefault(value, List.of()));
    }

    @Override
    public boolean isOutput(Value value) {
      check();
      return outside.contains(value);
    }
  }
}
