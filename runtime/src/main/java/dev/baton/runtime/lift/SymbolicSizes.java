package dev.baton.runtime.lift;

import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Sizes of tensors whose shapes vary, as products of numbers and unknowns: two sizes that are equal
 * here are equal in every run. A size whose origin is not followed is an unknown of its own. A size
 * of at most one is taken to be one.
 */
final class SymbolicSizes {
  /**
   * A product.
   *
   * @param unknowns sorted
   */
  record Size(long factor, List<Integer> unknowns) {
    static final Size ONE = fixed(1);

    Size {
      unknowns = List.copyOf(unknowns);
    }

    static Size fixed(long number) {
      return new Size(number, List.of());
    }

    boolean isFixed() {
      return unknowns.isEmpty();
    }

    Size times(Size other) {
      List<Integer> all = new ArrayList<>(unknowns);
      all.addAll(other.unknowns);
      all.sort(null);
      return new Size(Math.multiplyExact(factor, other.factor), all);
    }

    /** The quotient; null if it is no product. */
    @Nullable Size by(Size divisor) {
      if (divisor.factor == 0 || factor % divisor.factor != 0) {
        return null;
      }
      List<Integer> rest = new ArrayList<>(unknowns);
      for (Integer unknown : divisor.unknowns) {
        if (!rest.remove(unknown)) {
          return null;
        }
      }
      return new Size(factor / divisor.factor, rest);
    }
  }

  private final Map<Value, List<Size>> sizes = new HashMap<>();
  private final Map<Value, Size> scalars = new HashMap<>();

  /** The most that each unknown can be. */
  private final List<Long> bounds = new ArrayList<>();

  /**
   * The sizes of a tensor. Those of what gives it were asked for before, or are looked up now.
   *
   * @param value a tensor
   */
  List<Size> of(Value value) {
    List<Size> known = sizes.get(value);
    if (known == null) {
      known = compute(value);
      sizes.put(value, known);
    }
    return known;
  }

  /** The value of an integer argument. */
  Size of(Argument argument) {
    return switch (argument) {
      case Argument.Int number -> Size.fixed(number.value());
      case Value scalar -> {
        Size known = scalars.get(scalar);
        if (known == null) {
          known = scalar(scalar);
          scalars.put(scalar, known);
        }
        yield known;
      }
      default -> unknown();
    };
  }

  private Size unknown() {
    return unknown(Long.MAX_VALUE);
  }

  private Size unknown(long bound) {
    bounds.add(bound);
    return new Size(1, List.of(bounds.size() - 1));
  }

  /** The most that a size can be, as a real number. */
  private double bound(Size size) {
    double most = size.factor();
    for (int unknown : size.unknowns()) {
      most *= bounds.get(unknown);
    }
    return most;
  }

  private Size scalar(Value value) {
    Node node = value.producer();
    if (node == null) {
      return unknown();
    }
    return switch (node.name()) {
      case "aten::sym_size.int" -> {
        if (!namesDims(node)) {
          yield unknown();
        }
        List<Size> all = of(node.tensor("self"));
        yield all.get(dim(node.integer("dim"), all.size()));
      }
      case "executorch_prim::mul.Scalar" -> of(node.argument("a")).times(of(node.argument("b")));
      default -> unknown();
    };
  }

  private static int dim(long dim, int rank) {
    return (int) (dim < 0 ? dim + rank : dim);
  }

  private List<Size> compute(Value value) {
    Shape shape = value.shape();
    if (!value.tensorType().dynamic()) {
      return Arrays.stream(shape.sizes()).mapToObj(Size::fixed).toList();
    }
    Node node = value.producer();
    List<Size> followed = node == null || !namesDims(node) ? null : follow(node, value);
    if (followed != null && followed.size() != shape.rank()) {
      followed = null;
    }
    List<Size> all = new ArrayList<>();
    for (int d = 0; d < shape.rank(); d++) {
      boolean one = shape.size(d) <= 1;
      all.add(
          one
              ? Size.fixed(shape.size(d))
              : followed == null ? unknown(shape.size(d)) : followed.get(d));
    }
    return all;
  }

  /** True if no dim that a node names is computed by the program. */
  private static boolean namesDims(Node node) {
    return Stream.of("dim", "dims", "keepdim")
        .allMatch(p -> !node.operator().has(p) || node.isLiteral(p));
  }

  private @Nullable List<Size> follow(Node node, Value value) {
    return switch (node.name()) {
      case "aten::alias_copy",
          "aten::clone",
          "aten::contiguous",
          "aten::detach_copy",
          "aten::_to_copy",
          "dim_order_ops::_clone_dim_order",
          "dim_order_ops::_to_dim_order_copy",
          "aten::_softmax",
          "aten::_log_softmax",
          "aten::relu",
          "aten::relu6",
          "aten::hardtanh",
          "aten::clamp",
          "aten::gelu",
          "aten::silu",
          "aten::hardswish",
          "aten::hardsigmoid",
          "aten::leaky_relu",
          "aten::elu",
          "aten::sigmoid",
          "aten::tanh",
          "aten::abs",
          "aten::neg",
          "aten::exp",
          "aten::log",
          "aten::sqrt",
          "aten::rsqrt",
          "aten::sin",
          "aten::cos",
          "aten::logical_not",
          "aten::bitwise_not",
          "aten::pow.Tensor_Scalar",
          "aten::add.Scalar",
          "aten::sub.Scalar",
          "aten::mul.Scalar",
          "aten::div.Scalar",
          "aten::eq.Scalar",
          "aten::ne.Scalar",
          "aten::le.Scalar",
          "aten::lt.Scalar",
          "aten::ge.Scalar",
          "aten::gt.Scalar",
          "aten::full_like",
          "aten::cumsum" ->
          of(node.tensor("self"));
      case "aten::native_layer_norm" -> value.resultIndex() == 0 ? of(node.tensor("input")) : null;
      case "quantized_decomposed::quantize_per_tensor",
          "quantized_decomposed::quantize_per_tensor.tensor",
          "quantized_decomposed::quantize_per_token",
          "quantized_decomposed::dequantize_per_tensor",
          "quantized_decomposed::dequantize_per_tensor.tensor",
          "quantized_decomposed::dequantize_per_token" ->
          of(node.tensor("input"));
      case "aten::add.Tensor",
          "aten::sub.Tensor",
          "aten::mul.Tensor",
          "aten::div.Tensor",
          "aten::maximum",
          "aten::minimum",
          "aten::logical_and",
          "aten::bitwise_and.Tensor" ->
          broadcast(of(node.tensor("self")), of(node.tensor("other")));
      case "aten::where.self" ->
          broadcast(
              of(node.tensor("condition")),
              broadcast(of(node.tensor("self")), of(node.tensor("other"))));
      case "aten::permute_copy" -> permuted(node);
      case "aten::unsqueeze_copy" -> {
        List<Size> all = new ArrayList<>(of(node.tensor("self")));
        all.add(dim(node.integer("dim"), all.size() + 1), Size.ONE);
        yield all;
      }
      case "aten::squeeze_copy.dim", "aten::squeeze_copy.dims" -> squeezed(node);
      case "aten::expand_copy" -> expanded(node);
      case "aten::view_copy", "executorch_prim::et_view" -> viewed(node);
      case "aten::linear" -> product(of(node.tensor("input")), node.tensor("weight").shape(), 0);
      case "aten::mm", "aten::bmm" -> product(of(node.tensor("self")), of(node.tensor("mat2")));
      case "aten::addmm" -> product(of(node.tensor("mat1")), of(node.tensor("mat2")));
      case "aten::embedding" -> {
        List<Size> all = new ArrayList<>(of(node.tensor("indices")));
        all.add(of(node.tensor("weight")).get(1));
        yield all;
      }
      case "aten::split_with_sizes_copy" ->
          node.argument("split_sizes") instanceof Argument.Items items
              ? with(node, of(items.items().get(value.resultIndex())))
              : null;
      case "aten::slice_copy.Tensor" -> with(node, sliced(node));
      case "aten::arange.start_step" ->
          isNumber(node.argument("start"), 0) && isNumber(node.argument("step"), 1)
              ? List.of(of(node.argument("end")))
              : null;
      case "aten::full" ->
          node.argument("size") instanceof Argument.Items items
              ? items.items().stream().map(this::of).toList()
              : null;
      case "aten::gather" -> of(node.tensor("index"));
      case "aten::index.Tensor" -> indexed(node);
      case "aten::amax", "aten::amin", "aten::any.dim", "aten::mean.dim", "aten::sum.dim_IntList" ->
          reduced(node);
      case "aten::select_copy.int" -> {
        List<Size> all = new ArrayList<>(of(node.tensor("self")));
        all.remove(dim(node.integer("dim"), all.size()));
        yield all;
      }
      default -> null;
    };
  }

  /** The sizes of the input, but for the one of its dim. */
  private List<Size> with(Node node, Size size) {
    List<Size> all = new ArrayList<>(of(node.tensor("self")));
    all.set(dim(node.integer("dim"), all.size()), size);
    return all;
  }

  /** The size that a slice leaves of its dim. */
  private Size sliced(Node node) {
    List<Size> from = of(node.tensor("self"));
    Size own = from.get(dim(node.integer("dim"), from.size()));
    boolean fromTheFirst =
        (node.isNone("start") || isNumber(node.argument("start"), 0))
            && isNumber(node.argument("step"), 1);
    if (!fromTheFirst) {
      return unknown();
    }
    Size end = node.isNone("end") ? own : of(node.argument("end"));
    boolean within =
        own.isFixed() && !end.isFixed() && end.factor() > 0 && bound(end) <= own.factor();
    return end.equals(own) || within ? end : unknown();
  }

  /** What tensors of indices for the first dims take. */
  private @Nullable List<Size> indexed(Node node) {
    if (!(node.argument("indices") instanceof Argument.Items items)) {
      return null;
    }
    List<Size> all = List.of();
    for (Argument item : items.items()) {
      if (!(item instanceof Value index) || index.dtype() == DType.BOOL) {
        return null;
      }
      all = broadcast(all, of(index));
    }
    List<Size> from = of(node.tensor("self"));
    List<Size> result = new ArrayList<>(all);
    result.addAll(from.subList(items.items().size(), from.size()));
    return result;
  }

  private List<Size> broadcast(List<Size> a, List<Size> b) {
    List<Size> all = new ArrayList<>();
    int rank = Math.max(a.size(), b.size());
    for (int d = 0; d < rank; d++) {
      Size x = d < rank - a.size() ? Size.ONE : a.get(d - rank + a.size());
      Size y = d < rank - b.size() ? Size.ONE : b.get(d - rank + b.size());
      boolean left = x.equals(y) || y.equals(Size.ONE) || (x.isFixed() && x.factor() > 1);
      boolean right = x.equals(Size.ONE) || (y.isFixed() && y.factor() > 1);
      all.add(left ? x : right ? y : unknown());
    }
    return all;
  }

  private List<Size> permuted(Node node) {
    List<Size> from = of(node.tensor("self"));
    return Arrays.stream(node.integers("dims"))
        .mapToObj(d -> from.get(dim(d, from.size())))
        .toList();
  }

  private List<Size> squeezed(Node node) {
    List<Size> all = new ArrayList<>(of(node.tensor("self")));
    int rank = all.size();
    int[] dims = Arrays.stream(node.integers("dim")).mapToInt(d -> dim(d, rank)).sorted().toArray();
    for (int i = dims.length - 1; i >= 0; i--) {
      if (all.get(dims[i]).equals(Size.ONE)) {
        all.remove(dims[i]);
      }
    }
    return all;
  }

  private @Nullable List<Size> expanded(Node node) {
    List<Size> from = of(node.tensor("self"));
    if (!(node.argument("size") instanceof Argument.Items asked)) {
      return null;
    }
    List<Size> all = new ArrayList<>();
    int added = asked.items().size() - from.size();
    for (int d = 0; d < asked.items().size(); d++) {
      Size own = d < added ? Size.ONE : from.get(d - added);
      Argument item = asked.items().get(d);
      Size wanted = isMinusOne(item) ? own : of(item);
      boolean kept = own.equals(wanted) || (own.isFixed() && own.factor() > 1);
      all.add(kept ? own : own.equals(Size.ONE) ? wanted : unknown());
    }
    return all;
  }

  private static boolean isMinusOne(Argument argument) {
    return isNumber(argument, -1);
  }

  private static boolean isNumber(Argument argument, long value) {
    return argument instanceof Argument.Int number && number.value() == value;
  }

  /** The sizes that a view asks for, with the inferred one filled in; null if it is unknown. */
  @Nullable List<Size> viewed(Node view) {
    if (!(view.argument("size") instanceof Argument.Items asked)) {
      return null;
    }
    Size all = Size.ONE;
    for (Size size : of(view.tensor("self"))) {
      all = all.times(size);
    }
    Size named = Size.ONE;
    for (Argument item : asked.items()) {
      named = isMinusOne(item) ? named : named.times(of(item));
    }
    List<Size> sizes = new ArrayList<>();
    for (Argument item : asked.items()) {
      Size size = isMinusOne(item) ? all.by(named) : of(item);
      if (size == null) {
        return null;
      }
      sizes.add(size);
    }
    return sizes;
  }

  private static List<Size> product(List<Size> left, Shape weight, int outputs) {
    List<Size> all = new ArrayList<>(left);
    all.set(all.size() - 1, Size.fixed(weight.size(outputs)));
    return all;
  }

  private static List<Size> product(List<Size> left, List<Size> right) {
    List<Size> all = new ArrayList<>(left);
    all.set(all.size() - 1, right.getLast());
    return all;
  }

  private @Nullable List<Size> reduced(Node node) {
    List<Size> from = of(node.tensor("self"));
    long[] dims = node.integers("dim");
    if (dims.length == 0) {
      return null;
    }
    boolean keep = node.bool("keepdim");
    List<Size> all = new ArrayList<>();
    for (int d = 0; d < from.size(); d++) {
      int at = d;
      boolean gone = Arrays.stream(dims).anyMatch(r -> dim(r, from.size()) == at);
      if (!gone) {
        all.add(from.get(d));
      } else if (keep) {
        all.add(Size.ONE);
      }
    }
    return all;
  }
}
