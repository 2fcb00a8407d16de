package dev.baton.runtime.lift;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Takes the guard off PyTorch's attention: {@code where(all(x == -inf), 0, softmax(x))}, in any of
 * the forms in which exporters write it. Its comparisons would split what accelerators run as one.
 *
 * <p>Where it is proved that every row of x has an element above −∞, the softmax alone remains.
 * Elsewhere the guard becomes arithmetic: {@code softmax(max(x, least)) · g}, where least is the
 * least float, and g, for each row, is 0 if the row's maximum is −∞ and 1 if it is not. (The value
 * is the same but for a row whose largest element is the least float itself, beside −∞: there these
 * count alike.)
 */
public final class SafeSoftmax extends GraphRewriter {
  private static final Set<String> RESHAPES =
      Set.of("aten::view_copy", "executorch_prim::et_view", "aten::unsqueeze_copy");

  private final Magnitudes magnitudes = new Magnitudes();

  private SafeSoftmax(Graph graph) {
    super(graph);
  }

  public static Block apply(Block block) {
    Graph graph = block.graph();
    boolean any = graph.nodes().stream().anyMatch(node -> guarded(node) != null);
    return any ? new SafeSoftmax(graph).rewrite(block) : block;
  }

  @Override
  @Nullable List<Value> replacement(Node node) {
    Node softmax = guarded(node);
    if (softmax == null) {
      return null;
    }
    Value x = softmax.tensor("self");
    if (everyRowIsAboveMinusInfinity(x, dim(softmax))) {
      return List.of(map(softmax.result()));
    }
    return List.of(masked(node, softmax));
  }

  private Value masked(Node guard, Node softmax) {
    Value x = softmax.tensor("self");
    Origin origin = guard.origin();
    Argument least = Argument.of((double) -Float.MAX_VALUE);
    Argument none = Argument.none();
    TensorType full = x.tensorType();
    int[] sizes = x.shape().sizes();
    sizes[dim(softmax)] = 1;
    TensorType rows = new TensorType(DType.FLOAT, Shape.of(sizes), full.dynamic());

    Value most =
        add(
            "aten::amax",
            rows,
            origin,
            List.of(map(x), Argument.ints(dim(softmax)), Argument.of(true)));
    // Halved, the least float is told from minus infinity.
    Value half = add("aten::mul.Scalar", rows, origin, List.of(most, Argument.of(0.5)));
    Value cut = add("aten::clamp", rows, origin, List.of(half, least, none));
    Value above =
        add("aten::add.Scalar", rows, origin, List.of(cut, Argument.of((double) Float.MAX_VALUE)));
    Value gate =
        add("aten::clamp", rows, origin, List.of(above, Argument.of(0.0), Argument.of(1.0)));
    Value finite = add("aten::clamp", full, origin, List.of(map(x), least, none));
    Value plain =
        into.node(
                Operators.get("aten::_softmax"),
                List.of(finite, Argument.of(dim(softmax)), Argument.of(false)),
                List.of(softmax.result().type()),
                softmax.origin())
            .result();
    return add("aten::mul.Tensor", softmax.result().tensorType(), origin, List.of(plain, gate));
  }

  // ---- the guard

  /** The softmax that a node guards; null if it is no such guard. */
  private static @Nullable Node guarded(Node node) {
    if (!node.name().equals("aten::where.self")) {
      return null;
    }
    Value condition = node.tensor("condition");
    boolean negated = isLogicalNot(condition);
    Value any = negated ? operand(condition) : condition;
    Node softmax = node.tensor(negated ? "other" : "self").producer();
    Value zero = node.tensor(negated ? "self" : "other");
    if (softmax == null
        || !softmax.name().equals("aten::_softmax")
        || !softmax.isLiteral("dim")
        || softmax.bool("half_to_float")
        || softmax.tensor("self").dtype() != DType.FLOAT
        || softmax.tensor("self").shape().rank() == 0
        || !node.result().type().equals(softmax.result().type())
        || !isZero(zero)) {
      return null;
    }
    Value compared = comparedWithMinusInfinity(any, dim(softmax));
    return compared == softmax.tensor("self") ? softmax : null;
  }

  private static int dim(Node softmax) {
    return normalized(softmax.integer("dim"), softmax.tensor("self").shape().rank());
  }

  private static int normalized(long dim, int rank) {
    return (int) (dim < 0 ? dim + rank : dim);
  }

  private static boolean isLogicalNot(Value value) {
    Node node = value.producer();
    return node != null
        && (node.name().equals("aten::logical_not") || node.name().equals("aten::bitwise_not"))
        && node.tensor("self").dtype() == DType.BOOL;
  }

  private static Value operand(Value negation) {
    Node node = negation.producer();
    if (node == null) {
      throw new IllegalStateException(negation + " is no negation");
    }
    return node.tensor("self");
  }

  /** x of {@code any(x != -inf)} over one dim that is kept; null if it is anything else. */
  private static @Nullable Value comparedWithMinusInfinity(Value any, int dim) {
    Node node = any.producer();
    if (node == null
        || !(node.name().equals("aten::any.dim") || node.name().equals("aten::any.dims"))) {
      return null;
    }
    int rank = node.tensor("self").shape().rank();
    boolean sameRows =
        node.isLiteral("dim")
            && !node.isNone("dim")
            && node.bool("keepdim")
            && node.integers("dim").length == 1
            && normalized(node.integers("dim")[0], rank) == dim;
    if (!sameRows) {
      return null;
    }
    Value elements = node.tensor("self");
    boolean negated = isLogicalNot(elements);
    Node comparison = (negated ? operand(elements) : elements).producer();
    if (comparison == null
        || !comparison.name().equals(negated ? "aten::eq.Scalar" : "aten::ne.Scalar")
        || !comparison.isLiteral("other")
        || comparison.number("other") != Double.NEGATIVE_INFINITY) {
      return null;
    }
    return comparison.tensor("self");
  }

  private static boolean isZero(Value value) {
    if (value.isConstant()) {
      return value.dtype() == DType.FLOAT && isZero(value.constant());
    }
    Node node = value.producer();
    return node != null
        && Set.of("aten::full", "aten::full_like", "aten::scalar_tensor").contains(node.name())
        && isNumber(node, node.operator().has("fill_value") ? "fill_value" : "s", 0);
  }

  private static boolean isNumber(Node node, String parameter, double number) {
    return node.isLiteral(parameter) && node.number(parameter) == number;
  }

  private static boolean isZero(Constant constant) {
    MemorySegment data = constant.data();
    for (long i = 0; i < constant.type().shape().numel(); i++) {
      if (data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i) != 0) {
        return false;
      }
    }
    return true;
  }

  // ---- the proof

  private boolean everyRowIsAboveMinusInfinity(Value x, int dim) {
    if (magnitudes.of(x) < Magnitudes.SAFE) {
      return true;
    }
    Node node = x.producer();
    if (node == null) {
      return false;
    }
    if (RESHAPES.contains(node.name())) {
      Value source = node.tensor("self");
      boolean sameRows =
          dim == x.shape().rank() - 1
              && source.shape().rank() > 0
              && !x.tensorType().dynamic()
              && !source.tensorType().dynamic()
              && source.shape().size(-1) == x.shape().size(-1);
      return sameRows && everyRowIsAboveMinusInfinity(source, source.shape().rank() - 1);
    }
    if (node.name().equals("aten::add.Tensor") && isNumber(node, "alpha", 1)) {
      Value a = node.tensor("self");
      Value b = node.tensor("other");
      return leavesSomething(a, b, x, dim) || leavesSomething(b, a, x, dim);
    }
    if (node.name().equals("aten::where.self")) {
      return selectsSomething(node, x, dim);
    }
    return false;
  }

  /** True if a bounded value plus a constant mask has an element above −∞ in every row. */
  private boolean leavesSomething(Value bounded, Value mask, Value x, int dim) {
    return mask.isConstant()
        && mask.dtype() == DType.FLOAT
        && magnitudes.of(bounded) < Magnitudes.SAFE
        && inEveryRow(
            mask.constant(),
            x.shape(),
            dim,
            (data, i) ->
                data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i) > Float.NEGATIVE_INFINITY);
  }

  /** True if a constant condition selects an element of a bounded value in every row. */
  private boolean selectsSomething(Node where, Value x, int dim) {
    Value condition = where.tensor("condition");
    if (!condition.isConstant() || condition.dtype() != DType.BOOL) {
      return false;
    }
    for (boolean chosen : new boolean[] {true, false}) {
      Value from = where.tensor(chosen ? "self" : "other");
      if (magnitudes.of(from) < Magnitudes.SAFE
          && inEveryRow(
              condition.constant(),
              x.shape(),
              dim,
              (data, i) -> (data.get(ValueLayout.JAVA_BYTE, i) != 0) == chosen)) {
        return true;
      }
    }
    return false;
  }

  private interface Element {
    boolean holds(MemorySegment data, long index);
  }

  /** True if every row of a constant that is broadcast to a shape has an element that holds. */
  private static boolean inEveryRow(Constant constant, Shape shape, int dim, Element element) {
    Shape own = constant.type().shape();
    int at = dim - (shape.rank() - own.rank());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = Constants.contiguous(constant, arena).data();
      if (at < 0) { // the same element all along a row
        return inEveryRow(data, own.numel(), 1, 1, element);
      }
      long inner = 1;
      for (int d = at + 1; d < own.rank(); d++) {
        inner *= own.size(d);
      }
      return inEveryRow(data, own.numel(), own.size(at), inner, element);
    }
  }

  private static boolean inEveryRow(
      MemorySegment data, long count, long length, long inner, Element element) {
    long rows = length == 0 ? 0 : count / length;
    for (long row = 0; row < rows; row++) {
      long first = row / inner * length * inner + row % inner;
      boolean holds = false;
      for (long i = 0; i < length && !holds; i++) {
        holds = element.holds(data, first + i * inner);
      }
      if (!holds) {
        return false;
      }
    }
    return true;
  }
}
