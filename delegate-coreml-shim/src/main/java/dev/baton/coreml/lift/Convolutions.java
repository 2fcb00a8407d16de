package dev.baton.coreml.lift;

import dev.baton.coreml.mil.Failures;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.Value;
import java.util.Arrays;

/** Convolutions of one to three spatial dimensions: x [n, C, …], weight [C′, C / groups, …]. */
final class Convolutions {
  private Convolutions() {}

  /** Numbers of an argument, one for each spatial dimension. */
  static int[] spatial(OperationCall c, String name, int count, int ifAbsent)
      throws DelegateException, UnsupportedOperation {
    int[] all = new int[count];
    Arrays.fill(all, ifAbsent);
    all = c.integers(name, all);
    if (all.length != count) {
      throw Failures.damaged(
          c.operation().label()
              + ": '"
              + name
              + "' has "
              + all.length
              + " numbers, expected "
              + count);
    }
    return all;
  }

  private static int[] kernel(OperationCall c, Value x, Value weight) throws DelegateException {
    int rank = weight.shape().rank();
    if (rank < 3 || x.shape().rank() != rank) {
      throw Failures.damaged(
          c.operation().label() + " has x " + x.shape() + " and weight " + weight.shape());
    }
    return Arrays.copyOfRange(weight.shape().sizes(), 2, rank);
  }

  private static Value apply(
      OperationCall c,
      Value x,
      Value weight,
      int[] strides,
      int[] padding,
      int[] dilations,
      int[] outputPadding,
      boolean transposed)
      throws DelegateException, UnsupportedOperation {
    return c.apply(
        "aten::convolution",
        x,
        weight,
        c.tensorOrNone("bias"),
        Argument.ints(strides),
        Argument.ints(padding),
        Argument.ints(dilations),
        Argument.of(transposed),
        Argument.ints(outputPadding),
        Argument.of(c.integer("groups", 1)));
  }

  static void convolution(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    Value weight = c.tensor("weight");
    int[] kernel = kernel(c, x, weight);
    int[] none = new int[kernel.length];
    int[] strides = spatial(c, "strides", kernel.length, 1);
    int[] dilations = spatial(c, "dilations", kernel.length, 1);
    Padding padding = Padding.of(c, x, kernel, strides, dilations);
    if (padding.isSymmetric()) {
      c.give(apply(c, x, weight, strides, padding.before(), dilations, none, false));
    } else {
      Value padded = padding.around(c, x, 0);
      c.give(apply(c, padded, weight, strides, none, dilations, none, false));
    }
  }

  /** The weight is [C, C′ / groups, …]; padding is cut off what comes out. */
  static void transposed(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    Value weight = c.tensor("weight");
    int[] kernel = kernel(c, x, weight);
    int spatial = kernel.length;
    int[] strides = spatial(c, "strides", spatial, 1);
    int[] dilations = spatial(c, "dilations", spatial, 1);
    String type = c.text("pad_type", "valid");
    Padding padding = type.equals("custom") ? Padding.custom(c, spatial) : null;
    int[] stated = c.has("output_shape") ? c.integers("output_shape") : null;
    int[] whole = new int[spatial];
    int[] before = new int[spatial];
    int[] wanted = new int[spatial];
    for (int d = 0; d < spatial; d++) {
      int size = c.fixed(x).size(2 + d);
      whole[d] = (size - 1) * strides[d] + (kernel[d] - 1) * dilations[d] + 1;
      int cut = 0;
      if (padding != null) {
        before[d] = padding.before()[d];
        cut = before[d] + padding.after()[d];
      } else if (!type.equals("valid")) {
        cut = Math.max(0, whole[d] - size * strides[d]);
        before[d] = type.equals("same") ? cut / 2 : cut - cut / 2;
      }
      wanted[d] =
          stated != null && stated.length >= spatial
              ? stated[stated.length - spatial + d]
              : whole[d] - cut;
    }
    // Padding of the operator cuts as much off both sides, and more is little: else it is cut here.
    int[] cutBefore = new int[spatial];
    int[] padded = before.clone();
    int[] more = new int[spatial];
    for (int d = 0; d < spatial; d++) {
      more[d] = Math.max(0, wanted[d] - (whole[d] - 2 * before[d]));
      int most = Math.max(strides[d], dilations[d]);
      if (more[d] >= most) {
        cutBefore[d] = before[d];
        padded[d] = 0;
        more[d] = Math.max(0, before[d] + wanted[d] - whole[d]);
      }
      if (more[d] >= most) {
        throw new UnsupportedOperation(
            "wants " + wanted[d] + " elements in a dimension where there are " + whole[d]);
      }
    }
    Value out = apply(c, x, weight, strides, padded, dilations, more, true);
    for (int d = 0; d < spatial; d++) {
      int end = cutBefore[d] + wanted[d];
      if (cutBefore[d] != 0 || out.shape().size(2 + d) > end) {
        out = Slices.slice(c, out, 2 + d, cutBefore[d], end, 1);
      }
    }
    c.give(out);
  }
}
