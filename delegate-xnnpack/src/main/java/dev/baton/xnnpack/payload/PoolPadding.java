package dev.baton.xnnpack.payload;

import dev.baton.graph.TensorType;
import dev.baton.xnnpack.payload.PayloadNode.Window;

/**
 * The padding of a pooling operator, which has one amount for both sides of a dimension, up to half
 * of the window. The exporter writes {@code ceil_mode} as more padding behind: it is recovered
 * where it explains that padding.
 *
 * @param isExplicit true if the operator cannot say it: pad the image first, and not in the
 *     operator
 */
record PoolPadding(int height, int width, boolean ceil, boolean isExplicit) {
  /**
   * @param image NCHW
   */
  static PoolPadding of(Window w, TensorType image) {
    boolean small = 2L * w.top() <= w.height() && 2L * w.left() <= w.width();
    if (small && w.isSymmetric()) {
      return new PoolPadding(w.top(), w.left(), false, false);
    }
    boolean ceil =
        small
            && !image.dynamic()
            && image.shape().rank() == 4
            && isCeil(
                image.shape().size(2),
                w.top(),
                w.bottom(),
                w.height(),
                w.strideHeight(),
                w.dilationHeight())
            && isCeil(
                image.shape().size(3),
                w.left(),
                w.right(),
                w.width(),
                w.strideWidth(),
                w.dilationWidth());
    return ceil
        ? new PoolPadding(w.top(), w.left(), true, false)
        : new PoolPadding(0, 0, false, true);
  }

  /** How many real cells the windows along one dimension have. */
  static int[] realCells(int size, int before, int after, int kernel, int stride) {
    long places = (long) size + before + after - kernel;
    int[] cells = new int[places < 0 ? 0 : Math.toIntExact(places / stride + 1)];
    for (int i = 0; i < cells.length; i++) {
      long from = Math.max(0, (long) i * stride - before);
      long to = Math.min(size, (long) i * stride - before + kernel);
      cells[i] = (int) Math.max(0, to - from);
    }
    return cells;
  }

  private static boolean isCeil(
      long size, long before, long after, long kernel, long stride, long dilation) {
    long reach = dilation * (kernel - 1) + 1;
    long symmetric = size + 2 * before - reach;
    long given = size + before + after - reach;
    if (symmetric < 0 || after < before) {
      return false;
    }
    long count = Math.ceilDiv(symmetric, stride) + 1;
    if ((count - 1) * stride >= size + before) {
      count--;
    }
    return count == given / stride + 1;
  }
}
