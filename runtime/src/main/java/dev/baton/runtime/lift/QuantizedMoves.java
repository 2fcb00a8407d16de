package dev.baton.runtime.lift;

import dev.baton.graph.Argument;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Quantization;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.Clamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Moves integers instead of real numbers: a dequantize operator goes behind the views that follow
 * it, a quantize operator before the views, and a clamp among them, that it follows, and a pair of
 * both that changes nothing goes away. What computes is then next to what quantizes, as delegates
 * and kernels look for it. Each element is computed as before.
 *
 * <pre>
 * q ─ dequantize ─ view ─ addmm ─ view ─ relu ─ quantize     becomes
 * q ─ view ─ dequantize ─ addmm ─ relu ─ quantize ─ view
 * </pre>
 *
 * Only of tensors with one scale. Where the program chooses it while it runs, views go before the
 * choice.
 */
public final class QuantizedMoves extends GraphRewriter {
  private static final Set<String> VIEWS =
      Set.of(
          "aten::view_copy",
          "executorch_prim::et_view",
          "aten::unsqueeze_copy",
          "aten::squeeze_copy.dim",
          "aten::squeeze_copy.dims",
          "aten::permute_copy",
          "aten::transpose_copy.int",
          "aten::t_copy",
          "aten::flatten.using_ints",
          "aten::unflatten.int");

  /** What takes some elements: fewer are dequantized behind it. */
  private static final Set<String> SELECTIONS =
      Set.of("aten::slice_copy.Tensor", "aten::select_copy.int");

  private static final String QUANTIZE = "quantized_decomposed::quantize";
  private static final String DEQUANTIZE = "quantized_decomposed::dequantize";
  private static final String CHOICE = "quantized_decomposed::choose_qparams.tensor";

  private QuantizedMoves(Graph graph) {
    super(graph);
  }

  public static Block apply(Block block) {
    return block.graph().nodes().stream().anyMatch(QuantizedMoves::concerns)
        ? new QuantizedMoves(block.graph()).rewrite(block)
        : block;
  }

  private static boolean concerns(Node node) {
    return perTensor(node) != null || isDynamic(node, DEQUANTIZE);
  }

  private static Quantization.@Nullable PerTensor perTensor(@Nullable Node node) {
    return node != null && Quantization.of(node) instanceof Quantization.PerTensor q ? q : null;
  }

  @Override
  @Nullable List<Value> replacement(Node node) {
    Value given = null;
    if (VIEWS.contains(node.name()) || SELECTIONS.contains(node.name())) {
      given = moveIntegers(node);
      if (given == null && VIEWS.contains(node.name())) {
        given = chooseLater(node);
      }
    } else if (Quantization.isQuantize(node) && perTensor(node) != null) {
      given = quantizeEarlier(node);
    }
    return given == null ? null : List.of(given);
  }

  private boolean hasOneUser(Value value) {
    return graph.users(value).size() == 1 && !graph.isOutput(value);
  }

  /** A move of what was dequantized, as what is moved and then dequantized; null if it is not. */
  private @Nullable Value moveIntegers(Node move) {
    Value self = move.tensor("self");
    Node dequantize = map(self).producer();
    if (dequantize == null
        || !Quantization.isDequantize(dequantize)
        || perTensor(dequantize) == null
        || dequantize.tensor("input").isConstant()
        || !hasOneUser(self)) {
      return null;
    }
    Value moved = again(move, "self", dequantize.tensor("input"), move.result().tensorType());
    return into.node(
            dequantize.operator(),
            with(dequantize, "input", moved, dequantize.arguments()),
            List.of(move.result().type()),
            dequantize.origin())
        .result();
  }

  /**
   * A view of what is quantized while the program runs, as what is viewed and then quantized: the
   * least and the greatest element stay the same. Null if it is no such view.
   */
  private @Nullable Value chooseLater(Node view) {
    Value self = view.tensor("self");
    Node dequantize = map(self).producer();
    if (dequantize == null || !isDynamic(dequantize, DEQUANTIZE) || !hasOneUser(self)) {
      return null;
    }
    Node quantize = dequantize.tensor("input").producer();
    Node choice = dequantize.tensor("scale").producer();
    if (quantize == null
        || choice == null
        || !isDynamic(quantize, QUANTIZE)
        || !choice.name().equals(CHOICE)
        || quantize.tensor("input") != choice.tensor("input")
        || !parameters(quantize).equals(choice.results())
        || !parameters(dequantize).equals(choice.results())) {
      return null;
    }
    TensorType type = view.result().tensorType();
    Value real = again(view, "self", choice.tensor("input"), type);
    List<Value> chosen =
        into.node(
                choice.operator(),
                with(choice, "input", real, choice.arguments()),
                choice.results().stream().map(Value::type).toList(),
                choice.origin())
            .results();
    TensorType integers = new TensorType(quantize.result().dtype(), type.shape(), type.dynamic());
    Value quantized = converted(quantize, real, chosen, integers);
    return converted(dequantize, quantized, chosen, type);
  }

  private static boolean isDynamic(Node node, String prefix) {
    return node.name().equals(prefix + "_per_tensor.tensor");
  }

  private static List<Value> parameters(Node node) {
    return List.of(node.tensor("scale"), node.tensor("zero_point"));
  }

  private Value converted(Node node, Value input, List<Value> parameters, TensorType type) {
    List<Argument> arguments = with(node, "input", input, node.arguments());
    arguments.set(node.operator().indexOf("scale"), parameters.get(0));
    arguments.set(node.operator().indexOf("zero_point"), parameters.get(1));
    return into.node(node.operator(), arguments, List.of(type), node.origin()).result();
  }

  /** The integers of a quantize operator, if there is something to do; else null. */
  private @Nullable Value quantizeEarlier(Node quantize) {
    List<Node> views = new ArrayList<>();
    Node clamp = null;
    Value source = quantize.tensor("input");
    while (source.producer() != null && hasOneUser(source)) {
      Node producer = source.producer();
      if (VIEWS.contains(producer.name())) {
        views.add(producer);
      } else if (clamp == null && Clamp.isClamp(producer) && producer.inputs().size() == 1) {
        clamp = producer;
      } else {
        break;
      }
      source = producer.tensor("self");
    }
    Value known = clamp == null ? integers(map(source), quantize) : null;
    if (views.isEmpty()) {
      return known;
    }
    TensorType type = source.tensorType();
    Value integers = known;
    if (integers == null) {
      Value real = map(source);
      if (clamp != null) {
        real = again(clamp, "self", real, type);
      }
      integers =
          again(
              quantize,
              "input",
              real,
              new TensorType(quantize.result().dtype(), type.shape(), type.dynamic()));
    }
    for (Node view : views.reversed()) {
      integers = again(view, "self", integers, view.result().tensorType());
    }
    return integers;
  }

  /** What a value was dequantized of, where quantizing it gives the same; else null. */
  private static @Nullable Value integers(Value real, Node quantize) {
    Node dequantize = real.producer();
    Quantization.PerTensor q = perTensor(quantize);
    boolean whole =
        q != null
            && switch (q.dtype()) {
              case INT8 -> q.min() == Byte.MIN_VALUE && q.max() == Byte.MAX_VALUE;
              case UINT8 -> q.min() == 0 && q.max() == 255;
              default -> false;
            };
    return q != null
            && whole
            && dequantize != null
            && Quantization.isDequantize(dequantize)
            && q.equals(perTensor(dequantize))
        ? dequantize.tensor("input")
        : null;
  }

  /** A node of the old graph on another tensor, with a result of its dtype. */
  private Value again(Node node, String parameter, Value input, TensorType result) {
    boolean moves = parameter.equals("self") && !Clamp.isClamp(node);
    TensorType type =
        moves ? new TensorType(input.dtype(), result.shape(), result.dynamic()) : result;
    List<Argument> mapped = node.arguments().stream().map(this::map).toList();
    return into.node(
            node.operator(), with(node, parameter, input, mapped), List.of(type), node.origin())
        .result();
  }

  private static List<Argument> with(
      Node node, String parameter, Value value, List<Argument> arguments) {
    List<Argument> changed = new ArrayList<>(arguments);
    changed.set(node.operator().indexOf(parameter), value);
    return changed;
  }
}
