package dev.baton.coreml.lift;

import dev.baton.coreml.mil.Failures;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What moves elements and computes none. */
final class Moves {
  private Moves() {}

  /** From this set of operators on, sizes of 0 are counted from the last dimension. */
  private static final int ALIGNED_AT_THE_END = 7;

  /**
   * A size of 0 is that of the same dimension of x. Older operators know it where there are as many
   * dimensions; in newer ones, dimensions that x has not are 1.
   */
  static void reshape(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int[] sizes = c.integers("shape");
    int rank = x.shape().rank();
    boolean copies = sizes.length == rank || c.opset() >= ALIGNED_AT_THE_END;
    for (int d = 0; d < sizes.length; d++) {
      if (sizes[d] == 0 && x.shape().numel() != 0 && copies) {
        int same = rank - sizes.length + d;
        sizes[d] = same < 0 ? 1 : c.fixed(x).size(same);
      }
    }
    c.give(c.apply("aten::view_copy", x, Argument.ints(sizes)));
  }

  static void reshapeLike(OperationCall c) throws DelegateException, UnsupportedOperation {
    String[] lists = {"begins", "ends", "end_masks"};
    for (String list : lists) {
      if (c.has(list)) {
        throw new UnsupportedOperation("takes its sizes of several tensors");
      }
    }
    c.give(c.view(c.tensor("x"), c.fixed(c.tensor("ref_tensor")).sizes()));
  }

  static void transpose(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int[] order = c.dims("perm", x.shape().rank());
    c.give(c.permute(x, order));
  }

  static void expandDims(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int[] axes = c.integers("axes");
    int rank = x.shape().rank() + axes.length;
    int[] places = new int[axes.length];
    for (int i = 0; i < axes.length; i++) {
      places[i] = c.dim(axes[i], rank);
    }
    Arrays.sort(places);
    for (int place : places) {
      x = c.apply("aten::unsqueeze_copy", x, Argument.of((long) place));
    }
    c.give(x);
  }

  static void squeeze(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int rank = x.shape().rank();
    List<Integer> axes = new ArrayList<>();
    if (c.has("axes")) {
      Arrays.stream(c.dims("axes", rank)).forEach(axes::add);
    } else {
      for (int d = 0; d < rank; d++) {
        if (c.fixed(x).size(d) == 1) {
          axes.add(d);
        }
      }
    }
    int[] dims = axes.stream().mapToInt(Integer::intValue).toArray();
    c.give(c.squeezed(x, dims));
  }

  /** Two dimensions: those before the axis, and the others. */
  static void flatten(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int[] sizes = c.fixed(x).sizes();
    int axis = (int) c.integer("axis", 1);
    axis = axis < 0 ? axis + sizes.length : axis;
    int rows = 1;
    for (int d = 0; d < Math.min(axis, sizes.length); d++) {
      rows *= sizes[d];
    }
    c.give(c.view(x, rows, rows == 0 ? 0 : (int) (x.shape().numel() / rows)));
  }

  static void concatenate(OperationCall c) throws DelegateException, UnsupportedOperation {
    List<Value> values = new ArrayList<>();
    for (Value value : c.tensors("values")) { // numbers are joined like tensors of one
      values.add(
          value.shape().rank() == 0
              ? c.apply("aten::unsqueeze_copy", value, Argument.of(0L))
              : value);
    }
    if (c.flag("interleave", false)) {
      throw new UnsupportedOperation("interleaves what it joins");
    }
    Argument dim = Argument.of(c.integer("axis"));
    c.give(values.size() == 1 ? values.get(0) : c.apply("aten::cat", Argument.list(values), dim));
  }

  static void stack(OperationCall c) throws DelegateException, UnsupportedOperation {
    Argument dim = Argument.of(c.integer("axis"));
    c.give(c.apply("aten::stack", Argument.list(c.tensors("values")), dim));
  }

  static void split(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int axis = c.dim(c.integer("axis"), x.shape().rank());
    int[] sizes;
    if (c.has("split_sizes")) {
      sizes = c.integers("split_sizes");
    } else {
      int count = (int) c.integer("num_splits");
      if (count < 1 || count > c.operation().outputs().size()) {
        throw Failures.damaged(
            c.operation().label()
                + " splits into "
                + count
                + ", and declares "
                + c.operation().outputs().size());
      }
      sizes = new int[count];
      Arrays.fill(sizes, c.fixed(x).size(axis) / count);
    }
    for (Value part :
        c.call("aten::split_with_sizes_copy", x, Argument.ints(sizes), Argument.of((long) axis))) {
      c.give(part);
    }
  }

  /** Pairs of before and after, for the last dimensions. */
  static void pad(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int rank = x.shape().rank();
    int[] pad = c.integers("pad");
    if (pad.length % 2 != 0 || pad.length > 2 * rank) {
      throw Failures.damaged(
          c.operation().label() + " pads " + x.shape() + " by " + pad.length + " numbers");
    }
    int given = pad.length / 2;
    int padded = 0; // how many of the last dimensions
    int[] reversed = new int[pad.length];
    for (int d = 0; d < given; d++) {
      reversed[2 * d] = pad[2 * (given - 1 - d)];
      reversed[2 * d + 1] = pad[2 * (given - 1 - d) + 1];
      padded = reversed[2 * d] != 0 || reversed[2 * d + 1] != 0 ? d + 1 : padded;
    }
    String mode = c.text("mode", "constant");
    if (padded == 0) {
      c.give(x);
    } else if (mode.equals("constant")) {
      Argument value =
          x.dtype().isFloatingPoint()
              ? Argument.of(c.number("constant_val", 0))
              : Argument.of((long) c.number("constant_val", 0));
      c.give(
          c.apply(
              "aten::constant_pad_nd",
              x,
              Argument.ints(Arrays.copyOf(reversed, 2 * padded)),
              value));
    } else {
      mirrored(c, x, mode, padded, reversed);
    }
  }

  /** Operators that mirror want one or two dimensions before those that they pad. */
  private static void mirrored(OperationCall c, Value x, String mode, int padded, int[] reversed)
      throws DelegateException, UnsupportedOperation {
    String name =
        switch (mode) {
          case "reflect" -> "aten::reflection_pad";
          case "replicate" -> "aten::replication_pad";
          default -> throw new UnsupportedOperation("pads in the mode '" + mode + "'");
        };
    int rank = x.shape().rank();
    int spatial = Math.max(padded, rank - 2);
    if (spatial > 3) {
      throw new UnsupportedOperation("mirrors " + spatial + " dimensions");
    }
    boolean one = rank < spatial + 1;
    Value wide = one ? c.apply("aten::unsqueeze_copy", x, Argument.of(0L)) : x;
    Value result =
        c.apply(name + spatial + "d", wide, Argument.ints(Arrays.copyOf(reversed, 2 * spatial)));
    c.give(one ? c.squeezed(result, 0) : result);
  }

  static void tile(OperationCall c) throws DelegateException, UnsupportedOperation {
    c.give(c.apply("aten::repeat", c.tensor("x"), Argument.ints(c.integers("reps"))));
  }

  static void reverse(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int rank = x.shape().rank();
    int[] all = new int[rank];
    Arrays.setAll(all, d -> d);
    c.give(c.apply("aten::flip", x, Argument.ints(c.has("axes") ? c.dims("axes", rank) : all)));
  }

  /** What is at most so far from the diagonal; −1 is any distance. */
  static void bandPart(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    long lower = c.integer("lower", -1);
    long upper = c.integer("upper", -1);
    if (lower >= 0) {
      x = c.apply("aten::triu", x, Argument.of(-lower));
    }
    if (upper >= 0) {
      x = c.apply("aten::tril", x, Argument.of(upper));
    }
    c.give(x);
  }

  static void pixelShuffle(OperationCall c) throws DelegateException, UnsupportedOperation {
    Argument factor = Argument.of(c.integer("upscale_factor"));
    c.give(c.apply("aten::pixel_shuffle", c.tensor("x"), factor));
  }

  static void pixelUnshuffle(OperationCall c) throws DelegateException, UnsupportedOperation {
    Argument factor = Argument.of(c.integer("downscale_factor"));
    c.give(c.apply("aten::pixel_unshuffle", c.tensor("x"), factor));
  }

  /** [n, b·b·C, H, W] to [n, C, H·b, W·b], the block's place outermost. */
  static void depthToSpace(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int[] s = c.fixed(x).sizes();
    int b = block(c, s);
    Value parts = c.view(x, s[0], b, b, s[1] / (b * b), s[2], s[3]);
    c.give(c.view(c.permute(parts, 0, 3, 4, 1, 5, 2), s[0], s[1] / (b * b), s[2] * b, s[3] * b));
  }

  /** [n, C, H, W] to [n, b·b·C, H / b, W / b]. */
  static void spaceToDepth(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int[] s = c.fixed(x).sizes();
    int b = block(c, s);
    Value parts = c.view(x, s[0], s[1], s[2] / b, b, s[3] / b, b);
    c.give(c.view(c.permute(parts, 0, 3, 5, 1, 2, 4), s[0], b * b * s[1], s[2] / b, s[3] / b));
  }

  private static int block(OperationCall c, int[] sizes)
      throws DelegateException, UnsupportedOperation {
    long block = c.integer("block_size");
    if (sizes.length != 4 || block < 1 || block > Short.MAX_VALUE) {
      throw new UnsupportedOperation("has the block " + block + " on rank " + sizes.length);
    }
    return (int) block;
  }
}
