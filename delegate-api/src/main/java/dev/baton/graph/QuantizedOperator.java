package dev.baton.graph;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An operator on quantized tensors, as graphs write it: each quantized operand is dequantized, the
 * operator computes with real numbers, and its result may be clamped and quantized again.
 *
 * <pre>
 * q_x ─ dequantize ─┐
 * q_w ─ dequantize ─┼─ operator ─ (clamp) ─ quantize ─ q_y
 *   b ──────────────┘
 * </pre>
 *
 * A dynamically quantized operand is a real tensor that is quantized where it is used:
 *
 * <pre>
 * x ─┬─ choose parameters ─┬──────────┐
 *    └──────────────────── quantize ─ dequantize ─ operator
 * </pre>
 *
 * Operators that only move data match as well. The host keeps a dequantize operator for each user,
 * so the groups of two operators share no node.
 */
public final class QuantizedOperator {
  private static final Set<String> CLAMPS =
      Set.of("aten::relu", "aten::relu6", "aten::hardtanh", "aten::clamp");

  private final Node operator;
  private final List<Operand> operands;
  private final @Nullable Node clamp;
  private final @Nullable Node quantize;
  private final @Nullable Quantization output;
  private final List<Node> nodes;

  private QuantizedOperator(
      Node operator,
      List<Operand> operands,
      @Nullable Node clamp,
      @Nullable Node quantize,
      @Nullable Quantization output,
      List<Node> nodes) {
    this.operator = operator;
    this.operands = List.copyOf(operands);
    this.clamp = clamp;
    this.quantize = quantize;
    this.output = output;
    this.nodes = List.copyOf(nodes);
  }

  /** What computes; any operator but quantize, dequantize and the choice of parameters. */
  public Node operator() {
    return operator;
  }

  /** One for each of {@link Node#inputs()} of the operator, in order. */
  public List<Operand> operands() {
    return operands;
  }

  /**
   * Relu, relu6, hardtanh or clamp between the operator and {@link #quantize}; null if there is
   * none.
   */
  public @Nullable Node clamp() {
    return clamp;
  }

  /**
   * What quantizes the first result; null if the result stays real, or has other users than the
   * quantization.
   */
  public @Nullable Node quantize() {
    return quantize;
  }

  /** How {@link #quantize} does it; null if and only if that is null. */
  public @Nullable Quantization output() {
    return output;
  }

  /** All nodes of the group, in an order in which every value is given before it is used. */
  public List<Node> nodes() {
    return nodes;
  }

  /** An operand. */
  public static final class Operand {
    private final Value value;
    private final Value source;
    private final @Nullable Quantization quantization;
    private final List<Node> nodes;

    private Operand(
        Value value, Value source, @Nullable Quantization quantization, List<Node> nodes) {
      this.value = value;
      this.source = source;
      this.quantization = quantization;
      this.nodes = List.copyOf(nodes);
    }

    /** What the operator takes: real numbers. */
    public Value value() {
      return value;
    }

    /**
     * What {@link #value} was made of: the integers of a static quantization, the real tensor of a
     * dynamic one, the value itself if it is not quantized.
     */
    public Value source() {
      return source;
    }

    /** Null if the operand is not quantized. */
    public @Nullable Quantization quantization() {
      return quantization;
    }

    /** Between {@link #source} and {@link #value}; nobody else uses them. */
    public List<Node> nodes() {
      return nodes;
    }

    public boolean isQuantized() {
      return quantization != null;
    }
  }

  /**
   * The operand that is a parameter of the operator.
   *
   * @throws IllegalArgumentException if the operator has no such parameter
   * @throws IllegalStateException if the argument is absent or no tensor
   */
  public Operand operand(String parameter) {
    Value value = operator.tensor(parameter);
    return operands.stream().filter(o -> o.value() == value).findFirst().orElseThrow();
  }

  /** The value that the group gives: integers if it quantizes, else the operator's first result. */
  public Value result() {
    return quantize != null ? quantize.result() : operator.result();
  }

  /**
   * Looks for the quantization around an operator. Only nodes of the view are looked at.
   *
   * @return null if no operand is quantized, or the operator is itself one of the quantization
   */
  public static @Nullable QuantizedOperator match(GraphView view, Node operator) {
    if (isQuantizing(operator)) {
      return null;
    }
    List<Operand> operands = new ArrayList<>();
    Set<Node> nodes = new LinkedHashSet<>();
    for (Value value : operator.inputs()) {
      Operand operand = operand(view, operator, value);
      operands.add(operand);
      nodes.addAll(operand.nodes());
    }
    if (operands.stream().noneMatch(Operand::isQuantized)) {
      return null;
    }
    nodes.add(operator);
    Node clamp = null;
    Node quantize = onlyUser(view, operator);
    if (quantize != null
        && CLAMPS.contains(quantize.name())
        && quantize.inputs().size() == 1
        && !CLAMPS.contains(operator.name())) {
      clamp = quantize;
      quantize = onlyUser(view, clamp);
    }
    Quantization output =
        quantize != null && Quantization.isQuantize(quantize) ? Quantization.of(quantize) : null;
    if (output == null) {
      return new QuantizedOperator(operator, operands, null, null, null, List.copyOf(nodes));
    }
    if (clamp != null) {
      nodes.add(clamp);
    }
    nodes.add(quantize);
    return new QuantizedOperator(operator, operands, clamp, quantize, output, List.copyOf(nodes));
  }

  /** True for quantize, dequantize, and the choice of parameters. */
  public static boolean isQuantizing(Node node) {
    return Quantization.isQuantize(node) || Quantization.isDequantize(node) || isChoice(node);
  }

  private static boolean isChoice(Node node) {
    return node.name().startsWith("quantized_decomposed::choose_qparams");
  }

  /** The user of a node's first result, if that is all that is used of the node, and once. */
  private static @Nullable Node onlyUser(GraphView view, Node node) {
    for (Value result : node.results()) {
      int users = view.users(result).size();
      if (view.isOutput(result) || users != (result == node.result() ? 1 : 0)) {
        return null;
      }
    }
    Node user = view.users(node.result()).get(0);
    return user.argument(user.operator().parameters().get(0).name()) == node.result() ? user : null;
  }

  private static Operand operand(GraphView view, Node operator, Value value) {
    Operand real = new Operand(value, value, null, List.of());
    Node dequantize = value.producer();
    if (dequantize == null
        || !Quantization.isDequantize(dequantize)
        || !isPrivate(view, value, List.of(operator))) {
      return real;
    }
    Value source = dequantize.tensor("input");
    if (!view.users(source).contains(dequantize)) {
      return real;
    }
    Quantization quantization = Quantization.of(dequantize);
    return quantization != null
        ? new Operand(value, source, quantization, List.of(dequantize))
        : dynamic(view, dequantize, value, real);
  }

  private static Operand dynamic(GraphView view, Node dequantize, Value value, Operand orElse) {
    boolean perToken = dequantize.name().endsWith("_per_token");
    boolean perTensor = dequantize.name().endsWith("_per_tensor.tensor");
    Node quantize = dequantize.tensor("input").producer();
    if ((!perToken && !perTensor) || quantize == null || !Quantization.isQuantize(quantize)) {
      return orElse;
    }
    String scale = perToken ? "scales" : "scale";
    String zeroPoint = perToken ? "zero_points" : "zero_point";
    Value scales = dequantize.tensor(scale);
    Value zeroPoints = dequantize.tensor(zeroPoint);
    Node choice = scales.producer();
    boolean fits =
        choice != null
            && isChoice(choice)
            && choice.name().contains("_per_token") == perToken
            && zeroPoints.producer() == choice
            && quantize.operator().has(scale)
            && quantize.argument(scale) == scales
            && quantize.argument(zeroPoint) == zeroPoints
            && quantize.tensor("input") == choice.tensor("input")
            && dequantize.integer("quant_min") == quantize.integer("quant_min")
            && dequantize.integer("quant_max") == quantize.integer("quant_max")
            && view.users(choice.tensor("input")).containsAll(List.of(choice, quantize))
            && isPrivate(view, quantize.result(), List.of(dequantize))
            && isPrivate(view, scales, List.of(quantize, dequantize))
            && isPrivate(view, zeroPoints, List.of(quantize, dequantize));
    if (choice == null || !fits) {
      return orElse;
    }
    boolean symmetric =
        choice.name().contains("_symmetric")
            || choice.name().equals("quantized_decomposed::choose_qparams_per_token");
    return new Operand(
        value,
        choice.tensor("input"),
        new Quantization.Dynamic(
            perToken,
            symmetric,
            quantize.integer("quant_min"),
            quantize.integer("quant_max"),
            quantize.result().dtype()),
        List.of(choice, quantize, dequantize));
  }

  private static boolean isPrivate(GraphView view, Value value, List<Node> users) {
    return !view.isOutput(value) && view.users(value).equals(users);
  }
}
