package dev.example.openvino.ir;

import dev.baton.delegate.Decline;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import dev.example.openvino.ir.Ir.Port;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes nodes as layers. A claim writes the node alone, and throws what was written away: what is
 * taken is what can be written, and nothing is said twice.
 */
public final class Translator {
  private static final int MOST_DIMS = 6;

  private final Ir ir;
  private final GraphView view;
  private final boolean trial;
  private final Map<Value, Port> ports = new HashMap<>();

  private Translator(Ir ir, GraphView view, boolean trial) {
    this.ir = ir;
    this.view = view;
    this.trial = trial;
  }

  /** The name of an input. */
  public static String inputName(int index) {
    return "in" + index;
  }

  /**
   * Why a node is not taken; null if it is.
   *
   * @param arena may be closed afterwards
   */
  public static @Nullable Decline decline(GraphView view, Node node, Arena arena) {
    try {
      new Translator(new Ir(arena), view, true).write(node);
      return null;
    } catch (Declined declined) {
      return declined.reason();
    }
  }

  /** Writes a subgraph, its inputs named {@link #inputName}, its outputs in order. */
  public static Ir write(Subgraph subgraph, Arena arena) {
    Ir ir = new Ir(arena);
    Translator translator = new Translator(ir, subgraph, false);
    List<Value> inputs = subgraph.inputs();
    for (int i = 0; i < inputs.size(); i++) {
      translator.ports.put(inputs.get(i), ir.parameter(inputName(i), inputs.get(i).tensorType()));
    }
    subgraph.nodes().forEach(translator::write);
    subgraph.outputs().forEach(value -> ir.result(translator.in(value)));
    return ir;
  }

  private void write(Node node) {
    Layers layers = Operations.find(node.name());
    if (layers == null) {
      throw new Declined(Decline.Kind.OPERATOR, "no layers are written for " + node.name());
    }
    for (Value value : node.inputs()) {
      if (value.isTensor()) {
        check(value, layers.takes());
      }
    }
    for (Value result : node.results()) {
      if (isUsed(result)) {
        check(result, layers.gives());
      }
    }
    layers.body().write(node, this);
  }

  private static void check(Value value, List<DType> dtypes) {
    if (!value.isTensor()) {
      throw new Declined(Decline.Kind.OPERATOR, "a result is a scalar");
    }
    if (!dtypes.contains(value.dtype())) {
      throw new Declined(Decline.Kind.DTYPE, "a tensor is " + Declined.name(value.dtype()));
    }
    if (value.shape().rank() > MOST_DIMS) {
      throw Declined.shape("the rank " + value.shape().rank() + " is above " + MOST_DIMS);
    }
    if (value.shape().numel() == 0) {
      throw Declined.shape("a tensor " + value.shape() + " is empty");
    }
  }

  // What layers are written with

  Ir ir() {
    return ir;
  }

  boolean isUsed(Value result) {
    return !view.users(result).isEmpty() || view.isOutput(result);
  }

  /** Declines a node of which more than the first result is used. */
  void onlyFirstResult(Node node) {
    if (node.results().stream().skip(1).anyMatch(this::isUsed)) {
      throw Declined.argument("more than its first result is used");
    }
  }

  Port in(Value value) {
    Port port = ports.get(value);
    if (port == null) {
      if (value.isConstant()) {
        port = ir.constant(value.constant());
      } else if (trial) {
        port = ir.parameter("v" + value.id(), value.tensorType());
      } else {
        throw new IllegalStateException(value + " is used before it is given");
      }
      ports.put(value, port);
    }
    return port;
  }

  Port in(Node node, String parameter) {
    return in(node.tensor(parameter));
  }

  void out(Node node, Port port) {
    ports.put(node.result(), port);
  }

  void out(Node node, int result, Port port) {
    ports.put(node.results().get(result), port);
  }

  /** Number literals, known before the program runs. */
  static double number(Node node, String parameter) {
    literal(node, parameter);
    return node.number(parameter);
  }

  static long integer(Node node, String parameter) {
    literal(node, parameter);
    return node.integer(parameter);
  }

  static long[] integers(Node node, String parameter) {
    literal(node, parameter);
    return node.integers(parameter);
  }

  private static void literal(Node node, String parameter) {
    if (!node.isLiteral(parameter)) {
      throw Declined.argument("the program computes '" + parameter + "'");
    }
  }

  /** A dimension counted from the front. */
  static int dim(Node node, String parameter, int rank) {
    long dim = integer(node, parameter);
    return (int) (dim < 0 ? dim + rank : dim);
  }

  static boolean varies(Node node) {
    return node.inputs().stream().anyMatch(v -> v.isTensor() && v.tensorType().dynamic())
        || node.results().stream().anyMatch(v -> v.isTensor() && v.tensorType().dynamic());
  }

  /** Declines a node whose sizes vary. */
  static void fixed(Node node) {
    if (varies(node)) {
      throw Declined.varies("its layers have sizes written in them");
    }
  }

  /** Declines a dtype argument that asks for a conversion. */
  static void sameDtype(Node node) {
    if (node.operator().has("dtype")
        && node.argument("dtype") instanceof Argument.Int code
        && code.value() != DType.FLOAT.code()) {
      throw Declined.argument("it converts to another dtype");
    }
  }
}
