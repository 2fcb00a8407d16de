package dev.baton.coreml.lift;

import dev.baton.coreml.mil.Failures;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Value;
import java.util.Arrays;

/** Pools over one to three spatial dimensions of x [n, C, …]. */
final class Pools {
  /**
   * A pool that is read: windows of one dimension become windows of two.
   *
   * @param ceil true if a last window may begin inside and end outside
   * @param row true if the first of two dimensions was put before the only one
   */
  private record Window(
      Value x, int[] kernel, int[] strides, Padding padding, boolean ceil, boolean row) {
    int spatial() {
      return kernel.length;
    }

    static Window of(OperationCall c) throws DelegateException, UnsupportedOperation {
      Value x = c.tensor("x");
      int[] kernel = c.integers("kernel_sizes");
      int spatial = kernel.length;
      if (spatial < 1 || spatial > 3 || x.shape().rank() != spatial + 2) {
        throw Failures.damaged(
            c.operation().label() + " has a window of rank " + spatial + " on " + x.shape());
      }
      int[] ones = new int[spatial];
      Arrays.fill(ones, 1);
      int[] strides = Convolutions.spatial(c, "strides", spatial, 1);
      Padding padding = Padding.of(c, x, kernel, strides, ones);
      boolean ceil = c.flag("ceil_mode", false);
      if (spatial > 1) {
        return new Window(x, kernel, strides, padding, ceil, false);
      }
      return new Window(
          c.apply("aten::unsqueeze_copy", x, Argument.of(2L)),
          new int[] {1, kernel[0]},
          new int[] {1, strides[0]},
          new Padding(new int[] {0, padding.before()[0]}, new int[] {0, padding.after()[0]}),
          ceil,
          true);
    }

    /** True if the operators of the vocabulary pad like this themselves. */
    boolean isPlain() {
      if (!padding.isSymmetric()) {
        return false;
      }
      for (int d = 0; d < kernel.length; d++) {
        if (padding.before()[d] > kernel[d] / 2) {
          return false;
        }
      }
      return true;
    }

    Window padded(OperationCall c, double value) {
      return new Window(
          padding.around(c, x, value),
          kernel,
          strides,
          new Padding(new int[kernel.length], new int[kernel.length]),
          ceil,
          row);
    }

    /** The same windows on another tensor of these sizes. */
    Window on(Value other) {
      return new Window(other, kernel, strides, padding, ceil, row);
    }

    /** Gives a result, with as many dimensions as the operation has. */
    void give(OperationCall c, Value result) throws DelegateException {
      c.give(row ? c.squeezed(result, 2) : result);
    }
  }

  private Pools() {}

  static void max(OperationCall c) throws DelegateException, UnsupportedOperation {
    Window read = Window.of(c);
    Window w = read.isPlain() ? read : read.padded(c, Double.NEGATIVE_INFINITY);
    int[] ones = new int[w.spatial()];
    Arrays.fill(ones, 1);
    w.give(
        c,
        c.call(
                w.spatial() == 2
                    ? "aten::max_pool2d_with_indices"
                    : "aten::max_pool3d_with_indices",
                w.x(),
                Argument.ints(w.kernel()),
                Argument.ints(w.strides()),
                Argument.ints(w.padding().before()),
                Argument.ints(ones),
                Argument.of(w.ceil()))
            .get(0));
  }

  private static Value average(OperationCall c, Window w, boolean countPadding, Argument divisor) {
    return c.apply(
        w.spatial() == 2 ? "aten::avg_pool2d" : "aten::avg_pool3d",
        w.x(),
        Argument.ints(w.kernel()),
        Argument.ints(w.strides()),
        Argument.ints(w.padding().before()),
        Argument.of(w.ceil()),
        Argument.of(countPadding),
        divisor);
  }

  static void average(OperationCall c) throws DelegateException, UnsupportedOperation {
    Window w = Window.of(c);
    boolean exclude = c.flag("exclude_padding_from_average", false);
    if (w.isPlain()) {
      w.give(c, average(c, w, !exclude, Argument.none()));
    } else if (!exclude) {
      w.give(c, average(c, w.padded(c, 0), true, Argument.none()));
    } else {
      Value ones =
          c.apply(
              "aten::full",
              Argument.ints(c.fixed(w.x()).sizes()),
              Argument.of(1.0),
              Argument.of(DType.FLOAT));
      Window counts = w.on(ones);
      w.give(
          c,
          c.apply(
              "aten::div.Tensor",
              average(c, w.padded(c, 0), true, Argument.of(1L)),
              average(c, counts.padded(c, 0), true, Argument.of(1L))));
    }
  }

  /** The root of the sum of squares. */
  static void l2(OperationCall c) throws DelegateException, UnsupportedOperation {
    Window w = Window.of(c).padded(c, 0);
    Window squares = w.on(c.apply("aten::square", w.x()));
    w.give(c, c.apply("aten::sqrt", average(c, squares, true, Argument.of(1L))));
  }
}
