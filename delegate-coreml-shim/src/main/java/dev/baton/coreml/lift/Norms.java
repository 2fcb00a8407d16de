package dev.baton.coreml.lift;

import dev.baton.coreml.mil.Failures;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.Value;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Normalisations. */
final class Norms {
  private static final double EPSILON = 1e-5;
  private static final int MOST_NEIGHBOURS = 1024;

  private Norms() {}

  static void batchNorm(OperationCall c) throws DelegateException, UnsupportedOperation {
    c.give(
        c.call(
                "aten::_native_batch_norm_legit_no_training",
                c.tensor("x"),
                c.tensorOrNone("gamma"),
                c.tensorOrNone("beta"),
                c.tensor("mean"),
                c.tensor("variance"),
                Argument.of(0.1),
                Argument.of(c.number("epsilon", EPSILON)))
            .get(0));
  }

  /** Over any dimensions; those that are not the last are moved there and back. */
  static void layerNorm(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int rank = x.shape().rank();
    int[] axes = c.has("axes") ? c.dims("axes", rank) : IntStream.range(0, rank).toArray();
    int[] sorted = Arrays.stream(axes).sorted().distinct().toArray();
    int[] order =
        IntStream.concat(
                IntStream.range(0, rank).filter(d -> Arrays.binarySearch(sorted, d) < 0),
                Arrays.stream(sorted))
            .toArray();
    boolean last = IntStream.range(0, rank).allMatch(d -> order[d] == d);
    Value moved = last ? x : c.permute(x, order);
    int[] sizes = new int[sorted.length];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = x.shape().size(sorted[i]);
    }
    Value normal =
        c.call(
                "aten::native_layer_norm",
                moved,
                Argument.ints(sizes),
                c.tensorOrNone("gamma"),
                c.tensorOrNone("beta"),
                Argument.of(c.number("epsilon", EPSILON)))
            .get(0);
    if (!last) {
      int[] back = new int[rank];
      for (int d = 0; d < rank; d++) {
        back[order[d]] = d;
      }
      normal = c.permute(normal, back);
    }
    c.give(normal);
  }

  private static void requireChannels(OperationCall c, Value x) throws DelegateException {
    if (x.shape().rank() < 2) {
      throw Failures.damaged(
          c.operation().label() + " takes " + x.shape() + ", which has no channels");
    }
  }

  /** x [n, C, …], over what follows C: a group norm with a group for each channel. */
  static void instanceNorm(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    requireChannels(c, x);
    int[] sizes = c.fixed(x).sizes();
    long plane = 1;
    for (int d = 2; d < sizes.length; d++) {
      plane *= sizes[d];
    }
    c.give(
        c.call(
                "aten::native_group_norm",
                x,
                c.tensorOrNone("gamma"),
                c.tensorOrNone("beta"),
                Argument.of((long) sizes[0]),
                Argument.of((long) sizes[1]),
                Argument.of(plane),
                Argument.of((long) sizes[1]),
                Argument.of(c.number("epsilon", EPSILON)))
            .get(0));
  }

  /** x / √(Σx² + ε) over the last three dimensions. */
  static void l2Norm(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int rank = x.shape().rank();
    int[] dims = IntStream.range(Math.max(0, rank - 3), rank).toArray();
    Value sum =
        c.apply(
            "aten::sum.dim_IntList",
            c.apply("aten::square", x),
            Argument.ints(dims),
            Argument.of(true));
    Value shifted = c.apply("aten::add.Scalar", sum, Argument.of(c.number("epsilon", 1e-6)));
    c.give(c.apply("aten::div.Tensor", x, c.apply("aten::sqrt", shifted)));
  }

  /**
   * x / (k + α / size · Σx²)^β over neighbouring channels: dimension 1 of images. Of three
   * dimensions the stated results take the first, where the description has the second.
   */
  static void localResponseNorm(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int size = (int) c.integer("size");
    if (size < 1 || size > MOST_NEIGHBOURS) {
      throw new UnsupportedOperation("has the size " + size);
    }
    requireChannels(c, x);
    int dim = x.shape().rank() == 3 ? 0 : 1;
    if (dim == 0 && x.shape().size(0) != 1) {
      throw new UnsupportedOperation("has neighbours in several rows of three dimensions");
    }
    int channels = x.shape().size(dim);
    int before = size / 2;
    int[] pad = new int[2 * (x.shape().rank() - dim)];
    pad[pad.length - 2] = before;
    pad[pad.length - 1] = size - 1 - before;
    Value squares =
        c.apply("aten::constant_pad_nd", c.apply("aten::square", x), Argument.ints(pad));
    Value sum = Slices.slice(c, squares, dim, 0, channels, 1);
    for (int i = 1; i < size; i++) {
      sum = c.apply("aten::add.Tensor", sum, Slices.slice(c, squares, dim, i, i + channels, 1));
    }
    Value scaled = c.apply("aten::mul.Scalar", sum, Argument.of(c.number("alpha", 1e-4) / size));
    Value base = c.apply("aten::add.Scalar", scaled, Argument.of(c.number("k", 1)));
    Value divisor = c.apply("aten::pow.Tensor_Scalar", base, Argument.of(c.number("beta", 0.75)));
    c.give(c.apply("aten::div.Tensor", x, divisor));
  }
}
