package dev.baton.xnnpack;

import dev.baton.graph.Argument;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import java.util.Arrays;
import java.util.List;

/** Arithmetic of shapes and of the arguments that speak of them. */
final class Shapes {
  private Shapes() {}

  static long[] longs(Shape shape) {
    return Arrays.stream(shape.sizes()).asLongStream().toArray();
  }

  /** A dim counted from the front. */
  static int dim(long dim, int rank) {
    return (int) (dim < 0 ? dim + rank : dim);
  }

  /** Dims counted from the front, in order, each once; all if none are named. */
  static int[] dims(long[] dims, int rank) {
    return dims.length == 0
        ? java.util.stream.IntStream.range(0, rank).toArray()
        : Arrays.stream(dims).mapToInt(d -> dim(d, rank)).sorted().distinct().toArray();
  }

  static boolean isDynamic(Node node) {
    return node.inputs().stream().anyMatch(v -> v.isTensor() && v.tensorType().dynamic())
        || node.results().stream().anyMatch(v -> v.isTensor() && v.tensorType().dynamic());
  }

  /**
   * Sizes that a view asks for: 0 where the size is to be inferred, because it is −1 or computed by
   * the program. Those of the result if they do not vary.
   */
  static long[] viewSizes(Node node, String parameter) {
    Value result = node.result();
    if (result.tensorType().dynamic() && node.argument(parameter) instanceof Argument.Items list) {
      return list.items().stream()
          .mapToLong(item -> item instanceof Argument.Int i && i.value() > 0 ? i.value() : 0)
          .toArray();
    }
    return longs(result.shape());
  }

  static long inferred(long[] sizes) {
    return Arrays.stream(sizes).filter(size -> size == 0).count();
  }

  /** Dims of size 1 left out. */
  static List<Integer> nontrivial(Shape shape, int from) {
    return Arrays.stream(shape.sizes()).skip(from).filter(size -> size != 1).boxed().toList();
  }
}
