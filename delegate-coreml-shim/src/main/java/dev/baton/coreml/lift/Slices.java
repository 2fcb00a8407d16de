package dev.baton.coreml.lift;

import dev.baton.coreml.mil.Failures;
import dev.baton.coreml.mil.MilType;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Value;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Parts of tensors, and tensors of which a part is another. */
final class Slices {
  /** What is taken of one dimension. */
  private sealed interface Part {}

  private record All() implements Part {}

  /** Every {@code step}-th from a place to before another; backwards if the step is negative. */
  private record Range(int begin, int end, int step) implements Part {}

  /** One place, whose dimension goes. */
  private record One(int place) implements Part {}

  /**
   * As many as are known, from a place that is computed.
   *
   * @param places int64 [count]
   * @param goes true if the dimension goes, of which one place is taken
   */
  private record Moving(Value places, boolean goes) implements Part {}

  private Slices() {}

  static Value slice(OperationCall c, Value x, int dim, int begin, int end, int step) {
    return c.apply(
        "aten::slice_copy.Tensor",
        x,
        Argument.of((long) dim),
        Argument.of((long) begin),
        Argument.of((long) end),
        Argument.of((long) step));
  }

  private static int[] bounds(OperationCall c, String name, int rank, int ifAbsent)
      throws DelegateException, UnsupportedOperation {
    int[] all = new int[rank];
    Arrays.fill(all, ifAbsent);
    all = c.integers(name, all);
    if (all.length != rank) {
      throw Failures.damaged(
          c.operation().label() + " has " + all.length + " bounds for " + rank + " dimensions");
    }
    return all;
  }

  /**
   * What the arguments say.
   *
   * @param counts how many are taken of each dimension where it is computed; a dimension that goes
   *     has none
   */
  private static Part[] parts(OperationCall c, Value x, int @Nullable [] counts)
      throws DelegateException, UnsupportedOperation {
    int rank = x.shape().rank();
    int[] step = bounds(c, "stride", rank, 1);
    int[] fromStart = bounds(c, "begin_mask", rank, 0);
    int[] toEnd = bounds(c, "end_mask", rank, 0);
    int[] squeeze = bounds(c, "squeeze_mask", rank, 0);
    boolean computed = c.literalOrNull("begin") == null;
    int[] begin = computed ? new int[rank] : bounds(c, "begin", rank, 0);
    int[] end = c.literalOrNull("end") == null ? new int[rank] : bounds(c, "end", rank, 0);
    boolean endComputed = c.literalOrNull("end") == null;
    Part[] parts = new Part[rank];
    for (int d = 0; d < rank; d++) {
      boolean all = fromStart[d] != 0 && toEnd[d] != 0 && squeeze[d] == 0;
      if (all && step[d] == 1) {
        parts[d] = new All();
      } else if (step[d] == 0) {
        throw Failures.damaged(c.operation().label() + " has the stride 0");
      } else if (computed && fromStart[d] == 0) {
        parts[d] =
            squeeze[d] != 0
                ? new Moving(places(c, d, 1), true)
                : new Moving(places(c, d, count(counts, d, step[d])), false);
      } else if (endComputed && toEnd[d] == 0 && squeeze[d] == 0) {
        int taken = count(counts, d, step[d]);
        int first = fromStart[d] != 0 ? 0 : begin[d];
        int size = sizeOf(x, d, first, 0, 1);
        int from = bounded(first, size, 0, size);
        parts[d] = new Range(from, Math.addExact(from, taken), 1);
      } else {
        int size = sizeOf(x, d, begin[d], end[d], step[d]);
        parts[d] =
            squeeze[d] != 0
                ? new One(fromStart[d] != 0 ? 0 : begin[d] < 0 ? begin[d] + size : begin[d])
                : range(size, begin[d], end[d], step[d], fromStart[d] != 0, toEnd[d] != 0);
      }
    }
    return parts;
  }

  private static int count(int @Nullable [] counts, int dim, int step) throws UnsupportedOperation {
    if (counts == null || counts[dim] < 0 || step != 1) {
      throw new UnsupportedOperation("computes how much it takes");
    }
    return counts[dim];
  }

  /** Places that follow one of the numbers that the argument {@code begin} computes. */
  private static Value places(OperationCall c, int dim, int count) throws DelegateException {
    Value first = slice(c, c.to(c.tensor("begin"), DType.INT64), 0, dim, dim + 1, 1);
    Value steps = c.apply("aten::arange", Argument.of((long) count));
    return c.apply("aten::add.Tensor", steps, first);
  }

  private static int sizeOf(Value x, int dim, int begin, int end, int step)
      throws UnsupportedOperation {
    if (!x.tensorType().dynamic()) {
      return x.shape().size(dim);
    }
    if (begin < 0 || end < 0 || step < 0) {
      throw new UnsupportedOperation("counts from the end of sizes that vary");
    }
    return Integer.MAX_VALUE;
  }

  private static Part range(
      int size, int begin, int end, int step, boolean fromStart, boolean toEnd) {
    if (step > 0) {
      int from = fromStart ? 0 : bounded(begin, size, 0, size);
      int to = toEnd ? size : bounded(end, size, 0, size);
      return from == 0 && to == size && step == 1
          ? new All()
          : new Range(from, Math.max(from, to), step);
    }
    int from = fromStart ? size - 1 : bounded(begin, size, -1, size - 1);
    int to = toEnd ? -1 : bounded(end, size, -1, size - 1);
    return new Range(from, Math.min(from, to), step);
  }

  private static int bounded(int place, int size, int low, int high) {
    return Math.clamp(place < 0 ? (long) place + size : place, low, high);
  }

  private static Value taken(OperationCall c, Value x, int dim, Part part) {
    return switch (part) {
      case All all -> x;
      case One one ->
          c.apply(
              "aten::select_copy.int", x, Argument.of((long) dim), Argument.of((long) one.place()));
      case Moving moving ->
          c.apply("aten::index_select", x, Argument.of((long) dim), moving.places());
      case Range r when r.step() > 0 -> slice(c, x, dim, r.begin(), r.end(), r.step());
      case Range r -> {
        int last = x.shape().size(dim) - 1;
        Value turned = c.apply("aten::flip", x, Argument.ints(dim));
        yield slice(c, turned, dim, last - r.begin(), last - r.end(), -r.step());
      }
    };
  }

  private static Value taken(OperationCall c, Value x, Part[] parts) {
    Value result = x;
    for (int d = parts.length - 1; d >= 0; d--) {
      result = taken(c, result, d, parts[d]);
      if (parts[d] instanceof Moving moving && moving.goes()) {
        result = c.squeezed(result, d);
      }
    }
    return result;
  }

  static void byIndex(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    c.give(taken(c, x, parts(c, x, declaredCounts(c, x.shape().rank()))));
  }

  /** How much of each dimension the declared result has; null if dimensions go. */
  private static int @Nullable [] declaredCounts(OperationCall c, int rank)
      throws DelegateException {
    return c.declared(0).type() instanceof MilType.Tensor type && type.sizes().size() == rank
        ? type.sizes().stream().mapToInt(Math::toIntExact).toArray()
        : null;
  }

  /** A size of −1 reaches to the end. */
  static void bySize(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int rank = x.shape().rank();
    int[] size = bounds(c, "size", rank, -1);
    boolean computed = c.literalOrNull("begin") == null;
    int[] begin = computed ? new int[rank] : bounds(c, "begin", rank, 0);
    Part[] parts = new Part[rank];
    for (int d = 0; d < rank; d++) {
      int whole = c.fixed(x).size(d);
      int from = begin[d] < 0 ? begin[d] + whole : begin[d];
      if (computed) {
        parts[d] =
            size[d] == whole ? new All() : new Moving(places(c, d, count(size, d, 1)), false);
      } else {
        parts[d] = range(whole, from, size[d] < 0 ? whole : from + size[d], 1, false, false);
      }
    }
    c.give(taken(c, x, parts));
  }

  static void crop(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    Value result = x;
    String[] names = {"crop_height", "crop_width"};
    for (int i = 0; i < 2; i++) {
      int[] cut = c.integers(names[i]);
      int dim = x.shape().rank() - 2 + i;
      if (cut.length != 2 || dim < 0) {
        throw Failures.damaged(c.operation().label() + " crops " + x.shape());
      }
      result = slice(c, result, dim, cut[0], c.fixed(x).size(dim) - cut[1], 1);
    }
    c.give(result);
  }

  /** x, with a part of it replaced. */
  static void update(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    Value update = c.tensor("update");
    int[] squeeze = bounds(c, "squeeze_mask", x.shape().rank(), 0);
    for (int d = 0; d < squeeze.length; d++) {
      if (squeeze[d] != 0) {
        update = c.apply("aten::unsqueeze_copy", update, Argument.of((long) d));
      }
    }
    int[] counts = update.shape().rank() == squeeze.length ? c.fixed(update).sizes() : null;
    c.give(updated(c, x, update, parts(c, x, counts), 0));
  }

  private static Value updated(OperationCall c, Value x, Value update, Part[] parts, int dim)
      throws UnsupportedOperation {
    if (dim == parts.length) {
      return update;
    }
    Argument at = Argument.of((long) dim);
    return switch (parts[dim]) {
      case All all -> updated(c, x, update, parts, dim + 1);
      case Moving m -> {
        Value inside = updated(c, taken(c, x, dim, m), update, parts, dim + 1);
        yield c.apply("aten::index_copy", x, at, m.places(), inside);
      }
      case One one -> {
        Range range = new Range(one.place(), one.place() + 1, 1);
        yield scattered(
            c, x, at, range, updated(c, taken(c, x, dim, range), update, parts, dim + 1));
      }
      case Range r -> {
        if (r.step() < 0) {
          throw new UnsupportedOperation("updates backwards");
        }
        yield scattered(c, x, at, r, updated(c, taken(c, x, dim, r), update, parts, dim + 1));
      }
    };
  }

  private static Value scattered(OperationCall c, Value x, Argument dim, Range r, Value part) {
    return c.apply(
        "aten::slice_scatter",
        x,
        part,
        dim,
        Argument.of((long) r.begin()),
        Argument.of((long) r.end()),
        Argument.of((long) r.step()));
  }
}
