package dev.baton.coreml.lift;

import dev.baton.coreml.mil.Failures;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.Value;

/** Parts of tensors, and tensors of which a part is another. */
final class Slices {
  /** A part of one dimension, as NumPy reads it; a negative step goes backwards. */
  private record Part(int begin, int end, int step, boolean drop) {
    boolean isAll(int size) {
      return begin == 0 && end == size && step == 1;
    }
  }

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

  private static Part[] parts(OperationCall c, Value x)
      throws DelegateException, UnsupportedOperation {
    int rank = x.shape().rank();
    int[] begin = c.integers("begin");
    int[] end = c.integers("end");
    int[] step = c.integers("stride", filled(rank, 1));
    int[] beginMask = c.integers("begin_mask", new int[rank]);
    int[] endMask = c.integers("end_mask", new int[rank]);
    int[] squeeze = c.integers("squeeze_mask", new int[rank]);
    for (int[] list : new int[][] {begin, end, step, beginMask, endMask, squeeze}) {
      if (list.length != rank) {
        throw Failures.damaged(
            c.operation().label() + " has " + list.length + " bounds for " + x.shape());
      }
    }
    Part[] parts = new Part[rank];
    for (int d = 0; d < rank; d++) {
      int size = x.tensorType().dynamic() ? Integer.MAX_VALUE : x.shape().size(d);
      if (x.tensorType().dynamic() && (step[d] < 0 || begin[d] < 0 || end[d] < 0)) {
        throw new UnsupportedOperation("counts from the end of sizes that vary");
      }
      if (step[d] == 0) {
        throw Failures.damaged(c.operation().label() + " has the stride 0");
      }
      if (squeeze[d] != 0) {
        int at = begin[d] < 0 ? begin[d] + size : begin[d];
        parts[d] = new Part(at, at + 1, 1, true);
      } else if (step[d] > 0) {
        int from = beginMask[d] != 0 ? 0 : bounded(begin[d], size, 0, size);
        int to = endMask[d] != 0 ? size : bounded(end[d], size, 0, size);
        parts[d] = new Part(from, Math.max(from, to), step[d], false);
      } else {
        int from = beginMask[d] != 0 ? size - 1 : bounded(begin[d], size, -1, size - 1);
        int to = endMask[d] != 0 ? -1 : bounded(end[d], size, -1, size - 1);
        parts[d] = new Part(from, Math.min(from, to), step[d], false);
      }
    }
    return parts;
  }

  private static int[] filled(int count, int value) {
    int[] all = new int[count];
    java.util.Arrays.fill(all, value);
    return all;
  }

  private static int bounded(int place, int size, int low, int high) {
    return Math.clamp(place < 0 ? (long) place + size : place, low, high);
  }

  static void byIndex(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    Part[] parts = parts(c, x);
    Value result = x;
    for (int d = parts.length - 1; d >= 0; d--) {
      Part part = parts[d];
      if (part.drop()) {
        result =
            c.apply(
                "aten::select_copy.int",
                result,
                Argument.of((long) d),
                Argument.of((long) part.begin()));
      } else if (part.step() < 0) {
        Value turned = c.apply("aten::flip", result, Argument.ints(d));
        int last = x.shape().size(d) - 1;
        result = slice(c, turned, d, last - part.begin(), last - part.end(), -part.step());
      } else if (!part.isAll(x.tensorType().dynamic() ? Integer.MAX_VALUE : x.shape().size(d))) {
        result = slice(c, result, d, part.begin(), part.end(), part.step());
      }
    }
    c.give(result);
  }

  /** A size of −1 reaches to the end. */
  static void bySize(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int rank = x.shape().rank();
    int[] begin = c.integers("begin");
    int[] size = c.integers("size");
    if (begin.length != rank || size.length != rank) {
      throw Failures.damaged(c.operation().label() + " has other bounds than " + x.shape());
    }
    Value result = x;
    for (int d = 0; d < rank; d++) {
      int whole = c.fixed(x).size(d);
      int from = begin[d] < 0 ? begin[d] + whole : begin[d];
      int to = size[d] < 0 ? whole : from + size[d];
      if (from != 0 || to != whole) {
        result = slice(c, result, d, from, to, 1);
      }
    }
    c.give(result);
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
    Part[] parts = parts(c, x);
    Value update = c.tensor("update");
    for (int d = 0; d < parts.length; d++) {
      if (parts[d].step() < 0) {
        throw new UnsupportedOperation("updates backwards");
      }
      if (parts[d].drop()) {
        update = c.apply("aten::unsqueeze_copy", update, Argument.of((long) d));
      }
    }
    c.give(updated(c, x, update, parts, 0));
  }

  private static Value updated(OperationCall c, Value x, Value update, Part[] parts, int dim) {
    if (dim == parts.length) {
      return update;
    }
    Part part = parts[dim];
    if (part.isAll(x.shape().size(dim))) {
      return updated(c, x, update, parts, dim + 1);
    }
    Value inside = slice(c, x, dim, part.begin(), part.end(), part.step());
    return c.apply(
        "aten::slice_scatter",
        x,
        updated(c, inside, update, parts, dim + 1),
        Argument.of((long) dim),
        Argument.of((long) part.begin()),
        Argument.of((long) part.end()),
        Argument.of((long) part.step()));
  }
}
