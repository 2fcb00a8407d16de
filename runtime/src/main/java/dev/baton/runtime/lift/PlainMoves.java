package dev.baton.runtime.lift;

import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts slices, views and concatenations, which every accelerator has, in the place of rarer
 * operators that move data in the same way: a selection of rows in a constant order (a cyclic shift
 * is two runs), a slice with a step that divides its dim, a strided copy and an average pool that
 * change nothing.
 */
public final class PlainMoves extends GraphRewriter {
  /** More runs of rows are left to the operator. */
  private static final int MOST_RUNS = 4;

  private PlainMoves(Graph graph) {
    super(graph);
  }

  public static Block apply(Block block) {
    return new PlainMoves(block.graph()).rewrite(block);
  }

  @Override
  @Nullable List<Value> replacement(Node node) {
    if (node.results().size() != 1
        || !node.result().isTensor()
        || node.inputs().stream().anyMatch(v -> !v.isTensor() || v.tensorType().dynamic())
        || node.result().tensorType().dynamic()) {
      return null;
    }
    Value given =
        switch (node.name()) {
          case "aten::index_select" -> select(node);
          case "aten::slice_copy.Tensor" -> slice(node);
          case "aten::as_strided_copy" -> asStrided(node);
          case "aten::_adaptive_avg_pool2d", "aten::adaptive_avg_pool2d" ->
              node.tensor("self").type().equals(node.result().type())
                  ? map(node.tensor("self"))
                  : null;
          default -> null;
        };
    return given == null ? null : List.of(given);
  }

  private static int dim(Node node) {
    int rank = node.tensor("self").shape().rank();
    long dim = node.integer("dim");
    return (int) (dim < 0 ? dim + rank : dim);
  }

  // ---- selections

  /** Rows from {@code first} on. */
  private record Run(long first, int count) {}

  private @Nullable Value select(Node node) {
    Value self = node.tensor("self");
    Value index = node.tensor("index");
    if (!index.isConstant() || index.shape().rank() != 1 || self.shape().rank() == 0) {
      return null;
    }
    int dim = dim(node);
    List<Run> runs = runs(index, self.shape().size(dim));
    if (runs == null || runs.isEmpty()) {
      return null;
    }
    if (runs.size() == 1 && self.type().equals(node.result().type())) {
      return map(self);
    }
    List<Value> parts = new ArrayList<>();
    for (Run run : runs) {
      parts.add(
          add(
              "aten::slice_copy.Tensor",
              sized(self, dim, run.count()),
              node.origin(),
              List.of(
                  map(self),
                  Argument.of(dim),
                  Argument.of(run.first()),
                  Argument.of(run.first() + run.count()))));
    }
    return parts.size() == 1
        ? parts.get(0)
        : add(
            "aten::cat",
            node.result().tensorType(),
            node.origin(),
            List.of(Argument.list(parts), Argument.of(dim)));
  }

  private static TensorType sized(Value like, int dim, int size) {
    int[] sizes = like.shape().sizes();
    sizes[dim] = size;
    return TensorType.of(like.dtype(), sizes);
  }

  /** Runs of ascending indices; null if there are too many, or one is outside. */
  private static @Nullable List<Run> runs(Value index, int rows) {
    List<Run> runs = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = Constants.contiguous(index.constant(), arena).data();
      for (long i = 0; i < index.shape().numel(); i++) {
        long row =
            index.dtype() == DType.INT64
                ? data.get(ValueLayout.JAVA_LONG_UNALIGNED, 8 * i)
                : data.get(ValueLayout.JAVA_INT_UNALIGNED, 4 * i);
        if (row < 0 || row >= rows) {
          return null;
        }
        Run last = runs.isEmpty() ? null : runs.getLast();
        if (last != null && row == last.first() + last.count()) {
          runs.set(runs.size() - 1, new Run(last.first(), last.count() + 1));
        } else if (runs.size() == MOST_RUNS) {
          return null;
        } else {
          runs.add(new Run(row, 1));
        }
      }
    }
    return runs;
  }

  // ---- slices with a step

  /** [n] as [n / step, step], of which one column is selected. */
  private @Nullable Value slice(Node node) {
    Value self = node.tensor("self");
    Shape shape = self.shape();
    if (shape.rank() == 0
        || !node.isLiteral("start")
        || !node.isLiteral("end")
        || !node.isLiteral("step")) {
      return null;
    }
    int dim = dim(node);
    int size = shape.size(dim);
    long step = node.integer("step");
    long start = node.isNone("start") ? 0 : node.integer("start");
    long end = node.isNone("end") ? size : node.integer("end");
    if (step < 2 || size == 0 || size % step != 0 || start < 0 || start >= step || end < size) {
      return null;
    }
    int[] sizes = new int[shape.rank() + 1];
    for (int d = 0; d < shape.rank(); d++) {
      sizes[d < dim ? d : d + 1] = shape.size(d);
    }
    sizes[dim] = (int) (size / step);
    sizes[dim + 1] = (int) step;
    Value columns =
        add(
            "aten::view_copy",
            TensorType.of(self.dtype(), sizes),
            node.origin(),
            List.of(map(self), Argument.ints(sizes)));
    return add(
        "aten::select_copy.int",
        node.result().tensorType(),
        node.origin(),
        List.of(columns, Argument.of(dim + 1), Argument.of(start)));
  }

  // ---- strided copies

  private @Nullable Value asStrided(Node node) {
    Value self = node.tensor("self");
    Shape to = node.result().shape();
    boolean whole =
        node.isLiteral("stride")
            && node.isLiteral("storage_offset")
            && (node.isNone("storage_offset") || node.integer("storage_offset") == 0)
            && to.numel() == self.shape().numel()
            && isContiguous(to, node.integers("stride"));
    if (!whole) {
      return null;
    }
    return self.type().equals(node.result().type())
        ? map(self)
        : add(
            "aten::view_copy",
            node.result().tensorType(),
            node.origin(),
            List.of(map(self), Argument.ints(to.sizes())));
  }

  private static boolean isContiguous(Shape shape, long[] strides) {
    long[] contiguous = shape.contiguousStrides();
    return strides.length == contiguous.length
        && java.util.stream.IntStream.range(0, strides.length)
            .allMatch(d -> shape.size(d) == 1 || strides[d] == contiguous[d]);
  }
}
