package dev.baton.runtime.lift;

import dev.baton.graph.Argument;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.lift.SymbolicSizes.Size;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Takes computed sizes out of views and expansions of tensors whose shapes vary. What expands
 * nothing goes. A view with one size that varies infers it. A view with several becomes operators
 * that name dims instead of sizes: {@code squeeze}, {@code flatten}, {@code unflatten}, {@code
 * unsqueeze}. A delegate can then see what moves where.
 */
public final class VaryingViews extends GraphRewriter {
  private final SymbolicSizes sizes = new SymbolicSizes();

  private VaryingViews(Graph graph) {
    super(graph);
  }

  public static Block apply(Block block) {
    Graph graph = block.graph();
    return graph.nodes().stream().anyMatch(VaryingViews::concerns)
        ? new VaryingViews(graph).rewrite(block)
        : block;
  }

  private static boolean concerns(Node node) {
    return switch (node.name()) {
      case "aten::view_copy", "executorch_prim::et_view", "aten::expand_copy" ->
          node.result().tensorType().dynamic();
      default -> false;
    };
  }

  @Override
  @Nullable List<Value> replacement(Node node) {
    if (!concerns(node)) {
      return null;
    }
    List<Size> from = sizes.of(node.tensor("self"));
    List<Size> to = sizes.of(node.result());
    if (from.equals(to)) {
      return List.of(map(node.tensor("self")));
    }
    if (node.name().equals("aten::expand_copy")) {
      return null;
    }
    List<Size> asked = sizes.viewed(node);
    if (asked == null || !asked.equals(to)) {
      return null;
    }
    if (to.stream().filter(size -> !size.isFixed()).count() <= 1) {
      return node.isLiteral("size") ? null : List.of(inferring(node, to));
    }
    Value rearranged = new Rearrangement(node, from, to).write();
    return rearranged == null ? null : List.of(rearranged);
  }

  private Value inferring(Node node, List<Size> to) {
    return into.node(
            node.operator(),
            List.of(map(node.tensor("self")), numbers(to)),
            List.of(node.result().type()),
            node.origin())
        .result();
  }

  /** Sizes as a literal list, −1 for one that varies. */
  private static Argument numbers(List<Size> sizes) {
    return new Argument.Items(
        sizes.stream()
            .<Argument>map(size -> Argument.of(size.isFixed() ? size.factor() : -1))
            .toList());
  }

  /** A view as operators that name dims. */
  private final class Rearrangement {
    private final Node node;
    private final List<Size> from;
    private final List<Size> to;
    private final int[] fromBounds;
    private final int[] toBounds;

    private Value current;
    private List<Integer> bounds = new ArrayList<>();

    Rearrangement(Node node, List<Size> from, List<Size> to) {
      this.node = node;
      this.from = from;
      this.to = to;
      this.fromBounds = node.tensor("self").shape().sizes();
      this.toBounds = node.result().shape().sizes();
      this.current = map(node.tensor("self"));
    }

    /** Dims of the input that become dims of the output; both without those of size 1. */
    private record Group(List<Integer> from, List<Integer> to) {}

    private static List<Integer> nontrivial(List<Size> sizes) {
      return IntStream.range(0, sizes.size())
          .filter(d -> !sizes.get(d).equals(Size.ONE))
          .boxed()
          .toList();
    }

    private @Nullable List<Group> groups() {
      List<Group> groups = new ArrayList<>();
      List<Integer> in = nontrivial(from);
      List<Integer> out = nontrivial(to);
      int i = 0;
      int o = 0;
      while (i < in.size() && o < out.size()) {
        int firstIn = i;
        int firstOut = o;
        Size left = from.get(in.get(i++));
        Size right = to.get(out.get(o++));
        while (!left.equals(right)) {
          if (right.by(left) != null && i < in.size()) {
            left = left.times(from.get(in.get(i++)));
          } else if (left.by(right) != null && o < out.size()) {
            right = right.times(to.get(out.get(o++)));
          } else {
            return null;
          }
        }
        groups.add(new Group(in.subList(firstIn, i), out.subList(firstOut, o)));
      }
      return i == in.size() && o == out.size() ? groups : null;
    }

    /** The last value; null if the view cannot be written so. */
    @Nullable Value write() {
      List<Group> groups = groups();
      if (groups == null || !groups.stream().allMatch(this::infers)) {
        return null;
      }
      for (int size : fromBounds) {
        bounds.add(size);
      }
      List<Integer> ones =
          IntStream.range(0, from.size())
              .filter(d -> from.get(d).equals(Size.ONE))
              .boxed()
              .toList();
      if (!ones.isEmpty()) {
        ones.reversed().forEach(d -> bounds.remove((int) d));
        step("aten::squeeze_copy.dims", Argument.ints(ones.stream().mapToInt(d -> d).toArray()));
      }
      int dim = 0;
      for (Group group : groups) {
        int count = group.from().size();
        if (count > 1) {
          int product = bounds.subList(dim, dim + count).stream().reduce(1, Math::multiplyExact);
          bounds.subList(dim, dim + count).clear();
          bounds.add(dim, product);
          step("aten::flatten.using_ints", Argument.of(dim), Argument.of(dim + count - 1));
        }
        if (group.to().size() > 1) {
          bounds.remove(dim);
          bounds.addAll(dim, group.to().stream().map(d -> toBounds[d]).toList());
          step(
              "aten::unflatten.int",
              Argument.of(dim),
              numbers(group.to().stream().map(to::get).toList()));
        }
        dim += group.to().size();
      }
      for (int d = 0; d < to.size(); d++) {
        if (to.get(d).equals(Size.ONE)) {
          bounds.add(d, 1);
          step("aten::unsqueeze_copy", Argument.of(d));
        }
      }
      return current;
    }

    /** What is split has at most one part that varies. */
    private boolean infers(Group group) {
      return group.to().size() == 1
          || group.to().stream().filter(d -> !to.get(d).isFixed()).count() <= 1;
    }

    private void step(String operator, Argument... arguments) {
      List<Argument> all = new ArrayList<>(List.of(current));
      all.addAll(List.of(arguments));
      TensorType type =
          new TensorType(
              node.result().dtype(), Shape.of(bounds.stream().mapToInt(b -> b).toArray()), true);
      current = into.node(Operators.get(operator), all, List.of(type), node.origin()).result();
    }
  }
}
