package dev.baton.runtime.lift;

import dev.baton.delegate.Payload;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DimOrder;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operator;
import dev.baton.graph.Operators;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.graph.ValueType;
import dev.baton.runtime.kernel.Kernel;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.RandomNumbers;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Takes out of a graph what does no work: copies that copy nothing, permutations that meet, views
 * and permutations of constants, and nodes that depend on no input, whose results become constants.
 * Dequantize operators stay, one for each user: delegates compute with the quantized numbers.
 */
public final class Simplifier {
  /** A folded result may be this large, or four times its operands. */
  private static final long FOLDED_BYTES = 1 << 20;

  /** All folded results of a block together; past it, nodes stay. */
  private static final long ALL_FOLDED_BYTES = 64 << 20;

  private static final Set<String> COPIES =
      Set.of(
          "aten::alias_copy",
          "aten::clone",
          "aten::contiguous",
          "aten::detach_copy",
          "aten::lift_fresh_copy",
          "dim_order_ops::_clone_dim_order");
  private static final Set<String> CASTS =
      Set.of("aten::_to_copy", "dim_order_ops::_to_dim_order_copy");
  private static final Set<String> RESHAPES =
      Set.of(
          "aten::view_copy",
          "aten::expand_copy",
          "aten::unsqueeze_copy",
          "aten::squeeze_copy.dim",
          "aten::squeeze_copy.dims",
          "executorch_prim::et_view");

  /** True for operators that must run each time, or cannot. */
  static boolean isUnfoldable(String operator) {
    return RandomNumbers.makes(operator) || operator.equals(MethodLifter.PAYLOAD.name());
  }

  private final Graph graph;
  private final Kernels kernels;
  private final Arena arena;
  private final Graph.Builder into = new Graph.Builder();
  private final Map<Value, Argument> mapped = new HashMap<>();
  private final Map<Integer, Payload> payloads = new HashMap<>();

  /** Dequantize operators that were copied for the node at hand. */
  private final Map<Value, Value> copies = new HashMap<>();

  private final long maxBytes; // of all results
  private final long maxMemoryBytes; // of what computing one takes
  private long foldedBytes;

  private Simplifier(Graph graph, Kernels kernels, Arena arena, long maxBytes) {
    this.maxBytes = Math.min(maxBytes, ALL_FOLDED_BYTES);
    this.maxMemoryBytes = maxBytes;
    this.graph = graph;
    this.kernels = kernels;
    this.arena = arena;
  }

  /**
   * @param arena where folded constants live; closed after everything that was made of the block
   */
  public static Block simplify(Block block, Kernels kernels, Arena arena, long maxBytes) {
    Simplifier s = new Simplifier(block.graph(), kernels, arena, maxBytes);
    return s.run(block);
  }

  private Block run(Block block) {
    for (Value input : graph.inputs()) {
      mapped.put(input, into.input(input.type()));
    }
    for (Node node : graph.nodes()) {
      copies.clear();
      List<Argument> arguments = node.arguments().stream().map(this::map).toList();
      List<Value> replacement = rewrite(node, arguments);
      for (int r = 0; r < replacement.size(); r++) {
        mapped.put(node.results().get(r), replacement.get(r));
      }
      if (block.payloads().containsKey(node.id())) {
        payloads.put(id(replacement.get(0)), block.payloads().get(node.id()));
      }
    }
    copies.clear();
    List<Value> results = graph.results().stream().map(v -> (Value) map(v)).toList();
    return new Block(into.build(results), block.reads(), block.writes(), payloads, block.next());
  }

  private static int id(Value result) {
    Node producer = result.producer();
    if (producer == null) {
      throw new IllegalStateException("a payload's result without a node");
    }
    return producer.id();
  }

  private Argument map(Argument argument) {
    return switch (argument) {
      case Value v -> {
        Argument known = mapped.get(v);
        if (known == null) {
          known = into.constant(v.constant());
          mapped.put(v, known);
        }
        yield known instanceof Value value && Dequantization.isDequantized(value)
            ? copies.computeIfAbsent(value, d -> Dequantization.copy(d, into))
            : known;
      }
      case Argument.Items list -> new Argument.Items(list.items().stream().map(this::map).toList());
      default -> argument;
    };
  }

  private List<Value> rewrite(Node node, List<Argument> arguments) {
    Value same = unchanged(node, arguments);
    if (same != null) {
      return List.of(same);
    }
    if (node.name().equals("aten::permute_copy")
        && arguments.get(0) instanceof Value source
        && node.isLiteral("dims")) {
      return List.of(permute(node, source, normalized(node.integers("dims"))));
    }
    if (RESHAPES.contains(node.name())
        && arguments.get(0) instanceof Value source
        && source.isConstant()
        && source.constant().isContiguous()
        && source.constant().type().shape().numel() == node.result().shape().numel()
        && !node.result().tensorType().dynamic()) {
      return List.of(into.constant(source.constant().reshape(node.result().shape().sizes())));
    }
    if (RESHAPES.contains(node.name())
        && arguments.get(0) instanceof Value source
        && !node.result().tensorType().dynamic()) {
      Value viewed = Dequantization.reshaped(source, node.result().shape(), into);
      if (viewed != null) {
        return List.of(viewed);
      }
    }
    boolean valueAlone = node.name().equals("aten::full_like") && node.isLiteral("fill_value");
    List<Value> folded =
        valueAlone
            ? fold(
                Operators.get("aten::full"),
                List.of(
                    Argument.ints(node.result().shape().sizes()),
                    node.argument("fill_value"),
                    Argument.of(node.result().dtype())),
                node)
            : fold(node.operator(), arguments, node);
    return folded != null
        ? folded
        : into.node(
                node.operator(),
                arguments,
                node.results().stream().map(Value::type).toList(),
                node.origin())
            .results();
  }

  private @Nullable Value unchanged(Node node, List<Argument> arguments) {
    if (arguments.isEmpty()
        || !(arguments.get(0) instanceof Value source)
        || !source.isTensor()
        || node.results().size() != 1
        || !node.result().isTensor()) {
      return null;
    }
    TensorType from = source.tensorType();
    TensorType to = node.result().tensorType();
    boolean sameStatic = !from.dynamic() && !to.dynamic() && from.equals(to);
    boolean kept =
        (COPIES.contains(node.name()) && from.equals(to))
            || (CASTS.contains(node.name()) && from.equals(to))
            || (RESHAPES.contains(node.name()) && sameStatic)
            || (node.name().equals("aten::slice_copy.Tensor")
                && sameStatic
                && node.isLiteral("step")
                && node.integer("step") == 1);
    return kept ? source : null;
  }

  private static int[] normalized(long[] dims) {
    int[] order = new int[dims.length];
    for (int d = 0; d < dims.length; d++) {
      order[d] = (int) (dims[d] < 0 ? dims[d] + dims.length : dims[d]);
    }
    return order;
  }

  private Value permute(Node node, Value source, int[] order) {
    Node producer = source.producer();
    if (producer != null
        && producer.name().equals("aten::permute_copy")
        && producer.isLiteral("dims")) {
      int[] inner = normalized(producer.integers("dims"));
      int[] both = new int[order.length];
      for (int d = 0; d < order.length; d++) {
        both[d] = inner[order[d]];
      }
      return permute(node, producer.tensor("self"), both);
    }
    if (DimOrder.of(order).isContiguous()) {
      return source;
    }
    if (source.isConstant()) {
      return into.constant(source.constant().permute(order));
    }
    Value weights = Dequantization.permuted(source, order, into);
    if (weights != null) {
      return weights;
    }
    return into.node(
            node.operator(),
            List.of(source, Argument.ints(order)),
            List.of(node.result().type()),
            node.origin())
        .result();
  }

  /**
   * The results as constants, if the node depends on no input and they are of reasonable size; else
   * null.
   */
  private @Nullable List<Value> fold(Operator operator, List<Argument> arguments, Node node) {
    Kernel kernel = kernels.find(operator.name());
    if (Dequantization.isDequantize(operator.name())) {
      return null; // a delegate may want the quantized constant
    }
    if (kernel == null || isUnfoldable(operator.name()) || node.results().isEmpty()) {
      return null;
    }
    Graph.Builder scratch = new Graph.Builder();
    List<ValueType> types = node.results().stream().map(Value::type).toList();
    Node alone = scratch.node(operator, arguments, types, node.origin());
    long inputBytes = 0;
    for (Value input : alone.inputs()) {
      if (!input.isConstant()) {
        return null;
      }
      inputBytes += input.tensorType().byteSize();
    }
    if (kernel.isDataDependent(new NodeCall(alone, LITERALS))) {
      return null;
    }
    long outputBytes = 0;
    for (Value result : alone.results()) {
      if (!result.isTensor() || result.tensorType().dynamic()) {
        return null;
      }
      outputBytes += result.tensorType().byteSize();
    }
    boolean tooLarge = outputBytes > Math.max(FOLDED_BYTES, 4 * inputBytes);
    if (tooLarge || foldedBytes + outputBytes > maxBytes) {
      return null;
    }
    try {
      return evaluate(kernel, alone);
    } catch (OutOfMemoryError e) {
      return null; // a run that needs it says so
    } catch (RuntimeException e) {
      if (!KernelException.isRefusal(e)) {
        throw e;
      }
      return null; // refused again, with its place, when the plan is made
    }
  }

  private List<Value> evaluate(Kernel kernel, Node node) {
    try (Arena temporary = Arena.ofConfined()) {
      List<Value> results = new ArrayList<>();
      for (Operand computed :
          Evaluation.run(
              kernel,
              node,
              v -> Constants.contiguous(v.constant(), temporary),
              arena,
              maxMemoryBytes)) {
        foldedBytes += computed.data().byteSize() + Constants.SLACK;
        TensorType type = new TensorType(computed.dtype(), computed.shape(), false);
        results.add(into.constant(Constant.of(computed.data(), type)));
      }
      return results;
    }
  }

  private static final NodeCall.Facts LITERALS = NodeCall.declaredTypes();
}
